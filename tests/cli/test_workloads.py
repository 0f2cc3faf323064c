"""The workload of several sources, and what of it is kept."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dbtune.cli.workloads import check_since, merged, most_expensive
from dbtune.model.errors import UsageError
from dbtune.model.workload import Skipped, Statement, Workload, WorkloadSource

SERVER = Workload(
    (
        Statement("a", "SELECT $1", calls=10, total_ms=5.0, rows=10, source="pg_stat_statements"),
        Statement("b", "SELECT 2", calls=1, total_ms=50.0, source="pg_stat_statements"),
    ),
    (WorkloadSource("pg_stat_statements", "pg_stat_statements", 2, 11, "2025-01-31T12:00:00+00:00"),),
)
FILE = Workload(
    (
        Statement("a", "SELECT $1", calls=2, samples=("SELECT 17", "SELECT 18"), source="w.sql"),
        Statement("c", "SELECT 3", calls=100, source="w.sql"),
    ),
    (WorkloadSource("sql", "w.sql", 2, 102),),
    (Skipped("d", "cannot be read"),),
)


def test_statements_of_one_fingerprint_become_one() -> None:
    both = merged([SERVER, FILE, FILE])
    assert [one.fingerprint for one in both.statements] == ["a", "b", "c"]
    first = both.statements[0]
    assert (first.calls, first.total_ms, first.rows) == (14, 5.0, 10)
    assert first.samples == ("SELECT 17", "SELECT 18")
    assert [source.name for source in both.sources] == ["pg_stat_statements", "w.sql", "w.sql"]
    assert len(both.skipped) == 2


def test_the_most_expensive_by_time_then_by_calls() -> None:
    kept = most_expensive(merged([SERVER, FILE]), 2)
    assert [one.fingerprint for one in kept.statements] == ["a", "b"]
    assert [one.fingerprint for one in most_expensive(FILE, 1).statements] == ["c"]
    assert most_expensive(FILE, 99) == FILE


def test_totals_from_before_the_wanted_time_are_refused() -> None:
    check_since(SERVER, datetime(2025, 1, 31, 12, tzinfo=UTC))
    check_since(FILE, datetime(2025, 2, 1, tzinfo=UTC))
    with pytest.raises(UsageError, match="pg_stat_statements_reset"):
        check_since(SERVER, datetime(2025, 2, 1, tzinfo=UTC))
