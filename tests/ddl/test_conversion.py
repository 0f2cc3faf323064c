"""A table with all that can hang on one is converted under writers, and taken back, phase by phase."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import psycopg
import pytest

from dbtune.ddl.conversion import attach_phases
from dbtune.ddl.conversion_plan import Conversion
from dbtune.ddl.splitting import can_split, split_phases
from dbtune.model.partitioning import Width
from dbtune.model.recommendation import Phase
from dbtune.planner.partitions.axis import Axis
from dbtune.planner.partitions.ranges import range_scheme
from tests.ddl.converting import ORDERS, check, described, orders_database, orders_plan, run, writing


@pytest.fixture(params=[None, 15], ids=["newest", "15"])
def database(make_database: Callable[..., str], request: pytest.FixtureRequest) -> str:
    """Up to 16 the partitions do not take part in the identity."""
    return orders_database(make_database, request.param)


def plan_for(url: str) -> Conversion:
    axis = Axis("timestamptz")
    first = axis.of_moment(datetime(2025, 1, 3, tzinfo=UTC))
    last = axis.of_moment(datetime(2026, 3, 1, tzinfo=UTC))
    scheme = range_scheme(ORDERS, "created_at", axis, Width("month"), first, last)
    return orders_plan(url, scheme, "2026-01-01 00:00:00+00")


def phases_of(plan: Conversion) -> tuple[Phase, ...]:
    assert can_split(plan)
    return (*attach_phases(plan), *split_phases(plan))


def test_each_phase_is_undone_under_writers(database: str) -> None:
    plan = plan_for(database)
    phases = [phase for phase in phases_of(plan) if not phase.final]
    before = described(database)
    with psycopg.connect(database, autocommit=True) as connection, writing(database) as writers:
        for last in range(1, len(phases) + 1):
            for phase in phases[:last]:
                run(connection, phase, phase.up)
            for phase in reversed(phases[:last]):
                run(connection, phase, phase.down)
            assert described(database) == before, f"after {phases[last - 1].name} and back"
    check(database, writers, 22000)


def test_the_whole_way_under_writers(database: str) -> None:
    plan = plan_for(database)
    before = described(database)
    with psycopg.connect(database, autocommit=True) as connection, writing(database) as writers:
        for phase in phases_of(plan):
            run(connection, phase, phase.up)
    check(database, writers, 22000)
    after = described(database)
    for same in ("columns", "policies", "functions", "sequences", "view"):
        assert after[same] == before[same], same
    with psycopg.connect(database) as connection:
        left = connection.execute(
            "SELECT relname FROM pg_class WHERE relname ~ 'history|split|mirror|partitioned' AND relkind <> 'i'"
            " AND relnamespace = 'public'::regnamespace"
        ).fetchall()
        assert left == []
        parts = connection.execute(
            "SELECT c.relname, reltuples FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid"
            " WHERE inhparent = 'orders'::regclass ORDER BY 1"
        ).fetchall()
        assert [name for name, _ in parts] == [part.name for part in sorted(plan.scheme.parts, key=lambda p: p.name)]
        assert connection.execute("SELECT count(*) FROM orders_default").fetchone() == (0,)
        rows = connection.execute("SELECT count(*) FROM orders_p20250801").fetchone()
        assert rows is not None and rows[0] >= 2000
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute("INSERT INTO orders (customer_id, created_at, total) VALUES (9999, '2025-05-01', 1)")


def test_rows_beyond_the_present_ones_come_back(database: str) -> None:
    """Rows that came into the next partitions and the default one after the swap are there again after the way back."""
    plan = plan_for(database)
    phases = attach_phases(plan)
    before = described(database)
    with psycopg.connect(database, autocommit=True) as connection:
        for phase in phases:
            run(connection, phase, phase.up)
        for day in ("2026-01-15", "2031-07-01"):
            connection.execute(
                "INSERT INTO orders (customer_id, created_at, total, note) VALUES (1, %s, 7, 'later')", (day,)
            )
        assert connection.execute("SELECT count(*) FROM orders_default").fetchone() == (1,)
        last = connection.execute("SELECT max(id) FROM orders").fetchone()
        for phase in reversed(phases):
            run(connection, phase, phase.down)
        assert connection.execute("SELECT count(*) FROM orders WHERE note = 'later'").fetchone() == (2,)
        connection.execute("INSERT INTO orders (customer_id, created_at, total) VALUES (1, '2031-07-02', 7)")
        after = connection.execute("SELECT max(id) FROM orders").fetchone()
        assert last is not None and after is not None and after[0] == last[0] + 3, "the identity goes on counting"
    assert described(database) == before


def test_the_history_is_attached_without_a_scan(database: str) -> None:
    """The server says so itself: the constraint implies the partition's bounds."""
    plan = plan_for(database)
    notices: list[str] = []
    with psycopg.connect(database, autocommit=True) as connection:
        connection.add_notice_handler(lambda diagnostic: notices.append(diagnostic.message_primary or ""))
        connection.execute("SET client_min_messages = debug1")
        for phase in phases_of(plan):
            before = len(notices)
            run(connection, phase, phase.up)
            if phase.name not in ("swap", "split-switch"):
                del notices[before:]
    implied = [text for text in notices if "is implied by existing constraints" in text]
    assert any('"orders_history"' in text for text in implied)
    assert sum("orders_p2025" in text for text in implied) >= 12
    scanned = {text for text in notices if text.startswith("verifying table")}
    assert scanned <= {'verifying table "orders_default"'}, "which was made a moment before, and is empty"


def test_a_plan_that_is_too_old_is_refused(database: str) -> None:
    plan = plan_for(database)
    late = Conversion(plan.table, plan.scheme, plan.end, plan.attached, deadline="2020-01-01 00:00:00+00")
    before = described(database)
    with psycopg.connect(database, autocommit=True) as connection, pytest.raises(psycopg.errors.RaiseException):
        run(connection, attach_phases(late)[0], attach_phases(late)[0].up)
    assert described(database) == before
