"""How many candidates each statement is worth: many where much is paid, none where a statement is cheap as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dbtune.planner.gate import Gate, PlannedStatement
from dbtune.select.scale import Scale

DEAREST = 300
"""Statements that get all the candidates there are; a workload's cost is with few of its statements."""

OF_OTHERS = 3
"""Candidates of a kind for each of the others: the first ones are those for all its conditions together."""


def efforts(statements: Sequence[PlannedStatement], gate: Gate, scale: Scale) -> Mapping[str, int]:
    """By fingerprint: the most candidates of a kind for each table. The statements have been planned before."""
    costs = {planned.fingerprint: gate.cost(planned).cost for planned in statements}
    ranked = sorted(statements, key=lambda planned: (-planned.calls * costs[planned.fingerprint], planned.fingerprint))
    return {
        planned.fingerprint: 0
        if costs[planned.fingerprint] <= scale.cheap
        else scale.of_a_kind
        if rank < DEAREST
        else OF_OTHERS
        for rank, planned in enumerate(ranked)
    }
