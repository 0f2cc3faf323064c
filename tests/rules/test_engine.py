"""What holds for every report, on one real database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dbtune.embedded import EmbeddedServer
from dbtune.model.errors import UsageError
from dbtune.model.progress import NoProgress
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Statement, Workload
from dbtune.planner.shadow.shadow import ShadowPlanner
from dbtune.rules.engine import AdviseOptions, advise
from dbtune.sql.fingerprint import fingerprint, normalise
from tests.rules.case_files import run_sql, snapshot_of

SCHEMA = """
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id int NOT NULL, product int NOT NULL, note text NOT NULL);
INSERT INTO orders SELECT i, (i * 7919) % 5000, (i * 31) % 3000, md5(i::text) FROM generate_series(1, 40000) i;
CREATE INDEX orders_note_1 ON orders (note);
CREATE INDEX orders_note_2 ON orders (note);
CREATE SCHEMA other;
CREATE TABLE other.people (id bigint PRIMARY KEY, age int, name text NOT NULL);
INSERT INTO other.people SELECT i, i % 90, md5(i::text) FROM generate_series(1, 20000) i;
VACUUM ANALYZE;
"""


@pytest.fixture(scope="module")
def snapshot(postgres: EmbeddedServer) -> Snapshot:
    url = postgres.create_database("engine")
    run_sql(url, SCHEMA)
    return snapshot_of(url)


@pytest.fixture(scope="module")
def planner(snapshot: Snapshot) -> Iterator[ShadowPlanner]:
    with ShadowPlanner.open(snapshot, NoProgress()) as opened:
        yield opened


def workload(*texts: str, calls: float = 100) -> Workload:
    return Workload(tuple(Statement(fingerprint(t), normalise(t), calls, samples=(t,)) for t in texts))


BY_CUSTOMER = "SELECT * FROM orders WHERE customer_id = 42"
BY_PRODUCT = "SELECT * FROM orders WHERE product = 42"
BY_NAME = "SELECT * FROM other.people WHERE name = 'abc'"


def test_the_budget_holds_for_all_new_indexes_together(snapshot: Snapshot, planner: ShadowPlanner) -> None:
    load = workload(BY_CUSTOMER, BY_PRODUCT, BY_NAME)
    free = advise(snapshot, load, planner, AdviseOptions(), NoProgress())
    assert free.summary.new_index_bytes > 1_000_000
    tight = advise(snapshot, load, planner, AdviseOptions(budget_bytes=600_000), NoProgress())
    assert 0 < tight.summary.new_index_bytes <= 600_000
    nothing = advise(snapshot, load, planner, AdviseOptions(budget_bytes=0), NoProgress())
    assert nothing.summary.new_index_bytes == 0
    assert nothing.summary.cost_after == nothing.summary.cost_before


def test_ids_do_not_depend_on_figures(snapshot: Snapshot, planner: ShadowPlanner) -> None:
    few = advise(snapshot, workload(BY_CUSTOMER, BY_NAME), planner, AdviseOptions(), NoProgress())
    many = advise(snapshot, workload(BY_CUSTOMER, BY_NAME, calls=7), planner, AdviseOptions(), NoProgress())
    assert {one.id for one in few.recommendations} == {one.id for one in many.recommendations}
    assert len({one.id for one in few.recommendations}) == len(few.recommendations) >= 3


def test_only_the_chosen_schemas_are_advised_on(snapshot: Snapshot, planner: ShadowPlanner) -> None:
    load = workload(BY_CUSTOMER, BY_NAME)
    report = advise(snapshot, load, planner, AdviseOptions(schemas=("other",)), NoProgress())
    assert {one.object.schema for one in report.recommendations} == {"other"}


def test_only_and_skip(snapshot: Snapshot, planner: ShadowPlanner) -> None:
    def rules(options: AdviseOptions) -> set[str]:
        report = advise(snapshot, workload(BY_CUSTOMER), planner, options, NoProgress())
        return {one.rule for one in report.recommendations}

    assert rules(AdviseOptions(only=("index.duplicate",))) == {"index.duplicate"}
    assert "index.duplicate" not in rules(AdviseOptions(skip=("index.duplicate",)))
    assert rules(AdviseOptions(skip=("index",))) == set()
    with pytest.raises(UsageError, match="did you mean"):
        rules(AdviseOptions(only=("index.duplicates",)))


def test_the_most_severe_first_and_building_before_dropping(snapshot: Snapshot, planner: ShadowPlanner) -> None:
    report = advise(snapshot, workload(BY_CUSTOMER, BY_PRODUCT), planner, AdviseOptions(), NoProgress())
    ranks = ["high", "medium", "low", "info"]
    order = [(ranks.index(one.severity), not one.sql.up[0].startswith("CREATE")) for one in report.recommendations]
    assert order == sorted(order)


def test_what_cannot_be_planned_is_reported_and_the_run_goes_on(snapshot: Snapshot, planner: ShadowPlanner) -> None:
    load = workload(BY_CUSTOMER, "SELECT * FROM gone", "SELECT FROM WHERE (", "VACUUM orders")
    report = advise(snapshot, load, planner, AdviseOptions(), NoProgress())
    assert len(report.workload.skipped) == 3
    assert all(skipped.reason for skipped in report.workload.skipped)
    assert report.workload.statements == 4
    assert [one.fingerprint for one in report.workload.top] == [fingerprint(BY_CUSTOMER)]
    assert any(one.rule == "index.missing" for one in report.recommendations)


def test_without_a_workload_the_schema_alone_is_looked_at(snapshot: Snapshot, planner: ShadowPlanner) -> None:
    report = advise(snapshot, Workload(), planner, AdviseOptions(), NoProgress())
    assert report.summary.cost_before == report.summary.cost_after == 0
    duplicate = next(one for one in report.recommendations if one.rule == "index.duplicate")
    assert duplicate.evidence.confidence == "heuristic"


def test_no_time_left_is_said(snapshot: Snapshot, planner: ShadowPlanner) -> None:
    report = advise(snapshot, workload(BY_CUSTOMER), planner, AdviseOptions(timeout_seconds=1e-9), NoProgress())
    assert any("time limit" in limit.why for limit in report.limits)


def test_no_literal_of_a_sample_reaches_the_report(snapshot: Snapshot, planner: ShadowPlanner) -> None:
    secret = "SELECT * FROM orders WHERE note = 'very secret' AND customer_id = 42"
    report = advise(snapshot, workload(secret, BY_NAME), planner, AdviseOptions(), NoProgress())
    assert "very secret" not in repr(report)
    assert "'abc'" not in repr(report)
