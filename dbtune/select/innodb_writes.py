"""What writes pay for a secondary index of InnoDB, in the units of the server's own planner.

There is nothing like HOT: every row inserted makes an entry in each secondary index, every row deleted marks one, and
an UPDATE marks one and makes another in those whose columns it changes. All of them end with the primary key, so an
UPDATE of that touches all.

Measured on MySQL 9.7 and MariaDB 11.8 (TPC-H's orders, in memory, several rows a statement): an entry more takes an
INSERT 3 to 4 µs, a DELETE 1 to 2 µs, an UPDATE of its column 5 to 6 µs.
"""

from __future__ import annotations

from dataclasses import dataclass

from dbtune.ddl.mysql_multi_valued import is_multi_valued
from dbtune.model.schema import Index, Table
from dbtune.model.snapshot import Server, Snapshot
from dbtune.model.workload import TableWrites
from dbtune.planner.mysql.index_size import clustered_columns
from dbtune.select.writes import touched_columns

DELETING = 0.4
"""Of the price of an entry made: it is only marked, purge removes it later."""
UPDATING = 1.0 + DELETING

MEMBERS = 4.0
"""Entries that a row is taken to have in a multi-valued index, one for each member of its array."""


@dataclass(frozen=True)
class EntryPrices:
    """In planner units: an entry made with its page in memory, and reading the page where it is not."""

    entry: float
    page: float


MYSQL = EntryPrices(entry=2.5, page=1.0)
MARIADB = EntryPrices(entry=0.0035, page=0.01)
MARIADB_OF_PAGES = EntryPrices(entry=4.5, page=1.0)


def innodb_write_cost(index: Index, table: Table, writes: TableWrites | None, snapshot: Snapshot) -> float:
    """Planner units that the workload's writes pay for the index."""
    if writes is None:
        return 0.0
    prices = _prices(snapshot.server)
    held = touched_columns(index) | {column.name for column in clustered_columns(table)}
    changes = not writes.updated_columns or bool(held & writes.updated_columns)
    entries = writes.inserts + DELETING * writes.deletes + (UPDATING * writes.updates if changes else 0.0)
    entries *= MEMBERS if is_multi_valued(index) else 1.0
    return entries * (prices.entry + prices.page * _miss(snapshot))


def _prices(server: Server) -> EntryPrices:
    if server.dialect == "mysql":
        return MYSQL
    return MARIADB if server.version_number >= 110000 else MARIADB_OF_PAGES


def _miss(snapshot: Snapshot) -> float:
    """Chance that a page is not in the buffer pool, which all tables share."""
    pool = float(snapshot.settings.get("innodb_buffer_pool_size") or 0)
    known = [table.mysql for table in snapshot.tables if table.mysql is not None]
    size = sum(table.data_bytes + table.index_bytes for table in known)
    return max(0.0, 1.0 - pool / size) if size > 0 and pool > 0 else 0.0
