"""What is kept between predictions never changes one: not between tables, parts of a table, snapshots or orders."""

from __future__ import annotations

import gc
import random
import sys
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from dbtune.model.names import QualifiedName
from dbtune.model.schema import Column, ColumnStatistics, Constraint, Index, IndexKey, Table
from dbtune.model.snapshot import Server, Snapshot
from dbtune.planner.index_size import TABLES_WITH_LISTS, IndexSize, _Sizes, index_pages, upper_bytes

Answers = tuple[IndexSize, int]


def _table(name: str, rows: float, customers: float, states: tuple[float, ...], width: int) -> Table:
    """Tables of the same columns, whose values are others in each."""
    texts = tuple(f"s{number}" for number in range(len(states)))
    bounds = tuple(str(round(customers * (part / 100) ** 2)) for part in range(101))
    days = tuple(f"20{10 + part // 12:02d}-{1 + part % 12:02d}-0{1 + int(rows) % 9}" for part in range(100))
    names = tuple(f"{part:03d}" + "x" * (part * width // 50) for part in range(101))
    columns = (
        _column("id", "int8", "N", 8, ColumnStatistics(0.0, 8, -1.0, correlation=1.0), not_null=True),
        _column("customer", "int8", "N", 8, ColumnStatistics(0.0, 8, 0.5 * customers, histogram_bounds=bounds)),
        _column("state", "text", "S", -1, ColumnStatistics(0.0, 3, float(len(texts)), texts, states)),
        _column("day", "date", "D", 4, ColumnStatistics(0.1, 4, 3000.0, histogram_bounds=days)),
        _column("sent", "date", "D", 4, ColumnStatistics(0.0, 4, 3100.0, histogram_bounds=days)),
        _column("name", "text", "S", -1, ColumnStatistics(0.02, width, -0.4, histogram_bounds=names)),
    )
    pages = max(1, round(rows * 100 / 8192))
    key = Constraint(f"{name}_pkey", "primary key", ("id",), "PRIMARY KEY (id)")
    return Table(QualifiedName("public", name), columns, constraints=(key,), tuples=rows, pages=pages, file_pages=pages)


def _column(
    name: str, type_name: str, category: str, length: int, statistics: ColumnStatistics, not_null: bool = False
) -> Column:
    return Column(
        name,
        type_name,
        1,
        not_null=not_null,
        type_name=QualifiedName("pg_catalog", type_name),
        type_category=category,
        length=length,
        align=8 if length == 8 else 4,
        statistics=statistics,
    )


def _snapshot(*tables: Table, target: int = 100) -> Snapshot:
    server = Server("postgres", "18.0", 180000, "shop")
    return Snapshot(server, "", "", tables=tables, settings={"default_statistics_target": str(target)})


ORDERS = _table("orders", 2e6, 60_000.0, (0.9, 0.06, 0.04), 12)
RETURNS = _table("returns", 3e5, 900.0, (0.3, 0.3, 0.2, 0.2), 40)

KEYS = (
    "id", "customer", "customer state", "state customer", "customer day", "day sent", "day sent customer",
    "name", "state name", "customer state day name", "lower(name)", "customer lower(name)", "name day",
    "left(name,2)", "customer left(name,2)",
)  # fmt: skip
INCLUDED = ("", "sent name", "day")
PREDICATES = (
    None, "state = 's1'", "state = 's2'", "state <> 's0'", "customer < 300", "day < sent",
    "day IS NULL", "day IS NOT NULL AND state = 's1'",
)  # fmt: skip
OPTIONS: tuple[tuple[tuple[str, str], ...], ...] = ((), (("fillfactor", "60"),), (("deduplicate_items", "off"),))


def _indexes(table: QualifiedName) -> list[Index]:
    """All of one name, so that nothing but what they hold tells them apart."""
    return [
        Index("i", table, _keys(keys), include=tuple(include.split()), predicate=predicate, options=options)
        for keys in KEYS
        for include in INCLUDED
        for predicate in PREDICATES
        for options in OPTIONS
        if not set(keys.split()) & set(include.split())
    ]


def _keys(text: str) -> tuple[IndexKey, ...]:
    return tuple(IndexKey(expression=key) if "(" in key else IndexKey(key) for key in text.split())


def _answers(index: Index, table: Table, snapshot: Snapshot) -> Answers:
    return index_pages(index, table, snapshot), upper_bytes(index, table, snapshot)


def _alone(index: Index, table: Table, snapshot: Snapshot) -> Answers:
    """From a snapshot that nothing was asked of before."""
    return _answers(index, table, replace(snapshot))


def test_whatever_was_asked_before_the_answer_is_the_same() -> None:
    snapshot = _snapshot(ORDERS, RETURNS)
    questions = [(index, table) for table in (ORDERS, RETURNS) for index in _indexes(table.name)]
    random.Random(7).shuffle(questions)
    for index, table in questions[:500]:
        assert _answers(index, table, snapshot) == _alone(index, table, snapshot), index
    sizes = {index_pages(index, table, snapshot).pages for index, table in questions}
    assert len(sizes) > 300  # they differ, so that a mixed-up answer would be seen


@pytest.mark.parametrize("keys", KEYS)
def test_tables_with_the_same_columns_have_their_own_sizes(keys: str) -> None:
    snapshot = _snapshot(ORDERS, RETURNS)
    index = Index("i", ORDERS.name, _keys(keys))
    first = index_pages(index, ORDERS, snapshot)
    second = index_pages(replace(index, table=RETURNS.name), RETURNS, snapshot)
    assert first.pages > 2 * second.pages
    # a partition is asked about with its parent's index
    assert index_pages(index, RETURNS, snapshot) == second


UNIQUE = Constraint("orders_key", "unique", ("name",), "UNIQUE (name)")
OTHERS: dict[str, Callable[[], Snapshot]] = {
    "rows": lambda: _snapshot(replace(ORDERS, tuples=1e6)),
    "length": lambda: _snapshot(replace(ORDERS, file_pages=2 * ORDERS.pages)),
    "values": lambda: _snapshot(_table("orders", 2e6, 90_000.0, (0.8, 0.1, 0.1), 30)),
    "settings": lambda: _snapshot(ORDERS, target=1000),
    "keys": lambda: _snapshot(replace(ORDERS, constraints=(UNIQUE,))),
    "version": lambda: replace(_snapshot(ORDERS), server=Server("postgres", "12.0", 120000, "shop")),
}


@pytest.mark.parametrize("what", OTHERS)
def test_snapshots_have_their_own_sizes(what: str) -> None:
    one, other = _snapshot(ORDERS), OTHERS[what]()
    differ = False
    for index in _indexes(ORDERS.name)[::7]:
        found = []
        for snapshot in (one, other, one):
            table = snapshot.table(index.table)
            assert table is not None
            found.append(_answers(index, table, snapshot))
            assert found[-1] == _alone(index, table, snapshot), index
        differ = differ or found[0] != found[1]
    assert differ


@pytest.mark.parametrize("upper_first", [False, True])
def test_what_is_guessed_is_kept_apart_from_what_is_known(upper_first: bool) -> None:
    snapshot = _snapshot(ORDERS)
    index = Index("i", ORDERS.name, _keys("day sent"))  # taken to follow each other within a quarter of a year
    asked = [lambda: index_pages(index, ORDERS, snapshot).bytes, lambda: upper_bytes(index, ORDERS, snapshot)]
    if upper_first:
        upper, expected = asked[1](), asked[0]()
    else:
        expected, upper = asked[0](), asked[1]()
    assert upper > 1.2 * expected


def test_a_table_that_is_not_the_snapshot_s_is_looked_at_itself() -> None:
    snapshot = _snapshot(ORDERS)
    index = Index("i", ORDERS.name, (IndexKey("customer"), IndexKey("day")))
    before = index_pages(index, ORDERS, snapshot)
    half = replace(ORDERS, tuples=ORDERS.tuples / 2)
    assert index_pages(index, half, snapshot).tuples == before.tuples / 2
    assert index_pages(index, half, snapshot).pages < 0.6 * before.pages
    assert index_pages(index, ORDERS, snapshot) == before


def test_known_rows_of_a_part_go_before_its_predicate() -> None:
    snapshot = _snapshot(ORDERS)
    index = Index("i", ORDERS.name, (IndexKey("customer"),), predicate="state = 's1'")
    by_predicate = index_pages(index, ORDERS, snapshot)
    known = index_pages(index, ORDERS, snapshot, rows=1000.0)
    assert (by_predicate.tuples, known.tuples) == (pytest.approx(120_000), 1000.0)
    assert known.pages < by_predicate.pages / 30
    assert index_pages(index, ORDERS, snapshot) == by_predicate


def test_more_tables_than_are_kept() -> None:
    tables = [_table(f"t{n}", 1e5 * (n + 1), 100.0 * (n + 1), (0.5, 0.3, 0.2), 8) for n in range(TABLES_WITH_LISTS + 3)]
    snapshot = _snapshot(*tables)
    for _ in range(2):
        for table in tables:
            for keys in ("customer", "customer state"):
                index = Index("i", table.name, _keys(keys), predicate="state = 's1'")
                assert _answers(index, table, snapshot) == _alone(index, table, snapshot)


def test_threads_that_ask_at_once_get_the_same_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planners at work at the same time ask for sizes, while lists of other tables are given back."""
    monkeypatch.setattr("dbtune.planner.index_size.TABLES_WITH_LISTS", 1)
    worked_out: list[Index] = []
    predicted = _Sizes._predicted

    def noted(self: _Sizes, index: Index, table: Table, rows: float | None) -> IndexSize:
        worked_out.append(index)
        return predicted(self, index, table, rows)

    monkeypatch.setattr(_Sizes, "_predicted", noted)
    tables = [_table(f"t{n}", 1e5 * (n + 1), 100.0 * (n + 1), (0.5, 0.3, 0.2), 8) for n in range(6)]
    snapshot = _snapshot(*tables)
    questions = [(index, table) for table in tables for index in _indexes(table.name)[::9]]
    shuffled = [random.Random(seed).sample(questions, len(questions)) for seed in range(4)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads take turns all the time
    try:
        with ThreadPoolExecutor(4) as threads:
            found = threads.map(lambda asked: {key: index_pages(*key, snapshot) for key in asked}, shuffled)
            first, *others = [{(i.shape, i.options, t.name): size for (i, t), size in one.items()} for one in found]
    finally:
        sys.setswitchinterval(interval)
    assert all(other == first for other in others)
    assert len(worked_out) == len(questions)  # once for all threads
    alone = _snapshot(*tables)
    assert first == {(i.shape, i.options, t.name): index_pages(i, t, alone) for i, t in questions}


def test_nothing_outlives_the_snapshot() -> None:
    snapshot = _snapshot(ORDERS, RETURNS)
    for index in _indexes(ORDERS.name)[::20]:
        _answers(index, ORDERS, snapshot)
    gone = weakref.ref(snapshot)
    del snapshot
    gc.collect()
    assert gone() is None


def test_a_hash_index_on_an_expression_of_an_empty_table_is_like_one_on_a_column() -> None:
    empty = replace(ORDERS, tuples=0.0, pages=0, file_pages=0)
    on_expression, on_column = (Index("i", ORDERS.name, _keys(key), method="hash") for key in ("lower(name)", "name"))
    assert index_pages(on_expression, empty, _snapshot(empty)) == index_pages(on_column, empty, _snapshot(empty))
