"""Values for the placeholders of digests that have no sample: from statistics where these tell, else none at all."""

from __future__ import annotations

import pytest

from dbtune.model.names import QualifiedName
from dbtune.model.schema import Column, ColumnStatistics, Table
from dbtune.model.snapshot import Server, Snapshot
from dbtune.model.workload import Instance, Statement
from dbtune.sql.facts import statement_facts
from dbtune.sql.parameters import instances

BOUNDS = tuple(f"2024-{month:02}-01" for month in range(1, 13))
STATES = ColumnStatistics(most_common_vals=("it's new", "done"), most_common_freqs=(0.9, 0.1))


def column(name: str, kind: str, place: int, statistics: ColumnStatistics | None = None) -> Column:
    category = {"int": "N", "date": "D"}.get(kind, "S")
    return Column(name, kind, place, type_name=QualifiedName("", kind), type_category=category, statistics=statistics)


ORDERS = Table(
    QualifiedName("shop", "orders"),
    (
        column("id", "int", 1),
        column("customer", "int", 2),
        column("placed", "date", 3, ColumnStatistics(histogram_bounds=BOUNDS)),
        column("note", "varchar", 4),
        column("status", "varchar", 5, STATES),
    ),
    tuples=1000.0,
)
SNAPSHOT = Snapshot(
    collected_at="2026-01-01",
    dbtune="0",
    server=Server("mariadb", "11.8.1", 110801, "shop"),
    search_path=("shop",),
    tables=(ORDERS,),
)


def texts(sql: str) -> tuple[Instance, ...]:
    return instances(Statement("f", sql), statement_facts(sql, SNAPSHOT), SNAPSHOT)


@pytest.mark.parametrize(
    ("sql", "first"),
    [
        ("SELECT * FROM `orders` WHERE `customer` = ?", "SELECT * FROM `orders` WHERE `customer` = 1"),
        ("SELECT * FROM orders WHERE customer = ? LIMIT ?", "SELECT * FROM orders WHERE customer = 1 LIMIT 20"),
        ("SELECT * FROM orders WHERE placed > ?", "SELECT * FROM orders WHERE placed > '2024-12-01'"),
        ("SELECT * FROM orders WHERE note = ?", "SELECT * FROM orders WHERE note = 'a'"),
        ("SELECT * FROM orders WHERE status = ?", "SELECT * FROM orders WHERE status = 'it''s new'"),
        ("SELECT * FROM orders WHERE status LIKE ?", "SELECT * FROM orders WHERE status LIKE 'it''%'"),
    ],
)
def test_values_where_statistics_tell(sql: str, first: str) -> None:
    made = texts(sql)
    assert made[0].sql == first
    assert not any(instance.generic for instance in made)
    assert sum(instance.weight for instance in made) == pytest.approx(1)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM orders WHERE note LIKE ?",
        "SELECT * FROM orders WHERE id > ?",
        "SELECT * FROM orders WHERE customer = ? AND note > ?",
        "SELECT * FROM orders WHERE id BETWEEN ? AND ?",
    ],
)
def test_none_are_made_up(sql: str) -> None:
    assert texts(sql) == (Instance(sql, generic=True),)


def test_what_is_inserted_changes_no_plan() -> None:
    (made,) = texts("INSERT INTO orders (id, note) VALUES (?, ?)")
    assert not made.generic and "?" not in made.sql
