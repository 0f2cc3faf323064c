"""Which partitions plans read, and what the plans cost without those that are left out as they start.

A condition such as ``created_at > now() - interval '7 days'`` cannot be worked out while planning, and so the plan
holds all partitions, at the cost of all. EXPLAIN starts the plan, and then shows those that are left. Source:
``ExecInitPartitionExecPruning`` in ``src/backend/executor/execPartition.c``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbtune.model.mysql import partition_table
from dbtune.model.names import QualifiedName
from dbtune.model.plan import Plan, PlanNode
from dbtune.planner.gate import PlannedStatement, StatementCost

FEW = 0.25
"""A statement prunes that reads this share of the filled partitions at most, or one."""


def custom_plans(planned: PlannedStatement, cost: StatementCost) -> Sequence[tuple[float, Plan]]:
    """Weight and plan of the texts with values; of all texts where there are no others, or not all could be planned."""
    if len(planned.instances) != len(cost.plans):
        return [(1.0, plan) for plan in cost.plans]
    pairs = [(one.weight, plan) for one, plan in zip(planned.instances, cost.plans, strict=True) if not one.generic]
    return pairs or [(1.0, plan) for plan in cost.plans]


def parts_read(planned: PlannedStatement, cost: StatementCost, partitions: frozenset[QualifiedName]) -> float:
    """How many of these partitions the plans read, on average."""
    counts = [len(read_by(plan) & partitions) for _, plan in custom_plans(planned, cost)]
    return sum(counts) / len(counts) if counts else 0.0


def read_by(plan: Plan) -> frozenset[QualifiedName]:
    """The tables that the plan reads, partitions of MySQL among them."""
    nodes = [node for node in plan.root.walk() if node.relation is not None]
    parts = {partition_table(node.relation, part) for node in nodes if node.relation for part in node.partitions}
    return frozenset(parts | {node.relation for node in nodes if node.relation})


def prunes(parts: float, filled: int) -> bool:
    """Whether a statement that reads so many of the filled partitions leaves most of them alone."""
    return parts <= max(1.0, FEW * filled)


def settled_cost(planned: PlannedStatement, cost: StatementCost) -> float:
    """Cost of one call as the server would run it.

    Partitions that are left out at the start cost nothing. The generic plan is no dearer than those with values: the
    server makes it to see, and keeps the cheaper (``choose_custom_plan`` in ``src/backend/utils/cache/plancache.c``).
    """
    custom = custom_plans(planned, cost)
    weight = sum(share for share, _ in custom)
    mean = sum(share * started_cost(plan) for share, plan in custom) / weight if weight > 0 else cost.cost
    if len(planned.instances) != len(cost.plans) or len(custom) == len(cost.plans):
        return mean
    generic = [
        (one.weight, min(plan.cost, mean))
        for one, plan in zip(planned.instances, cost.plans, strict=True)
        if one.generic
    ]
    return (mean * weight + sum(share * one for share, one in generic)) / (weight + sum(share for share, _ in generic))


def started_cost(plan: Plan) -> float:
    """Cost of the plan without the partitions that are left out as it starts."""
    return max(plan.cost - sum(map(_left_out, _appends(plan.root))), 0.0)


def _appends(node: PlanNode) -> Iterator[PlanNode]:
    """Those with something left out, the highest of each branch."""
    if node.subplans_removed:
        yield node
        return
    for child in node.children:
        yield from _appends(child)


def _left_out(append: PlanNode) -> float:
    kept = len(append.children)
    if append.parallel_aware:  # its cost is divided among the workers, by no simple rule
        return append.total_cost * append.subplans_removed / (append.subplans_removed + kept)
    return max(0.0, append.total_cost - sum(child.total_cost for child in append.children))
