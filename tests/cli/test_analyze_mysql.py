"""``analyze`` and ``explain`` on MySQL and MariaDB, from the target to SQL that the server runs there and back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dbtune.planner.mysql.scratch.host import SCRATCH_URL_VARIABLE
from dbtune.report.schema import report_schema
from dbtune.sql.splitting import split_statements
from tests.cli.running import Run, dbtune
from tests.servers.filling import fill, url_of
from tests.servers.mysql_sandbox import FLAVOURS, MySQLServer, another

Analyze = Callable[..., Run]

SHOP = """
CREATE TABLE digits (d int NOT NULL PRIMARY KEY);
INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
CREATE TABLE customers (id int NOT NULL PRIMARY KEY, email varchar(100) NOT NULL, city varchar(40) NOT NULL);
CREATE TABLE orders (
    id int NOT NULL PRIMARY KEY, customer_id int NOT NULL, status varchar(20) NOT NULL, placed_at datetime NOT NULL,
    total int NOT NULL, CONSTRAINT by_customer FOREIGN KEY (customer_id) REFERENCES customers (id)
);
INSERT INTO customers
SELECT n, CONCAT('c', n, '@example.org'), CONCAT('city ', n % 50)
FROM (SELECT 1 + a.d + 10 * b.d + 100 * c.d + 1000 * d.d AS n FROM digits a, digits b, digits c, digits d) AS numbers;
INSERT INTO orders
SELECT n, 1 + n % 20, ELT(1 + n % 4, 'open', 'done', 'done', 'done'), TIMESTAMP('2024-01-01') + INTERVAL n MINUTE,
    n % 977
FROM (
    SELECT a.d + 10 * b.d + 100 * c.d + 1000 * d.d + 10000 * e.d AS n
    FROM digits a, digits b, digits c, digits d, (SELECT d FROM digits WHERE d < 3) e
) AS numbers;
ANALYZE TABLE customers, orders;
"""
BY_EMAIL = "SELECT id FROM customers WHERE email = 'c77@example.org'"
NEWEST = "SELECT id, total FROM orders WHERE customer_id = 7 ORDER BY placed_at DESC LIMIT 10"
QUERIES = f"""
-- calls: 5000
{BY_EMAIL};
-- calls: 3000
{NEWEST};
-- calls: 800
SELECT id, status FROM orders WHERE id = 4711;
-- calls: 900
UPDATE orders SET status = 'done' WHERE id = 12;
"""


@pytest.fixture(scope="module", params=["mysql", "mariadb"])
def server(request: pytest.FixtureRequest) -> MySQLServer:
    found: MySQLServer = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def shop(server: MySQLServer) -> Iterator[str]:
    """URL of a shop that lacks two indexes."""
    yield fill(server, "cli_advice", SHOP)
    server.run("DROP DATABASE cli_advice")


@pytest.fixture(scope="module")
def analyze(server: MySQLServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Analyze]:
    """``dbtune`` with a second server to plan on."""
    flavour = FLAVOURS["mysql" if server.family == "mysql" else "mariadb-11.8"]
    with another(flavour, tmp_path_factory.mktemp("scratch")) as scratch:

        def run(*arguments: str | Path) -> Run:
            return dbtune(*arguments, env={SCRATCH_URL_VARIABLE: scratch.url})

        yield run


@pytest.fixture
def queries(tmp_path: Path) -> Path:
    path = tmp_path / "queries.sql"
    path.write_text(QUERIES)
    return path


def keys_of(report: dict[str, Any]) -> dict[str, list[str]]:
    """Table to the first columns of the new indexes on it."""
    found: dict[str, list[str]] = {}
    for one in report["recommendations"]:
        if one["rule"] == "index.missing":
            found.setdefault(one["object"]["table"], []).append(",".join(one["object"]["columns"]))
    return found


def test_from_a_file_to_sql_that_runs_both_ways(
    analyze: Analyze, server: MySQLServer, shop: str, queries: Path, tmp_path: Path
) -> None:
    names = ("report.json", "advice.sql", "advice.down.sql", "report.md")
    files = [argument for name in names for argument in ("-o", tmp_path / name)]
    run = analyze("analyze", shop, "-w", queries, "--sample-rows", "20000", *files)
    assert run.status == 0, run.err
    report = json.loads((tmp_path / "report.json").read_text())
    jsonschema.validate(report, report_schema())
    assert report["target"]["planner"].startswith("scratch (")
    found = keys_of(report)
    assert found["customers"] == ["email"]
    (columns,) = found["orders"]
    assert columns.startswith("customer_id,placed_at")
    assert {one["evidence"]["confidence"] for one in report["recommendations"] if one["rule"] == "index.missing"} == {
        "proven"
    }
    assert {one["risk"]["level"] for one in report["workload"]["changed"]} == {"safe"}
    assert not report["workload"]["skipped"]
    assert "plans are safe" in run.out or "plan is safe" in run.out
    assert "dbtune verify URL report.json" in " ".join(run.out.split())

    before = indexes(server)
    there, back = ((tmp_path / name).read_text() for name in ("advice.sql", "advice.down.sql"))
    assert "c77@example.org" not in there + (tmp_path / "report.json").read_text()
    assert "LOCK=NONE" in there and "psql" not in there
    server.run("USE cli_advice", *split_statements(there, "mysql"))
    after = indexes(server)
    assert len(after) > len(before)
    # the index that the server made for the foreign key went openly, and the way back makes it again
    assert report["summary"]["dropped_index_bytes"] > 0
    assert ("orders", "by_customer", "customer_id") not in after
    server.run("USE cli_advice", *split_statements(back, "mysql"))
    assert indexes(server) == before


def indexes(server: MySQLServer) -> set[tuple[str, str, str]]:
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT TABLE_NAME, INDEX_NAME, GROUP_CONCAT(COLUMN_NAME ORDER BY SEQ_IN_INDEX)"
            " FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = 'cli_advice' GROUP BY TABLE_NAME, INDEX_NAME"
        )
        return {(str(table), str(name), str(columns)) for table, name, columns in cursor.fetchall()}


def test_a_snapshot_and_rows_made_from_statistics(analyze: Analyze, shop: str, queries: Path, tmp_path: Path) -> None:
    snapshot, report = tmp_path / "shop.json", tmp_path / "report.json"
    assert analyze("collect", shop, "-o", snapshot).status == 0
    run = analyze("analyze", snapshot, "-w", queries, "-o", report)
    assert run.status == 0, run.err
    told = json.loads(report.read_text())
    assert "email" in keys_of(told)["customers"]
    # nothing is known of the values of e-mail addresses
    (one,) = [
        r for r in told["recommendations"] if r["object"]["table"] == "customers" and r["rule"] == "index.missing"
    ]
    assert one["evidence"]["confidence"] == "estimated"


def test_without_a_scratch_server_it_is_estimated(shop: str, queries: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    run = dbtune("analyze", shop, "-w", queries, "--planner", "explain", "-o", report)
    assert run.status == 0, run.err
    told = json.loads(report.read_text())
    assert told["target"]["planner"] == "explain"
    assert "email" in keys_of(told)["customers"]
    assert {r["evidence"]["confidence"] for r in told["recommendations"] if r["rule"] == "index.missing"} == {
        "estimated"
    }
    assert any("there is no scratch server" in limit["why"] for limit in told["limits"])


def test_the_slow_log_is_a_workload(analyze: Analyze, server: MySQLServer, shop: str, tmp_path: Path) -> None:
    log = tmp_path / "slow.log"
    log.write_text(
        "".join(
            f"# Time: 2024-05-01T10:00:{second:02}.000000Z\n# User@Host: app[app] @ localhost []  Id: 5\n"
            "# Query_time: 0.250000  Lock_time: 0.000001 Rows_sent: 1  Rows_examined: 10000\n"
            f"use cli_advice;\nSET timestamp=1714557600;\n{BY_EMAIL.replace('77', str(second))};\n"
            for second in range(10, 40)
        )
    )
    report = tmp_path / "report.json"
    run = analyze("analyze", shop, "--log", log, "--sample-rows", "20000", "-o", report)
    assert run.status == 0, run.err
    told = json.loads(report.read_text())
    assert told["workload"]["calls"] == 30
    assert keys_of(told) == {"customers": ["email"]}


def test_performance_schema_is_a_workload(analyze: Analyze, server: MySQLServer, shop: str, tmp_path: Path) -> None:
    server.run(
        "UPDATE performance_schema.setup_consumers SET ENABLED = 'YES' WHERE NAME LIKE '%digest%'",
        "TRUNCATE performance_schema.events_statements_summary_by_digest",
    )
    ranged = "SELECT id FROM orders WHERE total > 900 AND status = 'open'"
    with server.connect("cli_advice") as connection, connection.cursor() as cursor:
        for number in range(20):
            cursor.execute(BY_EMAIL.replace("77", str(100 + number)))
        cursor.execute(ranged)
    report = tmp_path / "report.json"
    run = analyze("analyze", shop, "--sample-rows", "20000", "-o", report)
    assert run.status == 0, run.err
    told = json.loads(report.read_text())
    assert "email" in keys_of(told)["customers"]
    skipped = {one["text"].replace("`", ""): one["reason"] for one in told["workload"]["skipped"]}
    if server.family == "mariadb":  # keeps no samples: no histogram tells where the range may be
        (reason,) = [reason for text, reason in skipped.items() if "total > ?" in text]
        assert "values are not known" in reason
    else:
        assert not any("total > ?" in text for text in skipped)


def test_without_a_workload_it_says_what_this_server_needs(server: MySQLServer) -> None:
    url = fill(server, "cli_idle", "CREATE TABLE t (id int PRIMARY KEY);")
    try:
        run = dbtune("analyze", url, "--planner", "explain")
    finally:
        server.run("DROP DATABASE cli_idle")
    assert run.status == 0
    assert "performance_schema" in run.err and "performance_schema" in run.out
    assert "pg_stat_statements" not in run.err + run.out


def test_explain_tells_what_would_help(analyze: Analyze, shop: str) -> None:
    run = analyze("explain", shop, BY_EMAIL, "--sample-rows", "20000")
    assert run.status == 0, run.err
    assert re.search(r"ADD INDEX `\w+` \(`email`\)", run.out)
    assert "cannot be planned" in analyze("explain", shop, "SELECT * FROM nothing").assert_one_line_error(2)


def test_what_cannot_be_meant_is_told_in_one_line(
    analyze: Analyze, server: MySQLServer, shop: str, queries: Path, tmp_path: Path
) -> None:
    snapshot = tmp_path / "shop.json"
    assert analyze("collect", shop, "-o", snapshot).status == 0
    assert "has no rows" in analyze("analyze", snapshot, "--sample-rows", "5").assert_one_line_error(2)
    assert "is for Postgres" in analyze("analyze", shop, "--planner", "shadow").assert_one_line_error(2)
    assert "the target itself" in analyze("analyze", shop, "--scratch", shop).assert_one_line_error(2)
    same = url_of(server, "mysql", server.user, server.password)
    told = analyze("analyze", shop, "-w", queries, "--scratch", same).assert_one_line_error(2)
    assert "has a database cli_advice already" in told
    gone = analyze("analyze", shop, "-w", queries, "--scratch", f"{server.family}://root@127.0.0.1:1/")
    assert "scratch server cannot be used" in gone.assert_one_line_error(2)
