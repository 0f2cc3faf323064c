"""Candidates for one statement at a time, on a real schema with statistics. Cases: ``cases.json``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

import pytest

from dbtune.candidates.generate import generate, serves
from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.model.names import QualifiedName
from dbtune.model.progress import NoProgress
from dbtune.model.schema import Index, IndexKey
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Instance, Statement
from dbtune.planner.gate import PlannedStatement
from dbtune.sql.facts import statement_facts

FOLDER = Path(__file__).parent


class Case(TypedDict, total=False):
    sql: str
    has: list[str]
    has_not: list[str]
    nothing: bool


CASES: list[Case] = json.loads((FOLDER / "cases.json").read_text())


@pytest.fixture(scope="module")
def snapshot(make_module_database: Callable[[str], str]) -> Snapshot:
    url = parse_target(make_module_database((FOLDER / "schema.sql").read_text()))
    assert isinstance(url, DatabaseUrl)
    return collect(url, CollectOptions(workload=False), NoProgress())


def words(index: Index) -> str:
    """``orders btree (status, placed_at DESC) INCLUDE (id) WHERE …``."""

    def of(key: IndexKey) -> str:
        opclass = f" {key.opclass.schema}.{key.opclass.name}" if key.opclass is not None else ""
        return key.text + opclass + (" DESC" if key.descending else "")

    include = f" INCLUDE ({', '.join(index.include)})" if index.include else ""
    where = f" WHERE {index.predicate}" if index.predicate else ""
    return f"{index.table.name} {index.method} ({', '.join(map(of, index.keys))}){include}{where}"


def candidates(snapshot: Snapshot, sql: str) -> list[str]:
    planned = PlannedStatement(Statement("f", sql), statement_facts(sql, snapshot), (Instance(sql),))
    found = generate(snapshot, [planned])
    names = [candidate.index.name for candidate in found]
    assert len(set(names)) == len(names)
    assert all(candidate.fingerprints == {"f"} for candidate in found)
    return [words(candidate.index) for candidate in found]


@pytest.mark.parametrize("case", CASES, ids=[case["sql"][:60] for case in CASES])
def test_case(snapshot: Snapshot, case: Case) -> None:
    found = candidates(snapshot, case["sql"])
    assert len(set(found)) == len(found)
    if case.get("nothing"):
        assert found == []
        return
    assert set(case["has"]) <= set(found)
    assert not set(case["has_not"]) & set(found)


TABLE = QualifiedName("public", "t")
A, B = IndexKey("a"), IndexKey("b")


@pytest.mark.parametrize(
    ("known", "wanted", "answer"),
    [
        (Index("x", TABLE, (A, B)), Index("y", TABLE, (A,)), True),
        (Index("x", TABLE, (A, B)), Index("y", TABLE, (B,)), False),
        (Index("x", TABLE, (A,)), Index("y", TABLE, (A, B)), False),
        (Index("x", TABLE, (A,)), Index("y", TABLE, (IndexKey("a", descending=True, nulls_first=True),)), True),
        (Index("x", TABLE, (A, B)), Index("y", TABLE, (A, IndexKey("b", descending=True, nulls_first=True))), False),
        (Index("x", TABLE, (A, B)), Index("y", TABLE, (A,), include=("b",)), True),
        (Index("x", TABLE, (A,), include=("b",)), Index("y", TABLE, (A, B)), False),
        (Index("x", TABLE, (A,), predicate="b = 1"), Index("y", TABLE, (A,)), False),
        (Index("x", TABLE, (A,), predicate="(b = 1)"), Index("y", TABLE, (A,), predicate="b = 1"), True),
        (Index("x", TABLE, (A,)), Index("y", TABLE, (A,), predicate="b = 1"), False),
        (Index("x", TABLE, (A,), "gin"), Index("y", TABLE, (A,)), False),
        (Index("x", QualifiedName("other", "t"), (A,)), Index("y", TABLE, (A,)), False),
    ],
)
def test_what_serves_what(known: Index, wanted: Index, answer: bool) -> None:
    assert serves(known, wanted) is answer
