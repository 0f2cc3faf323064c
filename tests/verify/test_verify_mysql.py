"""``dbtune verify`` on real servers of MySQL and MariaDB: what it measures, refuses and takes back."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.logs.sql_file import read_sql_file
from dbtune.model.errors import ConnectionFailed, UsageError
from dbtune.model.progress import NoProgress
from dbtune.model.recommendation import Change, Report
from dbtune.model.workload import Statement, Workload
from dbtune.planner.mysql.scratch.host import SCRATCH_URL_VARIABLE
from dbtune.report import json as json_report
from dbtune.rules.mysql_hinting import KEEP_INDEX_OUT
from dbtune.verify import flow, mysql_worlds
from dbtune.verify.flow import LeftBehind, VerifyOptions, verify
from dbtune.verify.measuring import Pace
from tests.cli.running import Run, clean_environment, dbtune
from tests.cli.test_analyze_mysql import BY_EMAIL, NEWEST, SHOP
from tests.rules.mysql.case_files import DATABASE, FOLDER, Case
from tests.servers.filling import fill, url_of
from tests.servers.mysql_sandbox import FLAVOURS, MySQLServer, another

MADE, COPY = "verify_made", "verify_copy"
"""The database that the report is about, and the one that it is measured on."""

WRITE = "DELETE FROM orders WHERE customer_id = 7 AND placed_at > '2026-01-01'"
SCHEMA = f"""{SHOP}
INSERT INTO customers SELECT id + 10000 * d, CONCAT('d', d, email), city FROM customers, digits WHERE d < 6 AND d > 0;
ANALYZE TABLE customers;
"""
QUERIES = f"""
-- calls: 5000
{BY_EMAIL};
-- calls: 3000
{NEWEST};
SELECT count(*) FROM customers;
SELECT status FROM orders WHERE id = 4711;
{WRITE};
"""


@pytest.fixture(scope="module", params=["mysql", "mariadb"])
def server(request: pytest.FixtureRequest) -> MySQLServer:
    found: MySQLServer = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def queries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("workload") / "queries.sql"
    path.write_text(QUERIES)
    return path


@pytest.fixture(scope="module")
def report_text(server: MySQLServer, queries: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a database that stays on the server beside its copies."""
    flavour = FLAVOURS["mysql" if server.family == "mysql" else "mariadb-11.8"]
    url = fill(server, MADE, SCHEMA)
    with another(flavour, tmp_path_factory.mktemp("scratch")) as scratch:
        made = dbtune(
            "analyze", url, "-w", queries, "--sample-rows", "20000", "--format", "json",
            env={SCRATCH_URL_VARIABLE: scratch.url},
        )  # fmt: skip
    assert made.status == 0, made.err
    before = definitions(server, MADE)
    yield made.out
    assert definitions(server, MADE) == before  # whatever was verified, it was not there
    server.run(f"DROP DATABASE {MADE}")


@pytest.fixture
def report(report_text: str, tmp_path: Path) -> Path:
    path = tmp_path / "report.json"
    path.write_text(report_text)
    return path


@pytest.fixture
def copy(server: MySQLServer) -> Iterator[str]:
    yield fill(server, COPY, SCHEMA)
    server.run(f"DROP DATABASE {COPY}")


def definitions(server: MySQLServer, database: str) -> dict[str, list[str]]:
    """The lines of each table's definition, in no order: an index that is built again stands last."""
    found: dict[str, list[str]] = {}
    with server.connect(database) as connection, connection.cursor() as cursor:
        for table in ("customers", "orders"):
            cursor.execute(f"SHOW CREATE TABLE {table}")
            row = cursor.fetchone()
            assert row is not None
            found[table] = sorted(line.strip().rstrip(",") for line in str(row[1]).splitlines())
    return found


def target(url: str) -> DatabaseUrl:
    found = parse_target(url)
    assert isinstance(found, DatabaseUrl)
    return found


def read(report: Path) -> Report:
    return json_report.read(report.read_bytes(), str(report))


def workload(server: MySQLServer, queries: Path) -> Workload:
    return read_sql_file(queries, server.family)


def run(url: str, report: Path, queries: Path, *more: str) -> Run:
    return dbtune("verify", url, report, "--workload", queries, "--staging", "--runs", "2", *more)


def quick(*, force: bool = False) -> VerifyOptions:
    return VerifyOptions(Pace(runs=1), force=force)


def by_text(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["text"]: one for one in found["statements"]}


def test_it_measures_what_was_predicted_and_leaves_nothing(
    server: MySQLServer, copy: str, report: Path, queries: Path
) -> None:
    before = definitions(server, COPY)
    done = run(copy, report, queries, "--format", "json")
    assert done.status == 0, done.err
    found = json.loads(done.out)
    assert definitions(server, COPY) == before
    assert found["dialect"] == server.family and found["database"] == COPY
    looked_up = by_text(found)["SELECT id FROM customers WHERE email = ?"]
    assert looked_up["level"] == "safe" and looked_up["outcome"] != "same plan"
    assert looked_up["ratio"] > 0 and looked_up["before"]["runs"] == 2
    assert looked_up["cost_after"] < looked_up["cost_before"]
    assert by_text(found)["SELECT status FROM orders WHERE id = ?"]["outcome"] == "same plan"
    assert {one["name"].split(".")[1] for one in found["built"]} == {"customers", "orders"}
    assert all(one["bytes"] > 0 and one["error"] is None for one in found["built"])
    (writing,) = found["not_run"]
    assert writing["text"].startswith("DELETE") and "planned only: another plan" in writing["reason"]
    with server.connect(COPY) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM orders")
        assert cursor.fetchone() == (30000,)


def test_the_terminal_says_what_the_prediction_was_worth(
    copy: str, report: Path, queries: Path, tmp_path: Path
) -> None:
    out = tmp_path / "found.json"
    done = run(copy, report, queries, "-o", str(out))
    assert done.status == 0, done.err
    assert re.search(r"called safe (is|are) less than 1.2 times slower", done.out)
    assert "built and dropped again" in done.out
    assert f"{COPY} on M" in done.out
    assert json.loads(out.read_text())["built"]


def test_versions_without_hidden_indexes_build_and_drop(
    server: MySQLServer, copy: str, report: Path, queries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mysql_worlds, "hiding_words", lambda version: None)
    before = definitions(server, COPY)
    found = verify(target(copy), read(report), workload(server, queries), quick(), NoProgress())
    assert definitions(server, COPY) == before
    looked_up = next(one for one in found.statements if "email" in one.text)
    assert looked_up.outcome != "same plan" and looked_up.cost_after is not None


def test_an_index_that_the_user_has_hidden_stays_hidden(
    server: MySQLServer, copy: str, report: Path, queries: Path
) -> None:
    word = "INVISIBLE" if server.family == "mysql" else "IGNORED"
    server.run(f"ALTER TABLE {COPY}.customers ADD INDEX mine (email) {word}")
    before = definitions(server, COPY)
    found = verify(target(copy), read(report), workload(server, queries), quick(), NoProgress())
    assert next(one for one in found.statements if "email" in one.text).outcome != "same plan"  # without: by no index
    assert definitions(server, COPY) == before


def test_it_wants_to_be_told_that_it_is_a_copy(server: MySQLServer, copy: str, report: Path, queries: Path) -> None:
    before = definitions(server, COPY)
    assert "--staging" in dbtune("verify", copy, report, "--workload", queries).assert_one_line_error(2)
    assert definitions(server, COPY) == before


def test_other_sessions_are_a_sign_of_production(server: MySQLServer, copy: str, report: Path, queries: Path) -> None:
    with server.connect(COPY):
        assert "1 other session on the database" in run(copy, report, queries).assert_one_line_error(2)
        assert run(copy, report, queries, "--force").status == 0
    with server.connect(MADE):  # somewhere else
        verify(target(copy), read(report), workload(server, queries), quick(), NoProgress())


def test_without_process_any_other_session_counts(server: MySQLServer, copy: str, report: Path, queries: Path) -> None:
    server.run("CREATE USER stager@'%'", f"GRANT ALL ON {COPY}.* TO stager@'%'")
    mine = url_of(server, COPY, "stager")
    try:
        with server.connect():
            error = run(mine, report, queries).assert_one_line_error(2)
            assert "on the server (without PROCESS" in error
            done = run(mine, report, queries, "--force", "--format", "json")
        assert done.status == 0, done.err
        assert by_text(json.loads(done.out))["SELECT id FROM customers WHERE email = ?"]["outcome"] != "same plan"
    finally:
        server.run("DROP USER stager@'%'")


def test_an_account_that_may_not_build_anything_is_refused(
    server: MySQLServer, copy: str, report: Path, queries: Path
) -> None:
    server.run("CREATE USER looker@'%'", f"GRANT SELECT ON {COPY}.* TO looker@'%'")
    try:
        mine = url_of(server, COPY, "looker")
        error = run(mine, report, queries, "--force").assert_one_line_error(2)
        assert error.startswith("nothing of the report could be built: ") and "ALTER command denied" in error
    finally:
        server.run("DROP USER looker@'%'")


def test_a_server_that_is_read_only_is_taken_for_a_replica(
    server: MySQLServer, copy: str, report: Path, queries: Path
) -> None:
    server.run("SET GLOBAL read_only = 1")
    try:
        assert "on a replica" in run(copy, report, queries, "--force").assert_one_line_error(2)
    finally:
        server.run("SET GLOBAL read_only = 0")


def test_a_server_that_applies_the_changes_of_another_is_a_replica(
    server: MySQLServer, copy: str, report: Path, queries: Path
) -> None:
    if server.family == "mysql":
        server.run("CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = 1", "START REPLICA")
        ending = ("STOP REPLICA", "RESET REPLICA ALL")
    else:
        server.run("CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 1", "START SLAVE")
        ending = ("STOP SLAVE", "RESET SLAVE ALL")
    try:
        assert "on a replica" in run(copy, report, queries, "--force").assert_one_line_error(2)
    finally:
        server.run(*ending)


def test_an_index_of_the_report_that_is_there_is_no_measurement(
    server: MySQLServer, copy: str, report: Path, queries: Path
) -> None:
    name = next(one.object.index for one in read(report).recommendations if one.object.table == "customers")
    server.run(f"ALTER TABLE {COPY}.customers ADD INDEX {name} (city)")
    before = definitions(server, COPY)
    assert f"{COPY}.customers.{name} exists" in run(copy, report, queries).assert_one_line_error(2)
    assert definitions(server, COPY) == before  # somebody else's


def test_wrong_input_is_told_in_one_line(
    server: MySQLServer, copy: str, report: Path, queries: Path, tmp_path: Path
) -> None:
    assert "--with-writes" in run(copy, report, queries, "--with-writes").assert_one_line_error(2)
    assert "is postgres" in dbtune("verify", "postgresql://h/x", report, "--staging").assert_one_line_error(2)
    empty = tmp_path / "empty.json"
    empty.write_text(json_report.write(replace(read(report), recommendations=())))
    assert "nothing to verify" in dbtune("verify", copy, empty, "--staging").assert_one_line_error(2)
    other = json.loads(report.read_text())
    other["target"]["dialect"] = "mariadb" if server.family == "mysql" else "mysql"
    empty.write_text(json.dumps(other))
    assert "and the server runs" in dbtune("verify", copy, empty, "--staging").assert_one_line_error(2)
    empty_one = fill(server, "verify_empty", "CREATE TABLE t (a int)")
    assert "has none of the tables" in run(empty_one, report, queries).assert_one_line_error(2)
    server.run("DROP DATABASE verify_empty")
    assert "there is no database" in run(f"{server.url}nowhere", report, queries).assert_one_line_error(3)


def test_a_database_that_is_no_copy_of_all_that_is_changed_is_refused(server: MySQLServer, report: Path) -> None:
    told = read(report)
    of_several = replace(told, target=replace(told.target, database="another"))
    with pytest.raises(UsageError, match=f"changes {MADE}, which {COPY} is no copy of"):
        verify(target(f"{server.url}{COPY}"), of_several, Workload(), quick(), NoProgress())


def with_dropping(report: Path, *sql: str) -> Report:
    """What the lookup needs is dropped in place of built; the cost is said to fall."""
    told = read(report)
    first = next(one for one in told.recommendations if one.object.table == "customers")
    return replace(told, recommendations=(replace(first, sql=Change(sql)),))


def test_a_statement_slower_than_promised_is_status_one(
    server: MySQLServer, copy: str, report: Path, queries: Path
) -> None:
    server.run(f"ALTER TABLE {COPY}.customers ADD INDEX by_email (email)")
    before = definitions(server, COPY)
    report.write_text(
        json_report.write(with_dropping(report, f"ALTER TABLE `{MADE}`.`customers` DROP INDEX `by_email`"))
    )
    done = run(copy, report, queries)
    assert done.status == 1, done.err
    assert "slower, though the report calls it safe" in done.out
    assert definitions(server, COPY) == before


def test_a_statement_is_run_with_the_hint_that_the_report_recommends(server: MySQLServer, tmp_path: Path) -> None:
    # old and new MariaDB take their plans from other costs than MySQL, which harm no statement of this case
    told = Case(FOLDER / KEEP_INDEX_OUT / "speaks.sql").report(server, tmp_path)
    hinted = [r for r in told.recommendations if r.rule == KEEP_INDEX_OUT]
    assert bool(hinted) == (server.family == "mysql")
    load = read_sql_file(tmp_path / "workload.sql", server.family)
    found = verify(target(server.url + DATABASE), told, load, quick(), NoProgress())
    outcomes = {one.fingerprint: one.outcome for one in found.statements}
    for one in hinted:
        assert {outcomes[statement.fingerprint] for statement in one.evidence.statements} == {"same plan"}


def test_a_table_of_another_engine(server: MySQLServer, copy: str, report: Path, tmp_path: Path) -> None:
    server.run(
        f"CREATE TABLE {COPY}.old (id int PRIMARY KEY, a int, b varchar(90), KEY by_a (a)) ENGINE=MyISAM",
        f"INSERT INTO {COPY}.old SELECT id, id, email FROM {COPY}.customers",
        f"ANALYZE TABLE {COPY}.old",
    )
    told = with_dropping(
        report,
        f"ALTER TABLE `{MADE}`.`old` ADD INDEX `by_b` (`b`), ALGORITHM=COPY, LOCK=SHARED",
        f"ALTER TABLE `{MADE}`.`old` DROP INDEX `by_a`, ALGORITHM=COPY, LOCK=SHARED",
    )
    texts = {"a" * 16: "SELECT id FROM old WHERE a = 77", "b" * 16: "SELECT id FROM old WHERE b = 'c77@example.org'"}
    load = Workload(tuple(Statement(name, text, samples=(text,)) for name, text in texts.items()))
    found = verify(target(copy), told, load, quick(), NoProgress())
    outcomes = {one.fingerprint: one.outcome for one in found.statements if one.fingerprint in texts}
    assert len(outcomes) == 2 and "same plan" not in outcomes.values()
    with server.connect(COPY) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW CREATE TABLE old")
        row = cursor.fetchone()
    assert row is not None and re.search(r"KEY `by_a` \(`a`\)\n", row[1]) and "by_b" not in row[1]


def test_what_is_not_built_is_told(server: MySQLServer, copy: str, report: Path, queries: Path) -> None:
    before = definitions(server, COPY)
    told = with_dropping(
        report,
        f"ALTER TABLE `{MADE}`.`customers` ADD FULLTEXT INDEX `words` (`city`), ALGORITHM=INPLACE, LOCK=SHARED",
        f"ALTER TABLE `{MADE}`.`customers` ADD INDEX `wrong` (`nope`), ALGORITHM=INPLACE, LOCK=NONE",
        f"ALTER TABLE `{MADE}`.`customers` ADD UNIQUE INDEX `twice` (`city`), ALGORITHM=INPLACE, LOCK=NONE",
        f"ALTER TABLE `{MADE}`.`customers` ADD INDEX `right` (`city`), ALGORITHM=INPLACE, LOCK=NONE",
    )
    found = verify(target(copy), told, workload(server, queries), quick(), NoProgress())
    errors = {one.name.split(".")[-1]: one.error or "" for one in found.built}
    assert "hidden column" in errors["words"] and "nope" in errors["wrong"] and "Duplicate" in errors["twice"]
    assert errors["right"] == ""
    assert definitions(server, COPY) == before


def test_statements_that_would_not_only_read_the_copy_are_not_run(
    server: MySQLServer, copy: str, report: Path, tmp_path: Path
) -> None:
    texts = {
        "a" * 16: f"SELECT id FROM {MADE}.customers WHERE email = 'c5@example.org'",
        "b" * 16: f"SELECT id FROM customers INTO OUTFILE '{tmp_path}/written'",
        "c" * 16: "SELECT id FROM customers WHERE email = 'c5@example.org' FOR UPDATE",
        "d" * 16: "SELECT 1; DROP TABLE customers",
        "e" * 16: "DROP TABLE customers",
    }
    load = Workload(tuple(Statement(name, text, samples=(text,)) for name, text in texts.items()))
    found = verify(target(copy), read(report), load, quick(), NoProgress())
    errors = {one.fingerprint[0]: one.error or "" for one in found.statements if one.fingerprint in texts}
    reasons = {one.fingerprint[0]: one.reason for one in found.not_run if one.fingerprint in texts}
    assert "names the database" in errors["a"] and "syntax" in errors["d"]
    assert "planned only" in reasons["c"] and "not a statement that is planned" in reasons["e"]
    assert "b" in errors or "planned only" in reasons["b"]
    assert not (tmp_path / "written").exists()
    assert set(definitions(server, COPY)) == {"customers", "orders"}


def test_a_function_that_writes_is_refused_by_the_server(
    server: MySQLServer, copy: str, report: Path, tmp_path: Path
) -> None:
    server.run(
        "SET GLOBAL log_bin_trust_function_creators = 1",
        f"CREATE FUNCTION {COPY}.writes(n int) RETURNS int MODIFIES SQL DATA "
        f"BEGIN UPDATE {COPY}.customers SET city = 'gone' WHERE id = 1; RETURN n; END",
    )
    text = "SELECT writes(id) FROM customers WHERE email = 'c5@example.org'"
    load = Workload((Statement("a" * 16, text, samples=(text,)),))
    found = verify(target(copy), read(report), load, quick(), NoProgress())
    assert "READ ONLY" in (next(one for one in found.statements if one.fingerprint == "a" * 16).error or "")


def test_a_run_beyond_the_limit_is_told_as_such(server: MySQLServer, copy: str, report: Path, tmp_path: Path) -> None:
    slow = "SELECT id FROM customers WHERE email = 'c77@example.org' AND SLEEP(0.5 + 0 * id) = 0"
    file = tmp_path / "slow.sql"
    file.write_text(f"{slow};")
    options = VerifyOptions(Pace(runs=1, limit_ms=300), force=True)  # a session may be slow to end
    found = verify(target(copy), read(report), workload(server, file), options, NoProgress())
    told = next(one for one in found.statements if "sleep" in one.text)
    assert told.before is not None and told.before.timed_out
    assert told.after is not None and told.after.timed_out
    assert (told.ratio, told.outcome) == (None, "same")


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing(
    server: MySQLServer, copy: str, report: Path, tmp_path: Path, ending: int
) -> None:
    before = definitions(server, COPY)
    slow = tmp_path / "slow.sql"
    slow.write_text("SELECT id FROM customers WHERE email = 'c77@example.org' AND SLEEP(100 + 0 * id) = 0;\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "dbtune", "verify", copy, str(report), "-w", str(slow), "--staging"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment(),
    )  # fmt: skip
    wait_for(lambda: process.poll() is not None or any(str(i).startswith("SELECT id") for _, i in sessions(server)))
    os.kill(process.pid, ending)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + ending
    assert "nothing was left behind" in errors
    assert definitions(server, COPY) == before
    wait_for(lambda: not sessions(server))


def sessions(server: MySQLServer) -> list[tuple[int, object]]:
    """Number and statement of those on the copy."""
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SHOW FULL PROCESSLIST")
        return [(int(row[0]), row[7]) for row in cursor.fetchall() if row[3] == COPY]


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it never came to that")


class Hook:
    """Does something when a step of that name begins."""

    def __init__(self, begins: str, do: Callable[[], object]) -> None:
        self._begins = begins
        self._do = do

    def step(self, text: str, done: int | None = None, total: int | None = None) -> None:
        if text.startswith(self._begins):
            self._do()


def kill_sessions(server: MySQLServer) -> None:
    server.run(*(f"KILL {number}" for number, _ in sessions(server)))


@pytest.mark.parametrize("step", ["planning", "running"])
def test_a_lost_session_leaves_nothing(server: MySQLServer, copy: str, report: Path, queries: Path, step: str) -> None:
    before = definitions(server, COPY)
    hook = Hook(step, lambda: kill_sessions(server))
    with pytest.raises(ConnectionFailed):
        verify(target(copy), read(report), workload(server, queries), quick(), hook)
    assert definitions(server, COPY) == before


def test_what_cannot_be_dropped_is_told_with_its_sql(
    server: MySQLServer, copy: str, report: Path, queries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = definitions(server, COPY)
    monkeypatch.setattr(flow, "FIRST_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(flow, "DROP_ATTEMPTS", 2)
    monkeypatch.setattr(flow, "LOCK_TIMEOUT_MS", 1000)
    with server.connect(COPY) as connection, connection.cursor() as cursor:

        def lock() -> None:
            cursor.execute("START TRANSACTION")
            cursor.execute("SELECT count(*) FROM customers")

        with pytest.raises(LeftBehind) as told:
            verify(target(copy), read(report), workload(server, queries), quick(force=True), Hook("dropping", lock))
    sql = str(told.value).split("run: ")[1]
    assert f"ALTER TABLE `{COPY}`.`customers` DROP INDEX" in sql and "`orders`" not in sql
    server.run(*(statement for statement in sql.split(";") if statement.strip()))
    assert definitions(server, COPY) == before


def test_a_report_without_values_runs_what_needs_none(copy: str, report: Path) -> None:
    done = dbtune("verify", copy, report, "--staging", "--format", "json")
    assert done.status == 0, done.err
    found = json.loads(done.out)
    assert [one["text"] for one in found["statements"]] == ["SELECT count(*) FROM customers"]
    assert any("--workload FILE or --log LOG" in one["reason"] for one in found["not_run"])


def test_values_come_from_a_slow_log_of_the_original(copy: str, report: Path, tmp_path: Path) -> None:
    log = tmp_path / "slow.log"
    log.write_text(
        "# Time: 2024-05-01T10:00:10.000000Z\n# User@Host: app[app] @ localhost []  Id: 5\n"
        "# Query_time: 0.250000  Lock_time: 0.000001 Rows_sent: 1  Rows_examined: 10000\n"
        f"use {MADE};\nSET timestamp=1714557600;\n{BY_EMAIL};\n"
    )
    done = dbtune("verify", copy, report, "--staging", "--log", log, "--format", "json")
    assert done.status == 0, done.err
    timed = [one["text"] for one in json.loads(done.out)["statements"] if one["before"] is not None]
    assert "SELECT id FROM customers WHERE email = ?" in timed
