"""Candidates for MySQL and MariaDB, one statement at a time, on real schemas. Cases: ``cases.json``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypedDict

import pytest

from dbtune.candidates.generate import generate, serves
from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.ddl.mysql_alter import build_index
from dbtune.ddl.mysql_multi_valued import MultiValued, json_array
from dbtune.model.progress import NoProgress
from dbtune.model.schema import Index, IndexKey
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Instance, Statement
from dbtune.planner.gate import PlannedStatement
from dbtune.rules.mysql_redundancy import begins_with
from dbtune.sql.facts import statement_facts
from tests.servers.filling import fill
from tests.servers.mysql_sandbox import MySQLServer

FOLDER = Path(__file__).parent


ARRAYS = (
    "ALTER TABLE candidates.customers ADD KEY listed ((CAST(profile->'$.listed' AS UNSIGNED ARRAY))),"
    " ADD KEY known (country, (CAST(profile->'$.known' AS CHAR(20) ARRAY)))",
)
"""Multi-valued indexes, which MariaDB has none of."""


class Case(TypedDict, total=False):
    sql: str
    has: list[str]
    has_not: list[str]
    nothing: bool
    mysql: list[str]
    mariadb: list[str]


CASES: list[Case] = json.loads((FOLDER / "cases.json").read_text())


@pytest.fixture(scope="module", params=["mysql", "mariadb"])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[MySQLServer, Snapshot]]:
    found: MySQLServer = request.getfixturevalue(request.param)
    url = parse_target(fill(found, "candidates", (FOLDER / "schema.sql").read_text()))
    assert isinstance(url, DatabaseUrl)
    if found.family == "mysql":
        found.run(*ARRAYS)
    yield found, collect(url, CollectOptions(workload=False), NoProgress())
    found.run("DROP DATABASE candidates")


def words(index: Index) -> str:
    """``orders (status, placed_at DESC, note(50))``."""

    def of(key: IndexKey) -> str:
        length = "" if key.prefix_length is None else f"({key.prefix_length})"
        return key.text + length + (" DESC" if key.descending else "")

    return f"{index.table.name} ({', '.join(map(of, index.keys))})"


def candidates(snapshot: Snapshot, sql: str) -> list[Index]:
    planned = PlannedStatement(Statement("f", sql), statement_facts(sql, snapshot), (Instance(sql),))
    return [candidate.index for candidate in generate(snapshot, [planned])]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["sql"][:60])
def test_candidates(server: tuple[MySQLServer, Snapshot], case: Case) -> None:
    found, snapshot = server
    indexes = candidates(snapshot, case["sql"])
    shapes = [words(index) for index in indexes]
    if case.get("nothing"):
        assert shapes == []
        return
    own = case.get("mysql", []) if found.family == "mysql" else case.get("mariadb", [])
    assert set(case["has"]) | set(own) <= set(shapes), shapes
    assert not set(case["has_not"]) & set(shapes), shapes
    assert len(set(shapes)) == len(shapes)
    # nothing of Postgres' own, and names that the server takes
    assert {index.method for index in indexes} <= {"btree"}
    assert not any(index.include or index.predicate for index in indexes)
    assert all(len(index.name) <= 64 for index in indexes)


def test_the_server_builds_every_candidate(server: tuple[MySQLServer, Snapshot]) -> None:
    found, snapshot = server
    for case in CASES:
        for index in candidates(snapshot, case["sql"]):
            found.run(
                build_index(index, "InnoDB").sql, f"ALTER TABLE candidates.{index.table.name} DROP INDEX `{index.name}`"
            )


def test_an_existing_index_serves_read_either_way(server: tuple[MySQLServer, Snapshot]) -> None:
    _, snapshot = server
    orders = next(table for table in snapshot.tables if table.name.name == "orders")
    total = next(index for index in orders.indexes if index.name == "total")
    assert serves(total, Index("w", orders.name, (IndexKey("total"),)))
    assert serves(total, Index("w", orders.name, (IndexKey("total", descending=True),)))
    assert not serves(total, Index("w", orders.name, (IndexKey("total", prefix_length=5),)))
    assert not serves(total, Index("w", orders.name, (IndexKey("total"), IndexKey("status"))))


def test_an_index_of_array_members_serves_no_condition_on_its_columns_alone(mysql: MySQLServer) -> None:
    """Rows whose array is empty are not in it: MySQL reads it for ``country = ...`` and loses them."""
    url = parse_target(fill(mysql, "arrays", (FOLDER / "schema.sql").read_text()))
    assert isinstance(url, DatabaseUrl)
    mysql.run(*(statement.replace("candidates.", "arrays.") for statement in ARRAYS))
    snapshot = collect(url, CollectOptions(workload=False), NoProgress())
    customers = next(table for table in snapshot.tables if table.name.name == "customers")
    known, listed = (next(i for i in customers.indexes if i.name == name) for name in ("known", "listed"))
    assert not serves(known, Index("w", customers.name, (IndexKey("country"),)))
    assert serves(listed, Index("w", customers.name, (MultiValued(json_array("profile", "$.listed"), "unsigned").key,)))
    plain = replace(known, name="plain", keys=known.keys[:1])
    assert not begins_with(known, plain)
    assert begins_with(replace(listed, name="wider", keys=(*listed.keys, IndexKey("country"))), listed)
    with mysql.connect("arrays") as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE customers SET profile = '{\"known\": []}' WHERE country = 'DE' AND id < 100")
        cursor.execute("SELECT COUNT(*) FROM customers IGNORE INDEX (known) WHERE country = 'DE'")
        there = cursor.fetchone()
        cursor.execute("SELECT COUNT(*), MAX(homepage) FROM customers FORCE INDEX (known) WHERE country = 'DE'")
        found = cursor.fetchone()
    mysql.run("DROP DATABASE arrays")
    assert there is not None and found is not None
    assert found[0] < there[0]
