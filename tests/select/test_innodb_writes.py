"""What writes pay for secondary indexes of InnoDB."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbtune.model.mysql import MySQLTable
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Column, Index, IndexFacts, IndexKey, Table
from dbtune.model.snapshot import Server, Snapshot
from dbtune.model.workload import TableWrites
from dbtune.select.innodb_writes import innodb_write_cost

NAME = QualifiedName("shop", "orders")
PRIMARY = Index("PRIMARY", NAME, (IndexKey("id"),), unique=True, primary=True, facts=IndexFacts(""))
COLUMNS = tuple(Column(name, "int", place, not_null=True, length=4) for place, name in enumerate(("id", "a", "b"), 1))
TABLE = Table(NAME, COLUMNS, indexes=(PRIMARY,), tuples=1e6, mysql=MySQLTable("InnoDB", data_bytes=100 << 20))
ON_A = Index("on_a", NAME, (IndexKey("a"),))


def cost(writes: TableWrites | None, *, version: int = 90000, dialect: str = "mysql", pool: int = 1 << 30) -> float:
    server = Server(dialect, "9.0.0", version, "shop")  # type: ignore[arg-type]
    snapshot = Snapshot(
        collected_at="2026-01-01",
        dbtune="0",
        server=server,
        tables=(TABLE,),
        settings={"innodb_buffer_pool_size": str(pool)},
    )
    return innodb_write_cost(ON_A, TABLE, writes, snapshot)


def test_each_kind_of_write_in_proportion() -> None:
    assert cost(None) == 0
    inserts, deletes = cost(TableWrites(NAME, inserts=100)), cost(TableWrites(NAME, deletes=100))
    assert inserts > deletes > 0
    assert cost(TableWrites(NAME, inserts=1000)) == pytest.approx(10 * inserts)


def test_an_update_pays_where_it_changes_the_entry() -> None:
    of_b = TableWrites(NAME, updates=100, updated_columns=frozenset({"b"}))
    assert cost(of_b) == 0
    of_a = replace(of_b, updated_columns=frozenset({"a"}))
    assert cost(of_a) > cost(TableWrites(NAME, inserts=100))
    # every entry ends with the primary key
    assert cost(replace(of_b, updated_columns=frozenset({"id"}))) == cost(of_a)


def test_pages_that_are_not_in_memory_cost_more() -> None:
    writes = TableWrites(NAME, inserts=100)
    assert cost(writes, pool=10 << 20) > cost(writes)


def test_in_the_unit_of_each_server() -> None:
    writes = TableWrites(NAME, inserts=1_000_000)
    assert cost(writes, dialect="mariadb", version=110800) == pytest.approx(3500)  # ms
    assert cost(writes, dialect="mariadb", version=101100) > cost(writes) > 1e6
