"""What writes pay: more for more rows, nothing for none, less where the index is not touched."""

from __future__ import annotations

from dbtune.model.names import QualifiedName
from dbtune.model.schema import Column, ColumnStatistics, Index, IndexKey, Table
from dbtune.model.workload import TableWrites
from dbtune.select.writes import touched_columns, write_cost

NAME = QualifiedName("public", "t")
TABLE = Table(
    NAME,
    (
        Column("id", "bigint", 1, statistics=ColumnStatistics(n_distinct=-1, correlation=1.0)),
        Column("a", "int", 2, statistics=ColumnStatistics(n_distinct=100, correlation=0.1)),
        Column("b", "int", 3, statistics=ColumnStatistics(n_distinct=100, correlation=0.1)),
    ),
    tuples=1_000_000,
    pages=10_000,
    file_pages=10_000,
)
ON_A = Index("t_a", NAME, (IndexKey("a"),))


def cost(index: Index, writes: TableWrites | None, *, tuples: float = 1e6, pages: int = 3_000) -> float:
    return write_cost(index, TABLE, writes, tuples=tuples, pages=pages)


def test_no_writes_cost_nothing() -> None:
    assert cost(ON_A, None) == 0
    assert cost(ON_A, TableWrites(NAME)) == 0


def test_inserts_cost_in_proportion() -> None:
    one, ten = (cost(ON_A, TableWrites(NAME, inserts=n)) for n in (1, 10))
    assert one > 0
    assert abs(ten - 10 * one) < 1e-9 * ten


def test_updates_of_other_columns_pay_only_without_hot() -> None:
    hot = TableWrites(NAME, updates=100, hot_updates=100, updated_columns=frozenset({"b"}))
    half = TableWrites(NAME, updates=100, hot_updates=50, updated_columns=frozenset({"b"}))
    own = TableWrites(NAME, updates=100, hot_updates=100, updated_columns=frozenset({"a"}))
    assert cost(ON_A, hot) == 0 < cost(ON_A, half) < cost(ON_A, own)


def test_a_partial_index_takes_its_share_of_inserts() -> None:
    writes = TableWrites(NAME, inserts=1000)
    partial = Index("t_p", NAME, (IndexKey("a"),), predicate="b = 1")
    assert cost(partial, writes, tuples=1e4) < 0.05 * cost(ON_A, writes)


def test_keys_in_order_of_insertion_are_cheaper() -> None:
    writes = TableWrites(NAME, inserts=1000)
    assert cost(Index("t_id", NAME, (IndexKey("id"),)), writes) < cost(ON_A, writes)


def test_gin_pays_for_every_key_of_a_row() -> None:
    writes = TableWrites(NAME, inserts=1000)
    assert cost(Index("t_g", NAME, (IndexKey("a"),), "gin"), writes) > 5 * cost(ON_A, writes)


def test_columns_of_expressions_and_predicates_are_touched() -> None:
    index = Index("t_x", NAME, (IndexKey(expression="lower(a)"),), include=("id",), predicate="b > 0")
    assert {"a", "b", "id"} <= touched_columns(index)
