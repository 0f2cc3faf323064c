"""Misestimates that an execution showed: actual rows beside the estimates, node by node.

Sources of such plans are auto_explain and EXPLAIN ANALYZE. Rows are per execution of a node; of a node that parallel
workers share, the estimate is one worker's, by the planner's divisor (``get_parallel_divisor`` in ``costsize.c``).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from dbtune.model.plan import Plan
from dbtune.planner.robustness.recosting import Misestimate, Scenario
from dbtune.planner.robustness.tree import Node, tree_of

WORTH_TELLING = 1.2
"""Smaller errors, either way, are left out of a scenario."""

LEADER_SHARE = 0.3
"""What each worker takes of the leader's time."""

_STOPPING = frozenset({"Sort", "Hash", "Aggregate", "Materialize"})
"""Nodes that take all of their input, whatever stops above them."""


@dataclass(frozen=True)
class SeenNode:
    """A scan or join whose rows were counted. ``ratio``: actual rows as a multiple of the estimate."""

    node: Node
    ratio: float

    @property
    def size(self) -> float:
        """The error, whichever way it goes; at least 1."""
        return max(self.ratio, 1 / self.ratio)


@dataclass(frozen=True)
class Known:
    """What executions of a statement showed of its rows.

    ``ratios``: the largest error by the relations that are scanned or joined. ``scenarios``: each execution's errors
    taken apart, so that each is counted once where joins build on it.
    """

    ratios: Mapping[frozenset[str], float]
    scenarios: tuple[Scenario, ...]


def known_of(plans: Iterable[Plan]) -> Known | None:
    """What the plans of one statement's executions show; None where no rows were counted."""
    ratios: dict[frozenset[str], float] = {}
    scenarios: list[Scenario] = []
    for plan in plans:
        seen = {one.node.aliases: one for one in seen_nodes(plan)}
        if not seen:
            continue
        for relations, one in seen.items():
            former = ratios.get(relations, 1.0)
            if one.size > max(former, 1 / former):
                ratios[relations] = one.ratio
        scenarios.append(tuple(_own_errors(seen.values())))
    return Known(ratios, tuple(scenarios)) if scenarios else None


def seen_nodes(plan: Plan) -> Iterator[SeenNode]:
    """Every scan and join whose rows were counted and can be held against the estimate."""
    yield from _seen(tree_of(plan), divisor=1.0, complete=True)


def _seen(node: Node, *, divisor: float, complete: bool) -> Iterator[SeenNode]:
    source = node.source
    if source.workers_planned:
        divisor = source.workers_planned + max(0.0, 1 - LEADER_SHARE * source.workers_planned)
    ratio = _ratio(node, divisor)
    # what is read for each row of a nested loop's outer side is told by the join above it
    if ratio is not None and (node.is_scan or node.is_join) and not node.references and (complete or ratio > 1):
        yield SeenNode(node, ratio)
    if source.type in _STOPPING:
        complete = True
    elif source.type in ("Limit", "Merge Join"):
        complete = False
    for number, child in enumerate(node.inputs):
        half = number == 1 and source.type == "Nested Loop" and ("Semi" in _kind(node) or "Anti" in _kind(node))
        yield from _seen(child, divisor=divisor, complete=complete and not half)
    for child in (*node.init_plans, *node.subplans):
        yield from _seen(child, divisor=1.0, complete=True)


def _ratio(node: Node, divisor: float) -> float | None:
    source = node.source
    if source.actual_rows is None or not source.actual_loops:
        return None
    shared = divisor > 1 and _is_shared(node)
    actual = source.actual_rows * source.actual_loops if shared else source.actual_rows
    estimate = source.rows * divisor if shared else source.rows
    return max(actual, 1.0) / max(estimate, 1.0)


def _is_shared(node: Node) -> bool:
    """Parallel workers have a part of its rows each, and not all of them."""
    if node.source.parallel_aware:
        return True
    return bool(node.inputs) and _is_shared(node.inputs[0])


def _own_errors(seen: Iterable[SeenNode]) -> Iterator[Misestimate]:
    """Each node's error without that of its inputs."""
    by_relations = {one.node.aliases: one for one in seen}
    for relations, one in by_relations.items():
        factor = one.ratio
        if one.node.is_join:
            sides = one.node.inputs[:1] if "Semi" in _kind(one.node) or "Anti" in _kind(one.node) else one.node.inputs
            for side in sides:
                below = by_relations.get(side.aliases)
                factor /= below.ratio if below is not None else 1.0
        if abs(math.log(factor)) > math.log(WORTH_TELLING):
            yield Misestimate(relations, factor)


def _kind(node: Node) -> str:
    return node.source.join_type or "Inner"
