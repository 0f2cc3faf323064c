"""What stands in the way of partitioning, statements that name the present, and the plan's dates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.model.attachments import Attachments, Publication, Trigger
from dbtune.model.names import QualifiedName
from dbtune.model.progress import NoProgress
from dbtune.model.recommendation import Recommendation
from dbtune.model.schema import Table
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Statement, Workload
from dbtune.planner.explain import ExplainPlanner
from dbtune.planner.protocol import Planner
from dbtune.planner.shadow.host import SCRATCH_URL_VARIABLE
from dbtune.planner.shadow.shadow import ShadowPlanner
from dbtune.rules.engine import AdviseOptions, advise
from dbtune.rules.partition_plan import cannot_be_carried
from dbtune.rules.partition_times import moment_of
from dbtune.rules.partitioning import memory_bytes, planning_ms
from dbtune.sql.fingerprint import fingerprint, normalise
from tests.rules.case_files import advice, snapshot_of

VISITS = QualifiedName("public", "visits")
OPTIONS = AdviseOptions(only=("partition",), partition_bytes=1_000_000)

SCHEMA = """
CREATE TABLE visits (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL, page int NOT NULL,
                     note text);
INSERT INTO visits (at, page, note)
SELECT now() - interval '400 days' + i * interval '400 days' / 30000, i % 90, repeat('x', 150)
FROM generate_series(1, 30000) i;
VACUUM ANALYZE;
"""

RECENT = "SELECT count(*) FROM visits WHERE at > now() - interval '2 days'"
UPSERT = "INSERT INTO visits (id, at, page) OVERRIDING SYSTEM VALUE VALUES (1, now(), 1) ON CONFLICT (id) DO NOTHING"
MOVE = "UPDATE visits SET at = now() WHERE page = 3"


@pytest.fixture(scope="module")
def snapshot(make_module_database: Callable[[str], str]) -> Snapshot:
    return snapshot_of(make_module_database(SCHEMA))


def workload(**calls: float) -> Workload:
    texts = {"recent": RECENT, "upsert": UPSERT, "move": MOVE}
    return Workload(
        tuple(Statement(fingerprint(texts[n]), normalise(texts[n]), c, samples=(texts[n],)) for n, c in calls.items())
    )


def advised(snapshot: Snapshot, load: Workload) -> Recommendation:
    report = advice(snapshot, load, OPTIONS)
    (found,) = [one for one in report.recommendations if one.rule == "partition.missing"]
    return found


def test_a_statement_that_names_the_present_reads_the_last_partitions(snapshot: Snapshot) -> None:
    """Its plan holds all partitions, at the cost of all; those that are left out as it starts are taken off."""
    found = advised(snapshot, workload(recent=100))
    assert found.title.startswith("Partition visits by ")
    (statement,) = found.evidence.statements
    assert statement.cost_before is not None and statement.cost_after is not None
    assert statement.cost_after < 0.35 * statement.cost_before


def test_the_plan_is_for_the_time_to_come(snapshot: Snapshot) -> None:
    """The bound that all rows come before is ahead, with a partition to spare, and so is the plan's last day."""
    phases = advised(snapshot, workload(recent=100)).sql.phases
    assert [phase.name for phase in phases[:4]] == ["check", "validate", "key", "swap"]
    today = moment_of(snapshot).date()
    dates = [word for word in " ".join(phases[0].up).split("'") if word[:2] == "20"]
    assert all(date[:10] > (today + timedelta(days=1)).isoformat() for date in dates) and len(dates) >= 2
    swap = "\n".join(phases[3].up)
    assert swap.count("PARTITION OF public.visits FOR VALUES") >= 2
    without = [phase.name for phase in phases if not phase.down and not phase.final]
    assert without == ["validate", "analyze", "split-copy", "split-analyze"], "which change no schema"
    assert [phase.name for phase in phases if phase.final] == ["finish"]
    up = advised(snapshot, workload(recent=100)).sql.up
    assert not any("DROP TABLE public.visits_history" in statement for statement in up), "no step without a way back"


@pytest.mark.parametrize(
    ("load", "why"),
    [
        ({"recent": 100.0, "upsert": 1.0}, "the server would refuse"),
        ({"recent": 100.0, "move": 0.1}, "statements update at"),
    ],
)
def test_statements_in_the_way(snapshot: Snapshot, load: dict[str, float], why: str) -> None:
    found = advised(snapshot, workload(**load))
    assert found.severity == "info" and why in found.reason
    assert not found.sql.up and found.evidence.gain is None


def test_a_pointing_foreign_key_is_in_the_way(snapshot: Snapshot) -> None:
    visits = snapshot.table(VISITS)
    assert visits is not None
    clicks = Table(
        QualifiedName("public", "clicks"),
        visits.columns,
        constraints=(
            replace(
                visits.constraints[0],
                name="clicks_visit",
                kind="foreign key",
                referenced_table=VISITS,
                referenced_columns=("id",),
                definition="FOREIGN KEY (id) REFERENCES public.visits(id)",
                index=None,
            ),
        ),
    )
    found = advised(replace(snapshot, tables=(*snapshot.tables, clicks)), workload(recent=100))
    assert found.severity == "info"
    assert "foreign keys of clicks point here" in found.reason


def test_a_name_that_is_taken_is_in_the_way(snapshot: Snapshot) -> None:
    visits = snapshot.table(VISITS)
    assert visits is not None
    other = replace(visits, name=QualifiedName("public", "visits_history"), indexes=(), constraints=())
    found = advised(replace(snapshot, tables=(*snapshot.tables, other)), workload(recent=100))
    assert found.severity == "info"
    assert "something of the name visits_history" in found.reason


TRIGGER = Trigger("t", "CREATE TRIGGER t AFTER INSERT ON public.visits FOR EACH ROW EXECUTE FUNCTION f()")


@pytest.mark.parametrize(
    ("attached", "why"),
    [
        (Attachments(triggers=(replace(TRIGGER, has_transition_tables=True),)), "transition tables"),
        (Attachments(triggers=(replace(TRIGGER, has_transition_tables=True, for_each_row=False),)), None),
        (Attachments(rules=("old",)), "rewrite rule old"),
        (Attachments(dependents=(("materialized view", QualifiedName("public", "m")),)), "materialized view"),
        (Attachments(dependents=(("function", QualifiedName("public", "f")),)), "function"),
        (Attachments(dependents=(("view", QualifiedName("other", "v")),)), "not in the snapshot"),
        (Attachments(publications=(Publication("p", filtered=True),)), "publication"),
        (Attachments(forced_row_security=True), "forced"),
        (Attachments(replica_identity="index"), "INDEX"),
        (Attachments(replica_identity="full"), None),
        (Attachments(owner="me", publications=(Publication("p"),), triggers=(TRIGGER,)), None),
    ],
)
def test_what_cannot_be_carried_over(snapshot: Snapshot, attached: Attachments, why: str | None) -> None:
    visits = snapshot.table(VISITS)
    assert visits is not None
    found = list(cannot_be_carried(snapshot, replace(visits, attachments=attached)))
    assert len(found) == (0 if why is None else 1)
    assert why is None or why in found[0]


def explained(snapshot: Snapshot, url: str) -> Planner:
    target = parse_target(url)
    assert isinstance(target, DatabaseUrl)
    return ExplainPlanner(snapshot, target)


def on_a_given_server(snapshot: Snapshot, url: str) -> Planner:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SCRATCH_URL_VARIABLE, url)
        return ShadowPlanner.open(snapshot, NoProgress())


@pytest.mark.parametrize(("opened", "why"), [(explained, "--planner shadow"), (on_a_given_server, "DBTUNE_SHADOW_URL")])
def test_why_no_partitions_were_priced(
    make_database: Callable[..., str], opened: Callable[[Snapshot, str], Planner], why: str
) -> None:
    url = make_database(SCHEMA.replace("VACUUM ANALYZE", "ANALYZE"))
    snapshot = snapshot_of(url)
    planner = opened(snapshot, url)
    try:
        report = advise(snapshot, workload(recent=100), planner, OPTIONS, NoProgress())
        (limit,) = [one for one in report.limits if one.what == "partitions of visits"]
        assert limit.why.startswith("none were priced: ") and why in limit.why
        without = replace(OPTIONS, partition_bytes=1 << 40)
        silent = advise(snapshot, workload(recent=100), planner, without, NoProgress())
        assert not [one for one in silent.limits if "partitions" in one.what], "no table is large enough"
    finally:
        planner.close()


def test_nothing_is_said_where_partitions_are_priced(snapshot: Snapshot) -> None:
    report = advice(snapshot, workload(recent=100), OPTIONS)
    assert not [one for one in report.limits if "partitions" in one.what]


EVENTS = """
CREATE TABLE events (tenant int NOT NULL, id bigint NOT NULL, note text, PRIMARY KEY (tenant, id));
INSERT INTO events SELECT CASE WHEN i % 5 < 3 THEN i % 30 ELSE 1000 + i % 4001 END, i, md5(i::text) || repeat('x', 60)
FROM generate_series(1, 90000) i;
VACUUM ANALYZE;
"""
TENANT = "SELECT * FROM events WHERE tenant = 12"


@pytest.fixture(scope="module")
def events(make_module_database: Callable[[str], str]) -> Snapshot:
    return snapshot_of(make_module_database(EVENTS))


def of_a_tenant(snapshot: Snapshot) -> Recommendation:
    statement = Statement(fingerprint(TENANT), normalise(TENANT), 100.0, samples=(TENANT,))
    return advised(snapshot, Workload((statement,)))


def test_the_way_into_hashes(events: Snapshot) -> None:
    found = of_a_tenant(events)
    assert found.title == "Partition events by hash of tenant"
    assert [phase.name for phase in found.sql.phases] == ["prepare", "copy", "switch", "analyze", "finish"]
    assert "every write is made twice" in found.risk and "Another number of partitions" in found.risk


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"deferrable": True}, "the primary key is deferrable"),
        ({"kind": "check"}, "no primary key tells them apart"),
    ],
)
def test_no_way_to_copy_the_rows(events: Snapshot, changes: dict[str, Any], why: str) -> None:
    (table,) = events.tables
    keys = tuple(replace(one, **changes) if one.kind == "primary key" else one for one in table.constraints)
    found = of_a_tenant(replace(events, tables=(replace(table, constraints=keys),)))
    assert not found.sql.phases and why in found.risk


def test_a_foreign_key_that_holds_the_column_leaves_no_way(events: Snapshot) -> None:
    """It could stay, but would have to be made anew: else it would point to the former table alone."""
    (table,) = events.tables
    key = replace(
        table.constraints[0],
        name="child",
        kind="foreign key",
        columns=("tenant", "id"),
        referenced_table=table.name,
        referenced_columns=("tenant", "id"),
        definition="FOREIGN KEY (tenant, id) REFERENCES public.events(tenant, id)",
        index=None,
    )
    child = Table(QualifiedName("public", "child"), table.columns, constraints=(key,))
    found = of_a_tenant(replace(events, tables=(table, child)))
    assert found.title == "Partition events by hash of tenant"
    assert not found.sql.phases and "foreign keys of child point here" in found.risk


def test_without_what_hangs_on_the_table_no_way_is_told(snapshot: Snapshot) -> None:
    tables = tuple(replace(table, attachments=None) for table in snapshot.tables)
    found = advised(replace(snapshot, tables=tables), workload(recent=100))
    assert found.title.startswith("Partition visits by ")
    assert not found.sql.up and "How to get there is not told here" in found.risk


@pytest.mark.parametrize(
    ("setting", "size"),
    [("4GB", 4 << 30), ("131078kB", 131078 << 10), ("524288", 524288 * 8192), ("", None), ("off", None)],
)
def test_memory_for_caching(snapshot: Snapshot, setting: str, size: int | None) -> None:
    assert memory_bytes(replace(snapshot, settings={"effective_cache_size": setting})) == size


def test_planning_time_grows_with_the_partitions() -> None:
    assert [round(planning_ms(n), 2) for n in (10, 100, 1000)] == [0.04, 0.4, 8.0]
    assert planning_ms(1) < planning_ms(30) < planning_ms(300) < planning_ms(5000)
