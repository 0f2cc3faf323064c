"""``dbtune collect`` and ``dbtune grants``, as the real program."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from dbtune.collect.snapshot_file import read_snapshot
from tests.cli.running import dbtune

SHOP = """
CREATE TABLE customers (id integer PRIMARY KEY, email text);
INSERT INTO customers SELECT n, 'c' || n || '@example.org' FROM generate_series(1, 500) AS n;
CREATE SCHEMA other; CREATE TABLE other.t (id integer);
ANALYZE;
"""


@pytest.fixture
def shop(make_database: Callable[..., str]) -> str:
    return make_database(SHOP)


def test_collect_writes_a_snapshot_and_says_so(shop: str, tmp_path: Path) -> None:
    path = tmp_path / "shop.json.zst"
    run = dbtune("collect", shop, "-o", path)
    assert run.status == 0, run.err
    assert run.out == ""
    lines = run.err.splitlines()
    assert lines[-1].startswith(f"dbtune: wrote {path} (")
    assert lines[-1].endswith("2 tables, 1 indexes, 0 statements")
    assert "could not see pg_stat_statements: the extension is not installed" in run.err
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    snapshot = read_snapshot(path)
    assert [str(table.name) for table in snapshot.tables] == ["other.t", "customers"]


def test_quiet_says_nothing(shop: str, tmp_path: Path) -> None:
    run = dbtune("collect", shop, "-o", tmp_path / "shop.json", "--quiet")
    assert (run.status, run.out, run.err) == (0, "", "")


def test_workload_schema_and_privacy(shop: str, tmp_path: Path) -> None:
    queries = tmp_path / "queries.sql"
    queries.write_text("SELECT * FROM customers WHERE email = 's3cret@example.org';\n")
    path = tmp_path / "shop.json"
    run = dbtune("collect", shop, "-o", path, "-w", queries, "--schema", "public", "--privacy", "drop")
    assert run.status == 0, run.err
    snapshot = read_snapshot(path)
    assert [str(table.name) for table in snapshot.tables] == ["customers"]
    assert snapshot.privacy == "drop"
    assert [statement.text for statement in snapshot.workload.statements] == [
        "SELECT * FROM customers WHERE email = $1"
    ]
    assert "example.org" not in path.read_text()
    assert dbtune("collect", shop, "-o", path, "-w", queries, "--samples").status == 0
    assert "s3cret" in path.read_text()


def test_a_snapshot_can_be_written_anew(shop: str, tmp_path: Path) -> None:
    first, second = tmp_path / "a.json", tmp_path / "b.json.gz"
    assert dbtune("collect", shop, "-o", first).status == 0
    assert dbtune("collect", first, "-o", second, "--privacy", "hash").status == 0
    assert "example.org" in first.read_text()
    assert read_snapshot(second).privacy == "hash"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-o", "shop.txt"), "a snapshot is written as .json, .json.gz or .json.zst, not as shop.txt"),
        (("-o", "nowhere/shop.json"), "there is no folder nowhere"),
        (("-o", "shop.json", "--schema", "nope"), "there is no schema 'nope'"),
        (("-o", "shop.json", "--statement-timeout", "soon"), "'soon' is no time"),
        (("-o", "shop.json", "--privacy", "some"), "'some'"),
        (("-o", "shop.json", "-w", "none.sql"), "none.sql"),
        ((), "-o"),
    ],
)
def test_wrong_usage(shop: str, tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    assert message in dbtune("collect", shop, *arguments, cwd=tmp_path).assert_one_line_error(2)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "target", ["mysql://me:s3cret@h/d?ssl=maybe", "oracle://me:s3cret@h/d", "postgresql://me:s3cret@h:x/d"]
)
def test_wrong_target(tmp_path: Path, target: str) -> None:
    assert "s3cret" not in dbtune("collect", target, "-o", tmp_path / "a.json").assert_one_line_error(2)


def test_url_from_the_environment(shop: str, tmp_path: Path) -> None:
    path = tmp_path / "shop.json"
    assert dbtune("collect", "-o", path, env={"DBTUNE_URL": shop}).status == 0
    assert read_snapshot(path).server.dialect == "postgres"


def test_grants_run_as_printed(shop: str, tmp_path: Path) -> None:
    run = dbtune("grants", "postgres", "--role", "printed")
    assert run.status == 0
    with psycopg.connect(shop, autocommit=True) as connection:
        connection.execute(run.out)  # type: ignore[call-overload]
    collected = dbtune("collect", shop.replace("postgres@", "printed@"), "-o", tmp_path / "shop.json")
    assert collected.status == 0
    assert "permission" not in collected.err


def test_grants_for_an_unknown_dialect() -> None:
    assert "oracle" in dbtune("grants", "oracle").assert_one_line_error(2)
