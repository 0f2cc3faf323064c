"""What writes pay for an index, by the model of its server."""

from __future__ import annotations

from dbtune.model.schema import Index, Table
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import TableWrites
from dbtune.planner.index_size import index_pages
from dbtune.select.innodb_writes import innodb_write_cost
from dbtune.select.writes import write_cost


def upkeep(index: Index, table: Table, writes: TableWrites | None, snapshot: Snapshot) -> float:
    """Planner units over the workload; 0 where no write to the table is known."""
    if snapshot.server.dialect != "postgres":
        return innodb_write_cost(index, table, writes, snapshot)
    size = index_pages(index, table, snapshot)
    return write_cost(index, table, writes, tuples=size.tuples, pages=size.pages, settings=snapshot.settings)
