"""``check`` from the command line: exit statuses, error lines, outputs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import psycopg
import pytest

from benchmarks.tpch import load, queries
from dbtune.embedded import EmbeddedServer
from dbtune.report.schema import report_schema
from tests.cli.running import Run, dbtune

Here = Callable[..., Run]


@pytest.fixture(scope="module")
def tpch(postgres: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot of TPC-H with two secondary indexes, its 22 queries the workload."""
    url = postgres.create_database("check_tpch")
    load(url, 0.02)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE INDEX lineitem_part ON lineitem (l_partkey)")
        connection.execute("CREATE INDEX lineitem_comment ON lineitem (l_comment)")
    folder = tmp_path_factory.mktemp("tpch")
    (folder / "queries.sql").write_text("".join(f"{text};\n" for text in queries().values()))
    run = dbtune("collect", url, "-w", folder / "queries.sql", "--samples", "-o", folder / "tpch.json.gz")
    assert run.status == 0, run.err
    return folder / "tpch.json.gz"


def test_dropping_a_needed_index_fails_and_names_the_statements(tpch: Path, here: Here, tmp_path: Path) -> None:
    (tmp_path / "1.sql").write_text("SET lock_timeout = '2s';\n\nDROP INDEX lineitem_part;\n")
    run = here("check", tpch, "1.sql", "-o", "found.json", "-o", "found.md")
    assert run.status == 1, run.err
    report = json.loads((tmp_path / "found.json").read_text())
    jsonschema.validate(report, report_schema())
    (found,) = [one for one in report["recommendations"] if one["rule"] == "migration.needed-index"]
    assert found["location"] == {"file": "1.sql", "line": 3}
    named = [one["text"] for one in found["evidence"]["statements"]]
    assert any("p_container" in text for text in named)  # Q17
    assert all(one["cost_after"] > one["cost_before"] for one in found["evidence"]["statements"])
    assert "lineitem_part is dropped" in run.out
    assert "1.sql:3" in (tmp_path / "found.md").read_text()
    assert report["summary"]["cost_after"] > report["summary"]["cost_before"]


def test_dropping_an_index_that_nobody_reads_is_no_failure(tpch: Path, here: Here, tmp_path: Path) -> None:
    (tmp_path / "1.sql").write_text("DROP INDEX CONCURRENTLY lineitem_comment;\n")
    run = here("check", tpch, "1.sql")
    assert (run.status, run.err) == (0, "")
    assert "Nothing found" in run.out


def test_query_on_production_scale(tpch: Path, here: Here, tmp_path: Path) -> None:
    (tmp_path / "new.sql").write_text("SELECT 1;\nSELECT * FROM lineitem WHERE l_suppkey = 5;\n")
    run = here("check", tpch, "--queries", "new.sql", "--format", "json", "--fail-on", "low")
    (found,) = json.loads(run.out)["recommendations"]
    assert (found["rule"], found["location"]["line"]) == ("query.reads-many-rows", 2)
    assert found["sql"]["up"] == ["CREATE INDEX CONCURRENTLY idx_lineitem_l_suppkey ON public.lineitem (l_suppkey)"]
    assert run.status == 1


def test_fail_on(tpch: Path, here: Here, tmp_path: Path) -> None:
    (tmp_path / "1.sql").write_text("ALTER TABLE lineitem ADD COLUMN note text;\n")
    assert here("check", tpch, "1.sql").status == 0
    assert here("check", tpch, "1.sql", "--fail-on", "low").status == 1
    assert here("check", tpch, "1.sql", "--fail-on", "low", "--skip", "migration.lock-timeout").status == 0
    assert here("check", tpch, "1.sql", "--fail-on", "low", "--only", "query").status == 0


ERRORS = {
    "SELECT 1;\nALTER TABLE lineitem\n  ADD COLUM a int;": '1.sql:3: syntax error at or near "int"',
    "-- +goose Down\nDROP TABLE x;": "1.sql:1: no '-- +goose Up' in a file with other annotations of that tool",
    "DROP TABLE x; SELECT 'it": "1.sql:1: a string or a quoted name begins here and does not end",
    "-- nothing\n": "1.sql: no migration to check: there is no statement in it",
    "": "1.sql is empty",
}


@pytest.mark.parametrize(("content", "message"), ERRORS.items())
def test_malformed_migration(tpch: Path, here: Here, tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "1.sql").write_text(content)
    assert here("check", tpch, "1.sql").assert_one_line_error(2) == message


def test_wrong_usage(tpch: Path, here: Here, tmp_path: Path) -> None:
    (tmp_path / "1.sql").write_text("SELECT 1;")
    assert "no such file" in here("check", tpch, "nowhere.sql").assert_one_line_error(2)
    assert "no such file" in here("check", tpch, "--queries", "nowhere.sql").assert_one_line_error(2)
    assert "no rule or group" in here("check", tpch, "1.sql", "--skip", "migration.x").assert_one_line_error(2)
    line = here("check", tpch, "1.sql", "--planner", "explain").assert_one_line_error(2)
    assert line == "FILE and --queries are tried on a server of dbtune's own: --planner explain cannot"
    assert "not to be run" in here("check", tpch, "1.sql", "-o", "x.sql").assert_one_line_error(2)
    line = here("check", "postgresql://nobody@127.0.0.1:1/x", "1.sql").assert_one_line_error(3)
    assert "127.0.0.1" in line


def test_without_files_the_database_is_checked(tpch: Path, here: Here) -> None:
    run = here("check", tpch, "--format", "json", "--only", "index.unused")
    report = json.loads(run.out)
    assert (report["checked"], report["migration"]) == ([], [])
    assert run.status in (0, 1)
