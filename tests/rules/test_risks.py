"""The report says of each changed plan whether it is safe, and why; what executions showed decides."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from dbtune.model.digest import Sample
from dbtune.model.plan import Plan
from dbtune.model.progress import NoProgress
from dbtune.model.recommendation import Report
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Statement, Workload
from dbtune.planner.plan_reader import read_plan
from dbtune.planner.robustness.judging import Executed, executed_plans, merged_executions
from dbtune.planner.shadow.shadow import ShadowPlanner
from dbtune.rules.engine import AdviseOptions, advise
from dbtune.sql.fingerprint import fingerprint, normalise
from tests.rules.case_files import run_sql, snapshot_of
from tests.rules.log.digests import digest

SCHEMA = """
CREATE TABLE customers (id int PRIMARY KEY, country text, city text);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int, total int, note text);
INSERT INTO customers SELECT i, 'country' || (i % 400) / 10, 'city' || i % 400 FROM generate_series(1, 40000) i;
INSERT INTO orders SELECT i, 1 + i % 40000, i, repeat('x', 80) FROM generate_series(1, 200000) i;
VACUUM ANALYZE;
"""

BY_CUSTOMER = "SELECT * FROM orders WHERE customer_id = 4711"
CORRELATED = (
    "SELECT sum(o.total) FROM customers c JOIN orders o ON o.customer_id = c.id"
    " WHERE c.country = 'country4' AND c.city = 'city42'"
)


@pytest.fixture(scope="module")
def database(make_module_database: Callable[[str], str]) -> str:
    url = make_module_database("SELECT 1")
    run_sql(url, SCHEMA)
    return url


@pytest.fixture(scope="module")
def snapshot(database: str) -> Snapshot:
    return snapshot_of(database)


def statement(sql: str) -> Statement:
    return Statement(fingerprint(sql), normalise(sql), samples=(sql,))


def report_on(snapshot: Snapshot, *statements: str, executed: Executed | None = None) -> Report:
    workload = Workload(tuple(statement(sql) for sql in statements))
    with ShadowPlanner.open(snapshot, NoProgress()) as planner:
        return advise(snapshot, workload, planner, AdviseOptions(), NoProgress(), executed=executed)


def executed_plan(database: str, sql: str) -> Plan:
    with psycopg.connect(database) as session:
        answer = session.execute(b"EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) " + sql.encode()).fetchone()
    assert answer is not None
    return read_plan(answer[0])


def test_a_lookup_by_a_value_is_safe(snapshot: Snapshot) -> None:
    report = report_on(snapshot, BY_CUSTOMER)
    (missing,) = report.recommendations
    (changed,) = report.workload.changed
    assert missing.evidence.statements[0].risk == missing.evidence.risk == changed.risk
    assert changed.risk is not None and changed.risk.level == "safe"
    assert not missing.risk.startswith("Risky")


def test_a_nested_loop_behind_two_columns_is_held_against_their_error(snapshot: Snapshot, database: str) -> None:
    report = report_on(snapshot, CORRELATED)
    (changed,) = report.workload.changed
    assert changed.risk is not None and changed.risk.factor is not None
    seen = {fingerprint(CORRELATED): (executed_plan(database, CORRELATED),)}
    told = report_on(snapshot, CORRELATED, executed=seen).workload.changed[0].risk
    assert told is not None
    # the city gives the country: 40 times as many customers as the product of both shares
    if told.known is not None:
        assert told.known == pytest.approx(40, rel=0.5)


def test_a_risky_statement_is_named_in_the_risk_of_the_recommendation(snapshot: Snapshot) -> None:
    guess = "SELECT sum(o.total) FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.city LIKE '%y42%'"
    report = report_on(snapshot, guess)
    risky = [one for one in report.workload.changed if one.risk is not None and one.risk.level == "risky"]
    for one in report.recommendations:
        if one.evidence.risk is not None and one.evidence.risk.level == "risky":
            assert one.risk.startswith("Risky: `SELECT sum(o.total)")
            assert one.evidence.risk.reason in one.risk
    assert risky or all(
        one.evidence.risk is None or one.evidence.risk.level == "safe" for one in report.recommendations
    )


def test_plans_of_auto_explain_are_taken_from_the_digest(database: str) -> None:
    with psycopg.connect(database) as session:
        rows = session.execute(b"EXPLAIN (ANALYZE, VERBOSE) " + CORRELATED.encode()).fetchall()
        planned = session.execute(b"EXPLAIN " + CORRELATED.encode()).fetchall()
    text = f"Query Text: {CORRELATED}\n" + "\n".join(line for (line,) in rows)
    without_rows = "\n".join(line for (line,) in planned)
    samples = tuple(Sample(CORRELATED, 1.0, None, plan=plan) for plan in (text, without_rows, "no plan", None))
    found = executed_plans(digest({"statements": [{"text": CORRELATED, "samples": samples}]}))
    (plans,) = found.values()
    assert [plan.root.actual_rows for plan in plans] == [1.0]
    assert executed_plans(None) == {}
    assert len(merged_executions(found, found)[fingerprint(CORRELATED)]) == 2
