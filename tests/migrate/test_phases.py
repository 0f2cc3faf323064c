"""A change in phases becomes a migration for each, which run there and back one after the other."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg

from dbtune.migrate.flow import Wishes, propose
from dbtune.migrate.planning import plan
from dbtune.migrate.writing import write_all
from dbtune.model.names import QualifiedName
from dbtune.model.partitioning import Part, PartitionScheme, Width
from dbtune.model.recommendation import Evidence, Recommendation, Subject
from dbtune.planner.partitions.axis import Axis
from dbtune.planner.partitions.ranges import range_scheme
from dbtune.rules.partition_plan import change_of
from tests.migrate.reports import report
from tests.rules.case_files import run_sql, snapshot_of

VISITS = QualifiedName("public", "visits")

SCHEMA = """
CREATE TABLE visits (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, on_day date NOT NULL, page text);
INSERT INTO visits (on_day, page) SELECT date '2020-01-01' + i % 700, 'p' || i % 9 FROM generate_series(1, 3000) i;
CREATE INDEX visits_page ON visits (page);
ANALYZE;
"""


def test_a_migration_for_each_phase(make_database: Callable[..., str], tmp_path: Path) -> None:
    url = make_database()
    run_sql(url, SCHEMA)
    snapshot = snapshot_of(url)
    table = snapshot.table(VISITS)
    assert table is not None
    axis = Axis("date")
    ends = axis.point("2020-01-01"), axis.point("2024-01-01")
    assert ends[0] is not None and ends[1] is not None
    change = change_of(snapshot, table, range_scheme(VISITS, "on_day", axis, Width("year"), *ends))
    one = Recommendation(
        "1234567890abcdef",
        "partition.missing",
        "partition",
        "high",
        "Partition visits by year",
        Subject("public", "visits", ("on_day",)),
        "It asks for years.",
        Evidence("proven"),
        change,
    )
    migrations = plan(replace(report(), recommendations=(one,))).migrations
    assert [migration.name for migration in migrations] == [
        "partition_visits_1_check",
        "partition_visits_2_validate",
        "partition_visits_3_key",
        "partition_visits_4_swap",
        "partition_visits_5_analyze",
        "partition_visits_6_tidy",
        "partition_visits_7_split_prepare",
        "partition_visits_8_split_copy",
        "partition_visits_9_split_switch",
        "partition_visits_10_split_analyze",
    ], "the phase without a way back is no migration"
    write_all(propose(replace(report(), recommendations=(one,)), Wishes(tmp_path, "sql")).output.files)
    files = sorted(map(str, tmp_path.glob("*.sql")))
    assert len(files) == 2 * len(migrations)
    squawk = [Path(sys.executable).with_name("squawk"), "--reporter=Json", *files]
    done = subprocess.run(squawk, capture_output=True, text=True, check=False, timeout=60)
    assert [(found["file"], found["rule_name"]) for found in json.loads(done.stdout or "[]")] == [], done.stderr
    assert len({migration.fingerprint for migration in migrations}) == len(migrations)
    with psycopg.connect(url, autocommit=True) as connection:
        for migration in migrations:
            for statement in migration.up.statements:
                connection.execute(statement.encode())
        assert connection.execute("SELECT count(*) FROM visits_p20200101").fetchone() == (1664,)
        assert connection.execute("SELECT count(*) FROM visits").fetchone() == (3000,)
        for migration in reversed(migrations):
            for statement in migration.down.statements:
                connection.execute(statement.encode())
    after = snapshot_of(url).table(VISITS)
    assert after is not None and after.kind == "table"
    assert after.attachments == table.attachments
    assert sorted(map(repr, after.constraints)) == sorted(map(repr, table.constraints))
    assert {index.identity for index in after.indexes} == {index.identity for index in table.indexes}
    assert [replace(c, statistics=None) for c in after.columns] == [replace(c, statistics=None) for c in table.columns]


def test_a_table_that_is_copied_into_hashes(make_database: Callable[..., str], tmp_path: Path) -> None:
    url = make_database()
    run_sql(url, SCHEMA)
    snapshot = snapshot_of(url)
    table = snapshot.table(VISITS)
    assert table is not None
    scheme = PartitionScheme(VISITS, "id", "hash", tuple(Part(f"visits_p{n}", remainder=n) for n in range(4)))
    one = Recommendation(
        "1234567890abcdef",
        "partition.missing",
        "partition",
        "high",
        "Partition visits by hash of id",
        Subject("public", "visits", ("id",)),
        "It asks for single ones.",
        Evidence("proven"),
        change_of(snapshot, table, scheme),
    )
    migrations = plan(replace(report(), recommendations=(one,))).migrations
    names = [migration.name for migration in migrations]
    assert names == [f"partition_visits_{n}" for n in ("1_prepare", "2_copy", "3_switch", "4_analyze")]
    write_all(propose(replace(report(), recommendations=(one,)), Wishes(tmp_path, "sql")).output.files)
    squawk = [Path(sys.executable).with_name("squawk"), "--reporter=Json", *sorted(map(str, tmp_path.glob("*.sql")))]
    done = subprocess.run(squawk, capture_output=True, text=True, check=False, timeout=60)
    assert [(found["file"], found["rule_name"]) for found in json.loads(done.stdout or "[]")] == [], done.stderr
    with psycopg.connect(url, autocommit=True) as connection:
        for migration in migrations:
            for statement in migration.up.statements:
                connection.execute(statement.encode())
        for migration in reversed(migrations):
            for statement in migration.down.statements:
                connection.execute(statement.encode())
        kind = connection.execute("SELECT relkind::text FROM pg_class WHERE oid = 'visits'::regclass").fetchone()
        assert kind == ("r",)
        assert connection.execute("SELECT count(*) FROM visits").fetchone() == (3000,)
