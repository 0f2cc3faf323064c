"""What the recosting knows of tables beside the plan, and the planner's constants by which it weighs a node's parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dbtune.model.names import QualifiedName
from dbtune.model.plan import PlanNode
from dbtune.model.schema import Table
from dbtune.model.snapshot import Snapshot

CPU_TUPLE = 0.01
CPU_OPERATOR = 0.0025
CPU_INDEX_ROW = 0.0175
"""``cpu_tuple_cost`` + ``cpu_index_tuple_cost`` + ``cpu_operator_cost``: a row found by an index."""
DESCENT = 0.35
"""Planner units to come down a B-tree of three levels (``btcostestimate``: 50 operators a page and the comparisons)."""
RANDOM_PAGE = 4.0
PARALLEL_SETUP = 1000.0
"""Defaults of the planner's constants. They only weigh the parts of one node's cost against each other."""


@dataclass(frozen=True)
class ColumnSpread:
    """Distinct values of a column, and how far its order is that of the table (-1 to 1)."""

    distinct: float
    correlation: float


@dataclass(frozen=True)
class TableSize:
    """Rows and pages of a table as the planner believes."""

    rows: float
    pages: float
    visible: float = 0.0
    """Share of pages that an index-only scan need not visit."""
    columns: Mapping[str, ColumnSpread] = field(default_factory=dict)


@dataclass(frozen=True)
class Sizes:
    """What bounds an error: no scan finds more rows than the table has, no index leads to more pages."""

    tables: Mapping[QualifiedName, TableSize] = field(default_factory=dict)

    @classmethod
    def of(cls, snapshot: Snapshot) -> Sizes:
        return cls({table.name: _size(table) for table in snapshot.tables})

    def of_node(self, source: PlanNode) -> TableSize | None:
        """That of the table which the node scans; None where it is not known or empty."""
        found = None if source.relation is None else self.tables.get(source.relation)
        return found if found is not None and found.rows > 0 else None


NO_SIZES = Sizes()


def _size(table: Table) -> TableSize:
    pages = float(max(table.file_pages, 1))
    columns = {
        column.name: ColumnSpread(column.statistics.distinct_values(table.rows), column.statistics.correlation or 0.0)
        for column in table.columns
        if column.statistics is not None
    }
    return TableSize(table.rows, pages, min(1.0, table.all_visible_pages / pages), columns)
