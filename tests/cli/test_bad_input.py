"""Bad input, as users bring it, to the real program: one clear line, the promised status, nothing left behind."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from dbtune.embedded import EmbeddedServer
from tests.cli.running import Run, clean_environment, dbtune

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"

SCHEMA = """
CREATE TABLE customers (id int PRIMARY KEY, email text NOT NULL);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, total numeric, placed date);
INSERT INTO customers SELECT n, 'c' || n || '@example.com' FROM generate_series(1, 2000) n;
INSERT INTO orders SELECT n, n % 2000 + 1, n, date '2024-01-01' + n % 365 FROM generate_series(1, 40000) n;
"""
ANALYZED = SCHEMA + "ANALYZE;"
QUERY = "SELECT * FROM orders WHERE customer_id = 17;"


@pytest.fixture(scope="module")
def password_role(postgres: EmbeddedServer) -> str:
    """A role that the server asks for a password (everybody else is trusted)."""
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("CREATE ROLE cli_guarded LOGIN PASSWORD 'right'")
        rules = Path(str(connection.execute("SHOW hba_file").fetchone()[0]))  # type: ignore[index]
        rules.write_text("local all cli_guarded scram-sha-256\n" + rules.read_text())
        connection.execute("SELECT pg_reload_conf()")
    return "cli_guarded"


def as_role(url: str, role: str) -> str:
    return url.replace("postgresql://postgres@", f"postgresql://{role}@")


def sessions(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dbtune' AND datname = current_database()"
        ).fetchone()
        assert row is not None
        return int(row[0])


def test_unreachable_host() -> None:
    assert "127.0.0.1:1" in dbtune("analyze", NOWHERE).assert_one_line_error(3)


def test_unknown_host() -> None:
    error = dbtune("analyze", "postgresql://u@no-such-host.invalid/db").assert_one_line_error(3)
    assert "no-such-host.invalid" in error


def test_wrong_password_is_not_shown(database: str, password_role: str) -> None:
    url = as_role(database, password_role)
    error = dbtune("analyze", url, env={"PGPASSWORD": "wr0ng"}).assert_one_line_error(3)
    assert "PGPASSWORD" in error
    error += dbtune("analyze", url.replace("@", ":wr0ng@", 1)).assert_one_line_error(3)
    assert "wr0ng" not in error
    assert "password" in dbtune("analyze", url).assert_one_line_error(3)
    assert dbtune("analyze", url, env={"PGPASSWORD": "right"}).status == 0


def test_missing_database(database: str) -> None:
    url = database.replace("@/test_", "@/missing_")
    assert "missing_" in dbtune("analyze", url).assert_one_line_error(3)


def test_no_permission_to_connect(make_database: Callable[..., str]) -> None:
    url = make_database(
        "DO $$ BEGIN CREATE ROLE cli_stranger LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
        "DO $$ BEGIN EXECUTE format('REVOKE CONNECT ON DATABASE %I FROM PUBLIC', current_database()); END $$;"
    )
    assert "CONNECT" in dbtune("analyze", as_role(url, "cli_stranger")).assert_one_line_error(3)


def test_no_privileges_on_the_tables_is_a_limit_and_no_error(make_database: Callable[..., str], tmp_path: Path) -> None:
    url = make_database(
        ANALYZED + "DO $$ BEGIN CREATE ROLE cli_poor LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC;"
    )
    queries = tmp_path / "queries.sql"
    queries.write_text(QUERY)
    run = dbtune("analyze", as_role(url, "cli_poor"), "--workload", queries, "--format", "json")
    assert run.status == 0, run.err
    assert json.loads(run.out)["limits"]


def test_no_statistics_at_all(make_database: Callable[..., str], tmp_path: Path) -> None:
    queries = tmp_path / "queries.sql"
    queries.write_text(QUERY)
    run = dbtune("analyze", make_database(SCHEMA), "--workload", queries)
    assert run.status == 0, run.err
    assert "Traceback" not in run.err


def test_an_empty_database(database: str) -> None:
    run = dbtune("analyze", database)
    assert run.status == 0, run.err
    assert "Nothing to recommend" in run.out


@pytest.mark.parametrize("content", ["", "\n\n", "-- nothing but a comment\n", ";;\n"])
def test_an_empty_workload_file(make_database: Callable[..., str], tmp_path: Path, content: str) -> None:
    queries = tmp_path / "empty.sql"
    queries.write_text(content)
    error = dbtune("analyze", make_database(), "--workload", queries).assert_one_line_error(2)
    assert "empty.sql" in error


def test_a_workload_that_is_no_text(database: str, tmp_path: Path) -> None:
    queries = tmp_path / "binary.sql"
    queries.write_bytes(bytes(range(256)) * 50)
    run = dbtune("analyze", database, "--workload", queries)
    assert run.status in (0, 2), run.err
    assert "Traceback" not in run.err


def test_a_workload_whose_statements_cannot_be_planned_is_reported(
    make_database: Callable[..., str], tmp_path: Path
) -> None:
    queries = tmp_path / "queries.sql"
    queries.write_text(f"SELEC nonsense FROM; SELECT * FROM no_such_table WHERE x = 1; {QUERY}")
    run = dbtune("analyze", make_database(ANALYZED), "--workload", queries, "--format", "json")
    assert run.status == 0, run.err
    report = json.loads(run.out)
    assert len(report["workload"]["skipped"]) == 2
    assert any(r["rule"] == "index.missing" for r in report["recommendations"])


def test_snapshots_that_are_none(tmp_path: Path, here: Callable[..., Run]) -> None:
    for name, content in {
        "empty.json": b"",
        "text.json": b"hello",
        "other.json": b'{"name": "x"}',
        "list.json": b"[1, 2]",
        "broken.json.gz": gzip.compress(b'{"version": 1, "server"')[:-9],
        "broken.json.zst": b"\x28\xb5\x2f\xfd" + b"\x00" * 9,
        "binary.json": bytes(range(256)),
        "deep.json": b"[" * 100_000,
    }.items():
        (tmp_path / name).write_bytes(content)
        assert name in here("analyze", tmp_path / name).assert_one_line_error(2)
    assert "directory" in here("analyze", tmp_path).assert_one_line_error(2)


def test_a_snapshot_from_a_newer_dbtune_and_a_cut_one(make_database: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json"
    assert dbtune("collect", make_database(ANALYZED), "-o", path).status == 0
    assert dbtune("analyze", path).status == 0
    content = json.loads(path.read_text())
    (tmp_path / "newer.json").write_text(json.dumps({**content, "version": 99}))
    error = dbtune("analyze", tmp_path / "newer.json").assert_one_line_error(2)
    assert "newer" in error
    (tmp_path / "cut.json").write_text(path.read_text()[:-100])
    assert "cut.json" in dbtune("analyze", tmp_path / "cut.json").assert_one_line_error(2)


def test_output_that_cannot_be_written_is_told_before_the_work(tmp_path: Path) -> None:
    folder = tmp_path / "report.json"
    folder.mkdir()
    # the target cannot be reached: had the work begun, the status were 3
    assert "regular file" in dbtune("analyze", NOWHERE, "-o", folder).assert_one_line_error(2)


def test_an_interrupted_run_leaves_nothing(make_database: Callable[..., str], tmp_path: Path) -> None:
    url = make_database(ANALYZED)
    queries = tmp_path / "queries.sql"
    queries.write_text("".join(f"SELECT c{n}.* FROM orders c{n} WHERE total = {n};\n" for n in range(400)))
    output = tmp_path / "report.json"
    for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        process = subprocess.Popen(
            [sys.executable, "-m", "dbtune", "-v", "analyze", url, "--workload", str(queries), "-o", str(output)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=clean_environment(TMPDIR=str(tmp_path)),
        )
        assert process.stderr is not None
        while "collect" not in process.stderr.readline():
            assert process.poll() is None
        time.sleep(0.3)
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
        assert process.returncode == status, err
        assert err.splitlines()[-1].endswith("nothing was left behind")
        assert "Traceback" not in err
        assert not output.exists()
        assert sessions(url) == 0
        assert [path.name for path in tmp_path.iterdir()] == ["queries.sql"]


def test_texts_from_the_database_do_not_steer_the_terminal(make_database: Callable[..., str], tmp_path: Path) -> None:
    url = make_database(
        ANALYZED + 'CREATE TABLE "e\x1b[31mvil" AS SELECT id, customer_id FROM orders;'
        'CREATE INDEX "one\x1b[2J" ON "e\x1b[31mvil" (id); CREATE INDEX "two\x07" ON "e\x1b[31mvil" (id); ANALYZE;'
    )
    queries = tmp_path / "queries.sql"
    queries.write_text('SELECT * FROM "e\x1b[31mvil" WHERE customer_id = 17; SELECT * FROM "\x1b[31mmissing";' + QUERY)
    run = dbtune("analyze", "-v", url, "--workload", queries)
    assert run.status == 0, run.err
    assert "\x1b" not in run.out + run.err
    assert "\x07" not in run.out + run.err
