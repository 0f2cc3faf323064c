"""``dbtune verify`` on a real database: what it measures, what it refuses, and that nothing is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.logs.sql_file import read_sql_file
from dbtune.model.errors import ConnectionFailed
from dbtune.model.progress import NoProgress
from dbtune.model.recommendation import Report
from dbtune.model.workload import Statement, Workload
from dbtune.report import json as json_report
from dbtune.report.verification import as_json
from dbtune.verify import flow
from dbtune.verify.flow import LeftBehind, VerifyOptions, verify
from dbtune.verify.measuring import Pace
from tests.cli.running import Run, clean_environment, dbtune

SCHEMA = """
CREATE TABLE customers (id int PRIMARY KEY, email text NOT NULL);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL, total numeric, note text);
CREATE INDEX orders_total ON orders (total);
CREATE INDEX orders_total_again ON orders (total);
INSERT INTO customers SELECT n, 'c' || n || '@example.com' FROM generate_series(1, 20000) n;
INSERT INTO orders SELECT n, n % 20000 + 1, n % 977, repeat('x', 50) FROM generate_series(1, 100000) n;
ANALYZE;
"""
QUERIES = """
-- calls: 1000
SELECT id, total FROM orders WHERE customer_id = 4711;
SELECT * FROM customers WHERE email = 'c77@example.com';
SELECT count(*) FROM orders;
UPDATE orders SET note = 'changed' WHERE customer_id = 12;
SELECT * FROM orders WHERE total = 5 LIMIT 3;
"""


@pytest.fixture
def database(make_database: Callable[..., str]) -> str:
    return make_database(SCHEMA)


@pytest.fixture(scope="module")
def queries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("workload") / "queries.sql"
    path.write_text(QUERIES)
    return path


@pytest.fixture(scope="module")
def report_text(make_module_database: Callable[[str], str], queries: Path) -> str:
    """The same for every database made of the schema."""
    made = dbtune("analyze", make_module_database(SCHEMA), "--workload", queries, "--format", "json")
    assert made.status == 0, made.err
    return made.out


@pytest.fixture
def report(report_text: str, tmp_path: Path) -> Path:
    path = tmp_path / "report.json"
    path.write_text(report_text)
    return path


def indexes(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {str(name) for (name,) in connection.execute("SELECT relname FROM pg_class WHERE relkind = 'i'")}


def target(url: str) -> DatabaseUrl:
    found = parse_target(url)
    assert isinstance(found, DatabaseUrl)
    return found


def run(url: str, report: Path, queries: Path, *more: str) -> Run:
    return dbtune("verify", url, report, "--workload", queries, "--staging", "--runs", "2", *more)


def test_it_measures_what_was_predicted_and_leaves_nothing(database: str, report: Path, queries: Path) -> None:
    before = indexes(database)
    done = run(database, report, queries, "--format", "json")
    assert done.status == 0, done.err
    found = json.loads(done.out)
    assert indexes(database) == before
    by_text = {one["text"]: one for one in found["statements"]}
    looked_up = by_text["SELECT id, total FROM orders WHERE customer_id = $1"]
    assert (looked_up["level"], looked_up["outcome"]) == ("safe", "faster")
    assert looked_up["ratio"] < 0.5 and looked_up["before"]["runs"] == 2
    assert looked_up["cost_after"] < looked_up["cost_before"]
    assert by_text["SELECT count(*) FROM orders"]["outcome"] == "same plan"
    assert all(one["bytes"] > 0 and one["error"] is None for one in found["built"])
    (writing,) = found["not_run"]
    assert writing["text"].startswith("UPDATE") and "--with-writes" in writing["reason"]


def test_the_terminal_says_what_safe_was_worth(database: str, report: Path, queries: Path, tmp_path: Path) -> None:
    out = tmp_path / "found.json"
    done = run(database, report, queries, "-o", str(out))
    assert done.status == 0, done.err
    assert "called safe are less than 1.2 times slower" in done.out or "called safe is less than" in done.out
    assert "built and dropped again" in done.out
    assert json.loads(out.read_text())["built"]


def test_writes_are_run_on_wish_and_rolled_back(database: str, report: Path, queries: Path) -> None:
    done = run(database, report, queries, "--with-writes", "--format", "json")
    assert done.status == 0, done.err
    updated = next(one for one in json.loads(done.out)["statements"] if one["text"].startswith("UPDATE"))
    assert updated["error"] is None and updated["after"]["runs"] > 0
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM orders WHERE note = 'changed'").fetchone() == (0,)


def test_without_values_a_statement_is_not_run_and_said_so(database: str, report: Path) -> None:
    done = dbtune("verify", database, report, "--staging", "--format", "json")
    assert done.status == 0, done.err
    found = json.loads(done.out)
    assert [one["text"] for one in found["statements"]] == ["SELECT count(*) FROM orders"]  # needs none
    assert any("--workload FILE or --log LOG" in one["reason"] for one in found["not_run"])


def test_values_come_from_a_log_too(database: str, report: Path, tmp_path: Path) -> None:
    log = tmp_path / "postgresql.log"
    moment = "2026-11-24 06:00:00.000 UTC [4711] app@shop LOG:  duration: 9.1 ms  statement: "
    log.write_text(f"{moment}SELECT id, total FROM orders WHERE customer_id = 4711\n")
    made = json.loads(report.read_text())
    made["target"]["database"] = "shop"  # the log names it; the copy is called something else
    report.write_text(json.dumps(made))
    done = dbtune("verify", database, report, "--staging", "--log", log, "--format", "json")
    assert done.status == 0, done.err
    timed = [one["text"] for one in json.loads(done.out)["statements"] if one["before"] is not None]
    assert timed == ["SELECT id, total FROM orders WHERE customer_id = $1"]


def test_it_wants_to_be_told_that_it_is_a_copy(database: str, report: Path, queries: Path) -> None:
    before = indexes(database)
    done = dbtune("verify", database, report, "--workload", queries)
    assert "--staging" in done.assert_one_line_error(2)
    assert indexes(database) == before


def test_other_sessions_are_a_sign_of_production(database: str, report: Path, queries: Path) -> None:
    with psycopg.connect(database):
        done = run(database, report, queries)
        assert "1 other session on the database" in done.assert_one_line_error(2)
        assert run(database, report, queries, "--force").status == 0


def test_an_index_of_the_report_that_is_there_is_no_measurement(database: str, report: Path, queries: Path) -> None:
    name = next(one.object.index for one in read(report).recommendations if one.rule == "index.missing")
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"CREATE INDEX {name} ON orders (note)".encode())
    error = run(database, report, queries).assert_one_line_error(2)
    assert f"public.{name} exists" in error
    assert name in indexes(database)  # somebody else's


def test_wrong_input_is_told_in_one_line(database: str, report: Path, tmp_path: Path) -> None:
    assert "not a report" in dbtune("verify", database, __file__, "--staging").assert_one_line_error(2)
    assert "needs the URL" in dbtune("verify", report, report, "--staging").assert_one_line_error(2)
    empty = tmp_path / "empty.json"
    empty.write_text(json_report.write(replace(read(report), recommendations=())))
    assert "nothing to verify" in dbtune("verify", database, empty, "--staging").assert_one_line_error(2)


def test_a_statement_slower_than_called_is_status_one(database: str, report: Path, queries: Path) -> None:
    """A report that calls a bad index's plan safe: the copy's data are others than those it was made for."""
    wrong = json.loads(report.read_text())
    for one in wrong["recommendations"]:
        one["sql"]["up"] = [sql for sql in one["sql"]["up"] if sql.startswith("DROP")]
    # what the lookup needs is dropped in place of built
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE INDEX by_customer ON orders (customer_id)")
    wrong["recommendations"][0]["sql"]["up"] = ["DROP INDEX CONCURRENTLY IF EXISTS public.by_customer"]
    report.write_text(json.dumps(wrong))
    done = run(database, report, queries)
    assert done.status == 1, done.err
    assert "slower, though the report calls it safe" in done.out
    assert "by_customer" in indexes(database)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing(database: str, report: Path, tmp_path: Path, ending: int) -> None:
    before = indexes(database)
    slow = tmp_path / "slow.sql"
    slow.write_text("SELECT count(*), pg_sleep(0.2) FROM orders WHERE customer_id = 5 AND pg_sleep(100) IS NULL;\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "dbtune", "verify", database, str(report), "-w", str(slow), "--staging", "--force"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment(),
    )  # fmt: skip
    with psycopg.connect(database, autocommit=True) as watching:
        wait_for(watching, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT count(*), pg_sleep%'")
    os.kill(process.pid, ending)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + ending
    assert "nothing was left behind" in errors
    assert indexes(database) == before


def wait_for(connection: psycopg.Connection, sql: str) -> None:
    for _ in range(600):
        row = connection.execute(sql.encode()).fetchone()
        if row is not None and row[0]:
            return
        time.sleep(0.05)
    raise AssertionError(f"never: {sql}")


def test_a_lost_session_leaves_nothing(database: str, report: Path, queries: Path) -> None:
    before = indexes(database)
    with pytest.raises(ConnectionFailed):
        verify(target(database), read(report), workload(queries), quick(force=True), Killer(database))
    assert indexes(database) == before


def test_what_cannot_be_dropped_is_told_with_its_sql(
    database: str, report: Path, queries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow, "FIRST_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(flow, "LOCK_TIMEOUT_MS", 50)
    with pytest.raises(LeftBehind) as told, psycopg.connect(database) as locking:
        verify(target(database), read(report), workload(queries), quick(force=True), Locker(locking))
    assert "DROP INDEX IF EXISTS public." in str(told.value)
    with psycopg.connect(database, autocommit=True) as connection:
        for sql in str(told.value).split("run: ")[1].split(";"):
            if sql.strip():
                connection.execute(sql.encode())
    assert indexes(database) >= {"orders_total"}


def test_one_text_is_one_statement(database: str, report: Path, tmp_path: Path) -> None:
    evil = "SELECT 1; COMMIT; DROP TABLE customers"
    load = Workload((Statement("ab" * 8, evil, samples=(evil,)),))
    found = verify(target(database), read(report), load, quick(), NoProgress())
    told = next(one for one in found.statements if one.fingerprint == "ab" * 8)
    assert told.error is not None and "multiple commands" in told.error
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM customers").fetchone() == (20000,)
    assert json.loads(as_json(found))["statements"]


def test_a_run_beyond_the_limit_is_told_as_such(database: str, report: Path, tmp_path: Path) -> None:
    text = "SELECT count(*) FROM orders WHERE customer_id = 5 AND pg_sleep(0.3) IS NOT NULL"
    file = tmp_path / "slow.sql"
    file.write_text(f"{text};")
    options = VerifyOptions(Pace(runs=1, limit_ms=200), force=True)  # a session may be slow to end
    found = verify(target(database), read(report), workload(file), options, NoProgress())
    slow = next(one for one in found.statements if "pg_sleep" in one.text)
    assert slow.before is not None and slow.before.timed_out
    assert slow.after is not None and slow.after.timed_out
    assert (slow.ratio, slow.outcome) == (None, "same")


class Killer:
    """Ends the other sessions of the database as soon as statements are run."""

    def __init__(self, url: str) -> None:
        self._url = url

    def step(self, text: str, done: int | None = None, total: int | None = None) -> None:
        if text.startswith("running"):
            with psycopg.connect(self._url, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dbtune'"
                    " AND datname = current_database()"
                )


class Locker:
    """Takes a lock on what was built, before it is dropped."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def step(self, text: str, done: int | None = None, total: int | None = None) -> None:
        if text.startswith("dropping"):
            self._connection.execute("LOCK TABLE orders, customers IN ACCESS SHARE MODE")


def quick(*, force: bool = False) -> VerifyOptions:
    return VerifyOptions(Pace(runs=1, least=1), force=force)


def read(path: Path) -> Report:
    return json_report.read(path.read_bytes())


def workload(path: Path) -> Workload:
    return read_sql_file(path)
