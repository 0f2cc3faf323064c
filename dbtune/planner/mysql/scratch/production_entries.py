"""Which entries of an index a plan reads, asked of production: in the conditions that the server itself has written."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dbtune.model.names import QualifiedName
from dbtune.model.plan import PlanNode
from dbtune.model.schema import Index
from dbtune.planner.mysql.constant_conditions import Comparisons
from dbtune.planner.mysql.relations import Relations
from dbtune.planner.mysql.scratch.correcting import Entries, Exact
from dbtune.planner.mysql.scratch.production_counts import ProductionCounts

TELLING = 30.0
"""Sampled rows from which on their number tells enough: chance makes it wrong by a fifth."""


def exact_entries(
    counts: ProductionCounts,
    relations: Relations,
    index_of: Callable[[QualifiedName, str], Index | None],
    has: Callable[[QualifiedName, str], bool],
) -> Exact:
    """For the nodes of one statement's plans. ``has``: whether production has an index, in use."""

    def exact(node: PlanNode, seen: float) -> Entries | None:
        if node.relation is None or node.index is None or node.alias is None:
            return None
        index = index_of(node.relation, node.index)
        conditions = () if index is None else _of_index(index, node, relations.comparisons)
        is_there = has(node.relation, node.index)
        if not conditions or (seen >= TELLING and not is_there):
            return None
        if is_there:
            number = counts.entries(node.relation, node.alias, node.index, conditions)
        else:
            number = counts.rows(node.relation, node.alias, conditions)
        return None if number is None else Entries(max(1.0, number), dived=is_there)

    return exact


def _of_index(index: Index, node: PlanNode, comparisons: Comparisons) -> Sequence[str]:
    """The conditions on each column of the index that the plan compares; none where one of them has none."""
    columns = [key.column for key in index.keys[: len(node.key_columns)]]
    found = [comparisons.get((node.alias or "", column or ""), ()) for column in columns]
    return [condition for part in found for condition in part] if all(found) else ()
