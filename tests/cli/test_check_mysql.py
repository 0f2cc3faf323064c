"""``check`` on MySQL and MariaDB from the command line: exit statuses, error lines, outputs, what is left behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from dbtune.report.schema import report_schema
from tests.cli.running import Run, dbtune
from tests.servers.filling import fill
from tests.servers.mysql_sandbox import FLAVOURS, MySQLServer, another

Here = Callable[..., Run]

SHOP = (Path(__file__).parents[1] / "check" / "mysql" / "shop.sql").read_text()
WORKLOAD = """
-- calls: 1000
SELECT count(*) FROM orders WHERE placed > '2025-03-09';
-- calls: 50000
SELECT * FROM orders WHERE customer_id = 123;
"""
DROPS = "-- a comment\n\nALTER TABLE `orders` DROP INDEX placed,\n  ALGORITHM=INPLACE, LOCK=NONE;\n"


@pytest.fixture(scope="module", params=["mysql", "mariadb"])
def server(request: pytest.FixtureRequest) -> MySQLServer:
    found: MySQLServer = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def snapshot(server: MySQLServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a shop that is not on the server any more, which is the one to try things on from then on."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "workload.sql").write_text(WORKLOAD)
    url = fill(server, "cli_check", SHOP)
    run = dbtune("collect", url, "-w", folder / "workload.sql", "--samples", "-o", folder / "shop.json.gz")
    assert run.status == 0, run.err
    server.run("DROP DATABASE cli_check")
    return folder / "shop.json.gz"


def databases(server: MySQLServer) -> set[str]:
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SHOW DATABASES")
        return {str(name) for (name,) in cursor.fetchall()}


def test_a_needed_index_fails_in_every_output_at_its_line(
    server: MySQLServer, snapshot: Path, here: Here, tmp_path: Path
) -> None:
    before = databases(server)
    (tmp_path / "1.sql").write_text(DROPS)
    files = (
        "found.json",
        "found.sarif",
        "found.junit.xml",
        "found.gitlab.json",
        "found.md",
        "found.github.txt",
        "c.pr.md",
    )
    outputs = [word for name in files for word in ("-o", name)]
    run = here("check", snapshot, "1.sql", "--scratch", server.url, *outputs)
    assert run.status == 1, run.err
    report = json.loads((tmp_path / "found.json").read_text())
    jsonschema.validate(report, report_schema())
    assert report["target"]["dialect"] == server.family
    (found,) = [one for one in report["recommendations"] if one["rule"] == "migration.needed-index"]
    assert found["location"] == {"file": "1.sql", "line": 3}
    assert [one["text"] for one in found["evidence"]["statements"]] == ["SELECT count(*) FROM orders WHERE placed > ?"]
    (step,) = report["migration"]
    assert (step["way"]["algorithm"], step["way"]["lock"]) == ("INPLACE", "NONE")
    sarif = json.loads((tmp_path / "found.sarif").read_text())["runs"][0]["results"]
    place = next(one for one in sarif if one["ruleId"] == "migration.needed-index")["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"].endswith("1.sql")
    assert place["region"]["startLine"] == 3
    gitlab = json.loads((tmp_path / "found.gitlab.json").read_text())
    assert {(one["check_name"], one["location"]["lines"]["begin"]) for one in gitlab} >= {("migration.needed-index", 3)}
    assert "migration.needed-index" in (tmp_path / "found.junit.xml").read_text()
    assert "line=3" in (tmp_path / "found.github.txt").read_text()
    for name in ("found.md", "c.pr.md"):
        assert "1.sql:3" in (tmp_path / name).read_text()
        assert "ALGORITHM=INPLACE, LOCK=NONE" in (tmp_path / name).read_text()
    assert databases(server) == before


def test_a_harmless_migration_passes(server: MySQLServer, snapshot: Path, here: Here, tmp_path: Path) -> None:
    (tmp_path / "1.sql").write_text(
        "SET SESSION lock_wait_timeout = 5;\nALTER TABLE orders ADD COLUMN note text, ALGORITHM=INSTANT;\n"
    )
    run = here("check", snapshot, "1.sql", "--scratch", server.url, "--fail-on", "info")
    assert (run.status, run.err) == (0, "")
    assert "Nothing found" in run.out
    assert "ALGORITHM=INSTANT on cli_check.orders" in run.out


def test_silences_of_mysql_comments_are_read(server: MySQLServer, snapshot: Path, here: Here, tmp_path: Path) -> None:
    (tmp_path / "1.sql").write_text(f"-- dbtune: ignore migration.needed-index the report goes as well\n{DROPS[14:]}")
    run = here("check", snapshot, "1.sql", "--scratch", server.url)
    assert run.status == 0, run.out
    assert "silenced" in run.out


def test_new_queries_are_planned_on_the_schema_as_it_will_be(
    server: MySQLServer, snapshot: Path, here: Here, tmp_path: Path
) -> None:
    (tmp_path / "1.sql").write_text("ALTER TABLE orders ADD COLUMN note text, ALGORITHM=INSTANT;\n")
    (tmp_path / "q.sql").write_text("SELECT note FROM orders WHERE id = 7;\n\nSELECT nope\nFROM orders;\n")
    run = here("check", snapshot, "1.sql", "--queries", "q.sql", "--scratch", server.url, "--format", "json")
    assert run.status == 1
    found = [one for one in json.loads(run.out)["recommendations"] if one["group"] == "query"]
    assert [(one["rule"], one["location"]) for one in found] == [("query.fails", {"file": "q.sql", "line": 3})]


def test_a_query_whose_values_are_not_known_is_no_finding(
    server: MySQLServer, snapshot: Path, here: Here, tmp_path: Path
) -> None:
    (tmp_path / "q.sql").write_text("SELECT id FROM orders WHERE placed LIKE ?;\n")
    run = here("check", snapshot, "--queries", "q.sql", "--scratch", server.url, "--format", "json")
    report = json.loads(run.out)
    assert (run.status, report["recommendations"]) == (0, [])
    (told,) = [one["why"] for one in report["limits"] if one["what"] == "query q.sql:1"]
    assert "values are not known" in told


def test_a_statement_that_cannot_be_planned_is_seen_to_break(
    server: MySQLServer, snapshot: Path, here: Here, tmp_path: Path
) -> None:
    # the row that it looks up by its key is made, and is not one that the other condition takes
    (tmp_path / "w.sql").write_text("SELECT name FROM customers WHERE mail = 'm5@x' AND city > 'zzz';\n")
    (tmp_path / "1.sql").write_text(
        "ALTER TABLE customers ADD COLUMN town int;\nALTER TABLE customers DROP COLUMN city;\n"
    )
    run = here("check", snapshot, "1.sql", "-w", "w.sql", "--scratch", server.url, "--format", "json")
    report = json.loads(run.out)
    assert run.status == 1
    (found,) = [one for one in report["recommendations"] if one["rule"] == "migration.breaks"]
    assert found["location"] == {"file": "1.sql", "line": 2}
    assert "column city of cli_check.customers is not there any more" in found["reason"]


def test_bad_input_is_one_line(server: MySQLServer, snapshot: Path, here: Here, tmp_path: Path) -> None:
    before = databases(server)
    (tmp_path / "1.sql").write_text("-- fine\nSELECT 1;\n\nALTER TABLE orders\n  ADD COLUMN x int,,;\n")
    line = here("check", snapshot, "1.sql", "--scratch", server.url).assert_one_line_error(2)
    assert line.startswith("1.sql:5: the server finds a syntax error near ")
    assert databases(server) == before
    line = here("check", snapshot, "1.sql", "--planner", "explain").assert_one_line_error(2)
    assert "--planner explain cannot" in line
    line = here("check", snapshot, "1.sql", "--sample-rows", "100").assert_one_line_error(2)
    assert line == "--sample-rows needs the URL of a database: a snapshot has no rows"


def test_without_a_server_one_line_says_what_is_needed(
    server: MySQLServer, snapshot: Path, here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dbtune.planner.mysql.scratch.host.available_programs", lambda: ())
    monkeypatch.setattr("dbtune.planner.mysql.scratch.host._in_container", lambda server: None)
    (tmp_path / "1.sql").write_text(DROPS)
    line = here("check", snapshot, "1.sql").assert_one_line_error(2)
    assert line.startswith("there is no ")
    for word in ("--scratch", "DBTUNE_SCRATCH_URL", "DBTUNE_MYSQLD"):
        assert word in line
    line = here("check", snapshot, "1.sql", "--scratch", "mysql://root@127.0.0.1:1/").assert_one_line_error(2)
    assert "127.0.0.1:1" in line


def test_rows_of_the_database_are_sampled_once(server: MySQLServer, here: Here, tmp_path: Path) -> None:
    url = fill(server, "cli_check", SHOP)
    flavour = FLAVOURS["mysql" if server.family == "mysql" else "mariadb-11.8"]
    (tmp_path / "cache").mkdir()
    (tmp_path / "w.sql").write_text(WORKLOAD)
    (tmp_path / "1.sql").write_text("ALTER TABLE orders CHANGE placed at_ datetime NOT NULL, ADD COLUMN x int;\n")
    try:
        with another(flavour, tmp_path / "cache") as scratch:
            words = ("--sample-rows", "500", "-w", "w.sql", "--scratch", scratch.url, "--format", "json")
            run = here("check", url, "1.sql", *words)
    finally:
        server.run("DROP DATABASE cli_check")
    assert run.status == 1, run.err
    report = json.loads(run.out)
    assert not any(one["what"] == "rows" for one in report["limits"])
    assert [one["rule"] for one in report["recommendations"] if one["severity"] == "high"] == ["migration.breaks"]
    assert report["workload"]["changed"] == []


def test_a_server_of_another_series_is_told(
    mariadb: MySQLServer, old_mariadb: MySQLServer, here: Here, tmp_path: Path
) -> None:
    url = fill(mariadb, "cli_check", SHOP)
    (tmp_path / "1.sql").write_text("ALTER TABLE items ADD INDEX amount (amount);\n")
    try:
        run = here("check", url, "1.sql", "--scratch", old_mariadb.url, "--format", "json")
    finally:
        mariadb.run("DROP DATABASE cli_check")
    assert run.status == 0, run.err
    assert any(one["what"].startswith("algorithms and locks of mariadb 11.8") for one in json.loads(run.out)["limits"])
