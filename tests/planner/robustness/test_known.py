"""Actual rows beside estimates, of statements that really ran."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from dbtune.model.plan import Plan
from dbtune.planner.plan_reader import read_plan
from dbtune.planner.robustness.known import Known, known_of
from dbtune.planner.robustness.recosting import cost_under
from dbtune.planner.robustness.risk import plan_risk
from tests.planner.robustness.test_risk import CORRELATED, SCHEMA


@pytest.fixture(scope="module")
def session(make_module_database: Callable[[str], str]) -> psycopg.Connection:
    with psycopg.connect(make_module_database(SCHEMA), autocommit=True) as connection:
        yield connection


def executed(session: psycopg.Connection, sql: str) -> Plan:
    return read_plan(session.execute(b"EXPLAIN (ANALYZE, FORMAT JSON, VERBOSE) " + sql.encode()).fetchone()[0])


def known(session: psycopg.Connection, sql: str) -> Known:
    found = known_of([executed(session, sql)])
    assert found is not None
    return found


@pytest.mark.parametrize("workers", [0, 2])
def test_columns_that_go_together(session: psycopg.Connection, workers: int) -> None:
    session.execute(f"SET max_parallel_workers_per_gather = {workers}; SET parallel_setup_cost = 0".encode())
    session.execute(b"SET min_parallel_table_scan_size = 0; SET parallel_tuple_cost = 0")
    found = known(session, "SELECT * FROM orders o WHERE country = 'country4' AND city = 'city42'")
    assert found.ratios[frozenset({"o"})] == pytest.approx(10, rel=0.3)
    (scenario,) = found.scenarios
    assert scenario[0].relations == {"o"}


def test_a_join_repeats_the_error_of_its_input_and_has_none_of_its_own(session: psycopg.Connection) -> None:
    session.execute(b"RESET ALL")
    sql = "SELECT * FROM orders o JOIN items i ON i.order_id = o.id WHERE o.country = 'country4' AND o.city = 'city42'"
    found = known(session, sql)
    assert found.ratios[frozenset({"o", "i"})] == pytest.approx(10, rel=0.3)
    (scenario,) = found.scenarios
    assert [one.relations for one in scenario] == [{"o"}]


def test_a_limit_that_stops_early_is_no_error(session: psycopg.Connection) -> None:
    session.execute(b"RESET ALL")
    found = known_of([executed(session, "SELECT * FROM orders LIMIT 3")])
    assert found is None or not found.ratios


def test_right_estimates_make_an_empty_scenario(session: psycopg.Connection) -> None:
    session.execute(b"RESET ALL")
    found = known(session, "SELECT * FROM orders WHERE id < 500")
    assert found.scenarios == ((),)


def test_nothing_is_known_without_an_execution(session: psycopg.Connection) -> None:
    planned = session.execute(b"EXPLAIN (FORMAT JSON, VERBOSE) SELECT * FROM orders").fetchone()
    assert known_of([read_plan(planned[0])]) is None
    assert known_of([]) is None


def test_what_was_seen_is_said(session: psycopg.Connection) -> None:
    session.execute(b"RESET ALL")
    seen = known(session, CORRELATED)
    before = executed(session, CORRELATED)
    session.execute(b"CREATE INDEX items_order ON items (order_id)")
    session.execute(b"SET enable_hashjoin = off; SET enable_mergejoin = off")
    after = executed(session, CORRELATED)
    session.execute(b"DROP INDEX items_order")
    risk = plan_risk(before, after, known=seen)
    assert risk is not None
    (scenario,) = seen.scenarios
    if cost_under(after, scenario) > cost_under(before, scenario):
        assert risk.level == "risky" and "than estimated" in risk.reason
