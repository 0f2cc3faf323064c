"""Which candidates can matter to a statement: those that its plan uses when all of them are there.

The planner itself does the pruning: with every candidate of the statement switched on it takes the best ones; these
are then taken away and it is asked again, which brings out the second best, until the cost is that without any.
Source: the idea of atomic configurations, Chaudhuri and Narasayya, "An Efficient, Cost-Driven Index Selection Tool
for Microsoft SQL Server", VLDB 1997.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from dbtune.model.errors import PlanFailed
from dbtune.model.plan import Configuration
from dbtune.model.schema import Index
from dbtune.planner.gate import Gate, PlannedStatement

ROUNDS = 5
"""How many times the best are taken away; what comes later than that was never chosen in a final set."""

LEAST_SHARE = 0.001
"""Of the statement's cost that a set must save to count."""

Package = frozenset[Index]


@dataclass(frozen=True)
class Useful:
    """What the planner makes of a statement's candidates."""

    packages: tuple[Package, ...] = ()
    """Sets of candidates that one plan uses together, the best first."""
    best_cost: float = 0.0
    """Of one call, with all of them there."""


def useful_packages(planned: PlannedStatement, candidates: Collection[Index], gate: Gate) -> Useful:
    """Ask the planner which of the candidates it would use; none where it cannot plan with them."""
    try:
        before = gate.cost(planned).cost
        best = gate.cost(planned, Configuration(frozenset(candidates))).cost
        return Useful(tuple(_packages(planned, candidates, gate, before)), min(before, best))
    except PlanFailed:
        return Useful()


def _packages(planned: PlannedStatement, candidates: Collection[Index], gate: Gate, before: float) -> list[Package]:
    left = {index.name: index for index in candidates}
    packages: list[Package] = []
    for _ in range(ROUNDS):
        if not left:
            break
        answer = gate.cost(planned, Configuration(frozenset(left.values())))
        used = frozenset(left[name] for name in answer.indexes if name in left)
        if not used or before - answer.cost < LEAST_SHARE * before:
            break
        packages.append(used)
        for index in used:
            del left[index.name]
    return packages
