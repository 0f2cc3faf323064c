"""``dbtune collect`` and ``dbtune grants`` on MySQL and MariaDB."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dbtune.collect.snapshot_file import read_snapshot
from dbtune.sql.fingerprint import fingerprint
from dbtune.sql.splitting import split_statements
from tests.cli.running import Run
from tests.servers.filling import fill, url_of
from tests.servers.mysql_sandbox import MySQLServer

SHOP = """
CREATE TABLE customers (id int PRIMARY KEY, email varchar(100), country char(2), KEY country (country));
INSERT INTO customers
WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 500)
SELECT n, concat('c', n, '@example.org'), elt(1 + n MOD 2, 'DE', 'FR') FROM n;
ANALYZE TABLE customers;
"""


@pytest.fixture
def shop(any_mysql: MySQLServer) -> str:
    return fill(any_mysql, "cli_shop", SHOP)


def test_collect_writes_a_snapshot_and_says_so(
    here: Callable[..., Run], shop: str, any_mysql: MySQLServer, tmp_path: Path
) -> None:
    path = tmp_path / "shop.json.zst"
    run = here("collect", shop, "-o", path)
    assert run.status == 0, run.err
    assert run.out == ""
    server = "MySQL" if any_mysql.family == "mysql" else "MariaDB"
    assert f"cli_shop on {server} " in run.err.splitlines()[-1]
    assert "1 tables, 2 indexes" in run.err.splitlines()[-1]
    snapshot = read_snapshot(path)
    assert snapshot.server.dialect == any_mysql.family
    again = tmp_path / "again.json"
    assert here("collect", path, "-o", again).status == 0
    assert read_snapshot(again).tables == snapshot.tables


def test_workload_of_a_file_in_its_own_dialect(here: Callable[..., Run], shop: str, tmp_path: Path) -> None:
    queries = tmp_path / "queries.sql"
    queries.write_text(
        '-- calls: 12\nSELECT `id` FROM customers WHERE email = "it\'s; s3cret"; # a comment; with a semicolon\n'
        "USE cli_shop;\nUPDATE customers SET email = 'a\\';b' WHERE id = 1;\n"
    )
    path = tmp_path / "shop.json"
    assert here("collect", shop, "-o", path, "-w", queries).status == 0
    first, second = read_snapshot(path).workload.statements
    assert first.fingerprint == fingerprint("select id from customers where email = 'x'", "mysql")
    assert first.calls == 12
    assert second.text == "UPDATE customers SET email = ? WHERE id = ?"
    assert "s3cret" not in path.read_text()
    assert here("collect", shop, "-o", path, "-w", queries, "--samples").status == 0
    assert "s3cret" in path.read_text()


def test_workload_of_a_slow_log(here: Callable[..., Run], shop: str, tmp_path: Path) -> None:
    log = tmp_path / "slow.log"
    log.write_text(
        "# Time: 2025-01-31T12:00:00.000000Z\n# User@Host: app[app] @ localhost []  Id:     8\n"
        "# Query_time: 0.500000  Lock_time: 0.000000 Rows_sent: 1  Rows_examined: 500\n"
        "use cli_shop;\nSET timestamp=1738324800;\nSELECT * FROM customers WHERE email = 's3cret';\n"
        "# Query_time: 0.100000  Lock_time: 0.000000 Rows_sent: 1  Rows_examined: 5\n"
        "SET timestamp=1738324801;\nSELECT TABLE_NAME FROM information_schema.TABLES;\n"
        "# Query_time: 0.100000  Lock_time: 0.000000 Rows_sent: 0  Rows_examined: 0\n"
        "SET timestamp=1738324801;\nFLUSH TABLES;\n"
    )
    path = tmp_path / "shop.json"
    run = here("collect", shop, "-o", path, "--log", log)
    assert run.status == 0, run.err
    (one,) = read_snapshot(path).workload.statements
    assert one.fingerprint == fingerprint("SELECT * FROM customers WHERE email = ?", "mysql")
    assert one.total_ms == pytest.approx(500)
    assert "s3cret" not in path.read_text()


def test_samples_of_the_server_and_privacy(here: Callable[..., Run], mysql: MySQLServer, tmp_path: Path) -> None:
    shop = fill(mysql, "cli_private", SHOP, "ANALYZE TABLE customers UPDATE HISTOGRAM ON email WITH 8 BUCKETS")
    with mysql.connect("cli_private") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id FROM customers WHERE email = 's3cret'")
    path = tmp_path / "shop.json"
    for arguments, samples, values in (
        ((), False, True),
        (("--samples",), True, True),
        (("--samples", "--privacy", "hash"), False, False),
        (("--privacy", "drop"), False, False),
    ):
        assert here("collect", shop, "-o", path, *arguments).status == 0
        assert ("s3cret" in path.read_text()) is samples
        assert ("@example.org" in path.read_text()) is values
        assert any("`id`" in s.text or "SELECT id" in s.text for s in read_snapshot(path).workload.statements)


def test_password_is_not_shown(here: Callable[..., Run], any_mysql: MySQLServer, tmp_path: Path) -> None:
    wrong = url_of(any_mysql, "cli_shop", "nobody_here", "s3cret")
    for arguments in ((), ("--verbose",)):
        run = here("collect", wrong, "-o", tmp_path / "a.json", *arguments)
        assert run.status == 3
        assert "refused the password of 'nobody_here'" in run.err
        assert "s3cret" not in run.err + run.out


def test_wrong_places(here: Callable[..., Run], any_mysql: MySQLServer, tmp_path: Path) -> None:
    there = f"{any_mysql.host}:{any_mysql.port}"
    for url, status, message in (
        (f"mysql://{any_mysql.user}@{there}/nowhere", 3, "there is no database 'nowhere'"),
        (f"mysql://{any_mysql.user}@127.0.0.1:1/d", 3, "nothing listens at 127.0.0.1:1"),
        (f"mysql://{any_mysql.user}@{there}/d?ssl-mode=perhaps", 2, "ssl-mode=perhaps is not known"),
        (f"mysql://{any_mysql.user}@{there}/mysql?defaults-file=/nonexistent/my.cnf", 2, "no option file"),
    ):
        assert message in here("collect", url, "-o", tmp_path / "a.json").assert_one_line_error(status)


def test_grants_run_as_printed(
    here: Callable[..., Run], shop: str, any_mysql: MySQLServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = here("grants", any_mysql.family, "--schema", "cli_shop", "--role", "printed", "--host", "127.0.0.1")
    assert run.status == 0, run.err
    any_mysql.run("DROP USER IF EXISTS printed@'127.0.0.1'", *split_statements(run.out, "mysql"))
    any_mysql.run("ALTER USER printed@'127.0.0.1' IDENTIFIED BY 'let me in' ACCOUNT UNLOCK")
    url = url_of(any_mysql, "cli_shop", "printed")
    monkeypatch.setenv("MYSQL_PWD", "let me in")
    collected = here("collect", url, "-o", tmp_path / "shop.json")
    assert collected.status == 0, collected.err
    assert "could not see" not in collected.err


def test_grants_that_cannot_be_printed(here: Callable[..., Run]) -> None:
    assert "name the databases" in here("grants", "mysql").assert_one_line_error(2)
    assert "--narrow is for Postgres" in here("grants", "mariadb", "--schema", "a", "--narrow").assert_one_line_error(2)


def test_what_is_not_there_yet_is_told(here: Callable[..., Run], shop: str) -> None:
    assert "on Postgres only" in here("analyze", shop, "--explain-analyze").assert_one_line_error(2)
