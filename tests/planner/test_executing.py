"""Statements run once to count their rows: read-only, one at a time, and what fails is left out."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.model.progress import NoProgress
from dbtune.model.workload import Statement
from dbtune.planner.executing import executed_once

SCHEMA = """
CREATE SCHEMA "My S";
CREATE TABLE "My S".orders (id int PRIMARY KEY, state int);
INSERT INTO "My S".orders SELECT i, i % 7 FROM generate_series(1, 5000) i;
ANALYZE;
"""


@pytest.fixture
def url(make_database: Callable[..., str]) -> str:
    return make_database(SCHEMA)


def plans(url: str, *texts: str, limit_ms: int = 10_000) -> dict[str, float | None]:
    target = parse_target(url)
    assert isinstance(target, DatabaseUrl)
    statements = [Statement(text, text, samples=(text,), search_path=("My S",)) for text in texts]
    found = executed_once(target, statements, NoProgress(), limit_ms)
    return {text: plan.root.actual_rows for text, (plan,) in found.items()}


def test_rows_are_counted(url: str) -> None:
    assert plans(url, "SELECT * FROM orders WHERE state = 3;") == {"SELECT * FROM orders WHERE state = 3;": 714.0}


def test_nothing_is_written_and_one_failure_is_no_other_s(url: str) -> None:
    texts = (
        "DELETE FROM orders",
        "SELECT 1; COMMIT; DROP TABLE orders",
        "SELECT nonsense",
        "SELECT pg_sleep(30)",
        "SELECT * FROM orders WHERE id = 1",
    )
    assert plans(url, *texts, limit_ms=500) == {"SELECT * FROM orders WHERE id = 1": 1.0}
    with psycopg.connect(url) as connection:
        assert connection.execute('SELECT count(*) FROM "My S".orders').fetchone() == (5000,)


def test_a_statement_without_values_is_not_run(url: str) -> None:
    target = parse_target(url)
    assert isinstance(target, DatabaseUrl)
    assert not executed_once(target, [Statement("a", "SELECT * FROM orders WHERE id = $1")], NoProgress())
