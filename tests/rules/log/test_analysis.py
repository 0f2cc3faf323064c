"""Findings from logs in the report of an analysis, beside what the planner proves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import jsonschema
import pytest

from dbtune.embedded import EmbeddedServer
from dbtune.model.digest import Digest
from dbtune.model.progress import NoProgress
from dbtune.model.recommendation import Report
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Statement, Workload
from dbtune.planner.gate import Gate
from dbtune.planner.shadow.shadow import ShadowPlanner
from dbtune.report import json as json_report
from dbtune.report import markdown, sql, terminal
from dbtune.report.schema import report_schema
from dbtune.rules.context import Context
from dbtune.rules.engine import AdviseOptions, Run, advise, choose_indexes, plan_workload, read_facts
from dbtune.rules.log_findings import checked
from dbtune.rules.log_rules import log_rules
from dbtune.rules.registry import all_rules
from dbtune.sql.fingerprint import fingerprint
from tests.rules.case_files import run_sql, snapshot_of
from tests.rules.log.digests import digest

SCHEMA = """
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id int NOT NULL, note text NOT NULL);
INSERT INTO orders SELECT i, (i * 7919) % 5000, md5(i::text) FROM generate_series(1, 40000) i;
CREATE SCHEMA other;
CREATE TABLE other.people (id bigint PRIMARY KEY, name text NOT NULL);
INSERT INTO other.people SELECT i, md5(i::text) FROM generate_series(1, 20000) i;
VACUUM ANALYZE;
"""

BY_CUSTOMER = "SELECT * FROM orders WHERE customer_id = $1"
BY_ID = "SELECT * FROM orders WHERE id = $1"
PEOPLE = "SELECT * FROM other.people WHERE id = $1"
BURSTS = {"count": 9, "calls": 900, "longest": 150, "total_ms": 400.0}
LOGS = digest(
    {
        "statements": [
            {"text": BY_CUSTOMER, "calls": 900, "total_ms": 9000, "rows_sent": 7200.0, "rows_examined": 36e6},
            {"text": BY_ID, "calls": 1000, "total_ms": 500, "rows_sent": 1000.0, "bursts": BURSTS},
            {"text": PEOPLE, "calls": 1000, "total_ms": 700, "rows_sent": 1000.0, "bursts": BURSTS},
        ],
        "incidents": [
            {"kind": "cancelled", "text": BY_CUSTOMER, "detail": "statement timeout"},
            {"kind": "cancelled", "text": BY_CUSTOMER, "detail": "user request"},
            {"kind": "deadlock", "text": "deadlock detected", "statement": False},
        ],
    }
)
WORKLOAD = Workload(tuple(Statement(one.fingerprint, one.text, one.calls, one.total_ms) for one in LOGS.statements))


@pytest.fixture(scope="module")
def snapshot(postgres: EmbeddedServer) -> Snapshot:
    url = postgres.create_database("logs")
    run_sql(url, SCHEMA)
    return snapshot_of(url)


@pytest.fixture(scope="module")
def planner(snapshot: Snapshot) -> Iterator[ShadowPlanner]:
    with ShadowPlanner.open(snapshot, NoProgress()) as opened:
        yield opened


@pytest.fixture(scope="module")
def report(snapshot: Snapshot, planner: ShadowPlanner) -> Report:
    return advise(snapshot, WORKLOAD, planner, AdviseOptions(), NoProgress(), LOGS)


def test_they_stand_beside_what_is_proved(report: Report) -> None:
    rules = [one.rule for one in report.recommendations]
    assert rules.count("index.missing") == 1
    assert sorted(rule for rule in rules if rule.startswith("log.")) == [
        "log.cancelled",
        "log.cancelled",
        "log.deadlock",
        "log.n_plus_one",
        "log.n_plus_one",
    ]
    loop = next(one for one in report.recommendations if one.rule == "log.n_plus_one" and "orders" in one.title)
    assert (loop.group, loop.evidence.confidence, loop.sql.up, loop.sql.down) == ("log", "heuristic", (), ())
    assert [one.fingerprint for one in loop.evidence.statements] == [fingerprint(BY_ID)]
    assert loop.docs.endswith("/log.n_plus_one/")


def test_ids_are_of_the_rule_and_the_statement(snapshot: Snapshot, planner: ShadowPlanner, report: Report) -> None:
    def ids(report: Report) -> set[str]:
        return {one.id for one in report.recommendations if one.group == "log"}

    assert len(ids(report)) == 5
    more = replace(
        LOGS,
        total_ms=20_000.0,
        incidents=tuple(replace(one, count=one.count + 30) for one in LOGS.incidents),
        statements=tuple(replace(one, calls=2 * one.calls) for one in LOGS.statements),
    )
    without_plans = advise(snapshot, Workload(), planner, AdviseOptions(), NoProgress(), more)
    assert ids(without_plans) == ids(report)


def test_without_logs_they_are_silent(snapshot: Snapshot, planner: ShadowPlanner) -> None:
    silent = advise(snapshot, WORKLOAD, planner, AdviseOptions(), NoProgress())
    assert not [one for one in silent.recommendations if one.group == "log"]


def test_only_skip_and_schemas(snapshot: Snapshot, planner: ShadowPlanner) -> None:
    def titles(options: AdviseOptions) -> list[str]:
        found = advise(snapshot, WORKLOAD, planner, options, NoProgress(), LOGS).recommendations
        return [one.title for one in found if one.group == "log"]

    assert len(titles(AdviseOptions(only=("log.n_plus_one",)))) == 2
    assert titles(AdviseOptions(skip=("log",))) == []
    (only_people,) = titles(AdviseOptions(schemas=("other",)))
    assert "other.people" in only_people


def _context(snapshot: Snapshot, planner: ShadowPlanner, options: AdviseOptions, logs: Digest) -> Context:
    rules = tuple(rule for rule in all_rules().values() if rule.id not in options.skip)
    run = Run(snapshot, WORKLOAD, options, Gate(planner), NoProgress(), rules, logs)
    for step in (read_facts, plan_workload, choose_indexes):
        run = step(run)
    assert run.context is not None
    return run.context


def test_examined_rows_are_left_out_where_an_index_is_proved(snapshot: Snapshot, planner: ShadowPlanner) -> None:
    check = checked(log_rules()["log.examined_rows"])
    proved = _context(snapshot, planner, AdviseOptions(), LOGS)
    assert [index.columns for index in proved.configuration.add] == [("customer_id",)]
    assert list(check(proved)) == []
    unproved = _context(snapshot, planner, AdviseOptions(skip=("index.missing",)), LOGS)
    (finding,) = check(unproved)
    assert "customer_id" in finding.title


def test_every_output_reads_well_without_sql_and_costs(report: Report) -> None:
    only_logs = replace(report, recommendations=tuple(r for r in report.recommendations if r.group == "log"))
    text = terminal.write(only_logs)
    assert (
        "heuristic · log.n_plus_one" in text
        and text.count(BY_ID)
        == 2  # in the title, and among those that cost most and "cost before" not in text.split("The statements")[0]
    )
    page = markdown.write(only_logs)
    assert f"- `{BY_ID}`" in page and "| calls | cost of a call" not in page.split("The statements that cost most")[0]
    assert "(nothing to run)" in sql.write(only_logs)
    written = json_report.write(only_logs)
    jsonschema.validate(json.loads(written), report_schema())
    assert json_report.read(written) == only_logs
