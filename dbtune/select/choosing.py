"""The choice of a set: plans explored, the set optimised on them, and every index made to prove itself."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dbtune.candidates.registry import Candidate
from dbtune.model.names import QualifiedName
from dbtune.model.progress import Progress
from dbtune.model.recommendation import Frontier
from dbtune.model.schema import Index
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import TableWrites
from dbtune.planner.gate import Gate, PlannedStatement
from dbtune.planner.robustness.judging import Risks
from dbtune.select.exploring import Late, explored
from dbtune.select.figures import selection
from dbtune.select.frontier import frontier_points, knee
from dbtune.select.merging import merged
from dbtune.select.model import Model
from dbtune.select.optimising import Found, explored_within, optimised, proved_bound
from dbtune.select.plan_space import NOTHING, Package
from dbtune.select.prices import Answer, Prices
from dbtune.select.selection import Selection
from dbtune.select.slimming import slim
from dbtune.select.standing import Standing

PROOFS = 2
"""What is pruned leaves space and work for others: so often the set is chosen again."""


MOST_SHORTER = 2
"""Of one index and statement."""


@dataclass(frozen=True)
class Wishes:
    """What limits the choice.

    ``budget_bytes``: predicted size of all new indexes together; None: no limit. ``least_bytes``: where it is given, no
    more of the budget is used than is worth while, but so much at least may be. ``min_gain``: share (0 to 1) of the
    workload's cost with the other indexes that each must save, net of what writes pay for it (of that cost, not of
    the first one: a single runaway statement would hide all others). ``deadline``: ``time.monotonic()`` after which
    the best set found so far is returned.
    """

    budget_bytes: int | None = None
    least_bytes: int | None = None
    min_gain: float = 0.01
    deadline: float | None = None

    def is_late(self) -> bool:
        return self.deadline is not None and time.monotonic() >= self.deadline


def choose(
    candidates: Sequence[Candidate],
    statements: Sequence[PlannedStatement],
    gate: Gate,
    snapshot: Snapshot,
    writes: Mapping[QualifiedName, TableWrites],
    wishes: Wishes,
    progress: Progress,
    risks: Risks | None = None,
) -> Selection:
    """The indexes to build. ``risks`` judges the plans that they lead to."""
    prices = Prices(statements, gate, snapshot, writes, risks)
    model, kinds = _known(candidates, prices, wishes.is_late, progress)
    budget = _budget(model, wishes)
    explored_within(model, budget, wishes.is_late, progress)
    proved = _proved(model, wishes.min_gain, budget, wishes.is_late, progress)
    if prices.scale.may_be_dearer and not wishes.is_late():
        proved = Standing(model, wishes.min_gain, _without_idle(model, proved.indexes))
    best = _confirmed(model, proved)
    bound = proved_bound(model, budget, best, wishes.is_late, progress)
    frontier = Frontier(frontier_points(model, best), budget, len(kinds), best.objective, bound)
    progress.step("looking at the chosen indexes again")
    return selection(model, kinds, best.indexes, frontier)


def _budget(model: Model, wishes: Wishes) -> int | None:
    """In bytes: the wished one, or its part that is worth while."""
    if wishes.budget_bytes is None or wishes.least_bytes is None:
        return wishes.budget_bytes
    return max(min(wishes.least_bytes, wishes.budget_bytes), knee(model, wishes.budget_bytes))


def _known(
    candidates: Sequence[Candidate], prices: Prices, late: Late, progress: Progress
) -> tuple[Model, Mapping[Index, str]]:
    """The plans of the candidates, and of what comes of merging the useful ones; and the kind of each candidate."""
    kinds = {candidate.index: candidate.kind for candidate in candidates}
    model = explored(candidates, prices, late, progress)
    if late():
        return model, kinds
    both = prices.gate.crew.prepare(merged(model.gains(), kinds, prices.snapshot))
    readers = model.readers()
    more = [Candidate(index, "covering", _readers_like(index, readers)) for index in both]
    kinds |= dict.fromkeys(both, "covering")
    return explored([*candidates, *more], prices, late, progress, known=model), kinds


def _readers_like(index: Index, readers: Mapping[Index, Sequence[str]]) -> frozenset[str]:
    """Statements whose plans read an index of the same table and first key."""
    return frozenset(
        name
        for other, names in readers.items()
        if other.table == index.table and other.keys[0] == index.keys[0]
        for name in names
    )


def _proved(model: Model, min_gain: float, budget_bytes: int | None, late: Late, progress: Progress) -> Standing:
    """The best set in which every index pays."""
    banned: Package = NOTHING
    best = Standing(model, min_gain, NOTHING)
    for _ in range(PROOFS):
        found = optimised(model, budget_bytes, best.indexes, banned, late, progress)
        if model.prices.scale.tries_shorter and not late():
            _try_shorter(model, found.indexes)
        least_gain = Standing(model, min_gain, found.indexes).least_gain
        slimmed = slim(model, found.indexes, least_gain)
        standing = Standing(model, min_gain, slimmed)
        standing.prune()
        if _credited(model, standing.indexes) < _credited(model, best.indexes):
            best = standing
        gone = slimmed - standing.indexes
        if not gone or late():
            break
        banned |= gone
    return best


def _try_shorter(model: Model, indexes: Package) -> None:
    """Learn what the statements cost with the first keys of a chosen index in its place."""
    for space in model.spaces.values():
        held = indexes & space.pool
        for index in sorted(space.learn(held), key=lambda one: one.name):
            shorter = [one for one in space.pool if one.table == index.table and _begins(index, one)]
            for one in sorted(shorter, key=lambda one: (-len(one.keys), one.name))[:MOST_SHORTER]:
                space.learn((held - {index}) | {one})


def _begins(index: Index, shorter: Index) -> bool:
    return len(shorter.keys) < len(index.keys) and index.keys[: len(shorter.keys)] == shorter.keys


def _without_idle(model: Model, indexes: Package) -> Package:
    """The set without indexes that save nothing where each statement sees all others, those beyond its pool as well."""
    prices = model.prices
    while indexes:
        answers = {name: prices.weighted(name, indexes) for name in model.spaces}

        def net(index: Index, held: Package = indexes, known: Mapping[str, Answer] = answers) -> float:
            readers = [name for name, answer in known.items() if index in answer.used]
            saved = sum(prices.weighted(name, held - {index}).cost - known[name].cost for name in readers)
            return saved - prices.write_cost(index)

        worths = {index: net(index) for index in indexes}
        least = min(worths, key=lambda index: (worths[index], index.name))
        if worths[least] > 0:
            break
        indexes -= {least}
    return indexes


def _confirmed(model: Model, standing: Standing) -> Found:
    """The set with the planner's own word on it, where answers about other sets only implied what it would be."""

    def ask(name: str) -> float:
        return model.prices.confirmed(name, standing.indexes & model.spaces[name].pool).cost

    costs = model.prices.gate.crew.each(ask, list(model.spaces))
    return Found(standing.indexes, sum(costs) + model.prices.write_costs(standing.indexes))


def _credited(model: Model, indexes: Package) -> float:
    """The objective by the planner's answers, with risky plans credited in part."""
    for space in model.spaces.values():
        space.learn(indexes)
    return model.objective(indexes)
