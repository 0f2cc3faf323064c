"""``analyze`` and ``explain`` on a real database, from the target to the files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import psycopg
import pytest

from dbtune.embedded import EmbeddedServer
from dbtune.report.schema import report_schema
from tests.cli.running import Run, dbtune

Here = Callable[..., Run]

SCHEMA = """
CREATE TABLE customers (id int PRIMARY KEY, email text NOT NULL);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, total numeric, placed date);
CREATE INDEX orders_placed_idx ON orders (placed);
CREATE INDEX orders_placed_again_idx ON orders (placed);
INSERT INTO customers SELECT n, 'c' || n || '@example.com' FROM generate_series(1, 3000) n;
INSERT INTO orders SELECT n, n % 3000 + 1, n % 977, date '2024-01-01' + n % 365 FROM generate_series(1, 60000) n;
ANALYZE;
"""
QUERIES = """
-- calls: 1000
SELECT id, total FROM orders WHERE customer_id = 4711;
-- calls: 50
SELECT * FROM customers WHERE email = 'secret@example.com';
SELECT count(*) FROM orders WHERE placed = '2024-03-01';
"""


@pytest.fixture(scope="module")
def shop(postgres: EmbeddedServer) -> str:
    """URL of a small shop with a duplicate index and two missing ones; only read by the tests."""
    url = postgres.create_database("cli_shop")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SCHEMA)
    return url


@pytest.fixture
def queries(tmp_path: Path) -> Path:
    path = tmp_path / "queries.sql"
    path.write_text(QUERIES)
    return path


@contextmanager
def execute(url: str) -> Iterator[Callable[[str], list[tuple[Any, ...]]]]:
    with psycopg.connect(url, autocommit=True) as connection:

        def run(sql: str) -> list[tuple[Any, ...]]:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

        yield run


def definitions(url: str) -> list[tuple[Any, ...]]:
    with execute(url) as run:
        return run("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1")


def test_report_files_in_every_format_and_sql_that_runs(
    make_database: Callable[..., str], queries: Path, here: Here, tmp_path: Path
) -> None:
    url = make_database(SCHEMA)
    files = [tmp_path / name for name in ("r.json", "r.md", "r.txt", "advice.sql", "advice.down.sql")]
    run = here("analyze", url, "-w", queries, *(part for file in files for part in ("-o", file)))
    assert run.status == 0, run.err
    assert "Index orders (customer_id" in run.out
    assert "Next: write it with -o advice.sql" in run.out
    assert [line for line in run.err.splitlines() if "wrote" in line] == [f"dbtune: wrote {file}" for file in files]

    report = json.loads(files[0].read_text())
    jsonschema.validate(report, report_schema())
    assert report["summary"]["cost_after"] < report["summary"]["cost_before"]
    rules = {recommendation["rule"] for recommendation in report["recommendations"]}
    assert {"index.missing", "index.duplicate"} <= rules

    before = definitions(url)
    with execute(url) as sql:
        for recommendation in report["recommendations"]:
            for statement in recommendation["sql"]["up"]:
                sql(statement)
        assert definitions(url) != before
        for recommendation in reversed(report["recommendations"]):
            for statement in recommendation["sql"]["down"]:
                sql(statement)
    assert definitions(url) == before

    for file in files:
        text = file.read_text()
        assert "secret@example.com" not in text
        assert "4711" not in text


def test_machine_output_is_nothing_but_json_also_from_the_real_program(shop: str, queries: Path) -> None:
    run = dbtune("analyze", shop, "--workload", queries, "--format", "json", env={"FORCE_COLOR": "1"})
    assert run.status == 0, run.err
    assert run.err == ""
    jsonschema.validate(json.loads(run.out), report_schema())


def test_a_snapshot_gives_the_advice_of_the_database(shop: str, queries: Path, here: Here, tmp_path: Path) -> None:
    snapshot = tmp_path / "shop.json.zst"
    assert here("collect", shop, "-o", snapshot).status == 0
    live = json.loads(here("analyze", shop, "-w", queries, "--format", "json").out)
    stored = json.loads(here("analyze", snapshot, "-w", queries, "--format", "json").out)
    for report in (live, stored):
        del report["target"]["collected_at"]
        del report["limits"]  # the snapshot's also tells why it holds no workload of the server's
    assert live["recommendations"]
    assert stored == live


def test_fail_on(shop: str, queries: Path, here: Here) -> None:
    # the smallest of the three findings is at least 'info'
    assert here("analyze", shop, "-w", queries, "--fail-on", "info", "--format", "json").status == 1
    only = ("--only", "index.invalid", "--format", "json")
    run = here("analyze", shop, "-w", queries, "--fail-on", "info", *only)
    assert run.status == 0
    assert json.loads(run.out)["recommendations"] == []


def test_choosing_rules_space_and_silence(shop: str, queries: Path, here: Here, tmp_path: Path) -> None:
    report = tmp_path / "r.json"
    run = here("analyze", shop, "-w", queries, "--skip", "index.duplicate", "--budget", "8kB", "-q", "-o", report)
    assert (run.status, run.out, run.err) == (0, "", "")
    rules = {recommendation["rule"] for recommendation in json.loads(report.read_text())["recommendations"]}
    assert not {"index.missing", "index.duplicate"} & rules


def test_without_a_workload_the_schema_is_looked_at_and_it_is_said_what_to_do(shop: str, here: Here) -> None:
    run = here("analyze", shop)
    assert run.status == 0, run.err
    notes = [line for line in run.err.splitlines() if "no workload" in line]
    assert len(notes) == 1
    assert "--workload" in notes[0]
    assert "orders_placed_again_idx" in run.out or "orders_placed_idx" in run.out


def test_the_servers_own_statistics_are_the_workload(make_database: Callable[..., str], here: Here) -> None:
    url = make_database("CREATE EXTENSION pg_stat_statements;" + SCHEMA, major=15)
    with execute(url) as sql:
        for customer in range(20):
            sql(f"SELECT id, total FROM orders WHERE customer_id = {customer}")
    run = here("analyze", url, "--format", "json", "--top", "5")
    assert run.status == 0, run.err
    report = json.loads(run.out)
    assert [source["kind"] for source in report["workload"]["sources"]] == ["pg_stat_statements"]
    assert any(
        recommendation["rule"] == "index.missing" and recommendation["object"]["columns"][:1] == ["customer_id"]
        for recommendation in report["recommendations"]
    )
    assert "pg_stat_statements_reset" in here("analyze", url, "--since", "2999-01-01").assert_one_line_error(2)


def test_explain_shows_the_plan_the_trouble_and_the_cure(shop: str, here: Here) -> None:
    run = here("explain", shop, "SELECT id, total FROM orders WHERE customer_id = 17")
    assert run.status == 0, run.err
    assert "Seq Scan on orders" in run.out
    assert "all 60,000 rows of orders" in run.out
    assert "CREATE INDEX CONCURRENTLY" in run.out
    assert "orders_placed" not in run.out  # other findings are no matter of this statement
    cured = here("explain", shop, "SELECT * FROM orders WHERE id = 17")
    assert "Index Scan by orders_pkey" in cured.out
    assert "Nothing to improve by an index." in cured.out


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("", "found none"),
        ("SELECT 1; SELECT 2", "found 2"),
        ("SELEC nothing", "syntax error"),
        ("SELECT * FROM nowhere", "nowhere"),
        ("VACUUM orders", "cannot be planned"),
    ],
)
def test_explain_refuses_what_it_cannot_plan(shop: str, here: Here, sql: str, words: str) -> None:
    assert words in here("explain", shop, sql).assert_one_line_error(2)


def test_explain_reads_standard_input(shop: str) -> None:
    run = dbtune("explain", shop, "-", stdin="SELECT * FROM orders WHERE id = 17;\n")
    assert run.status == 0, run.err
    assert "orders_pkey" in run.out


def test_rows_are_counted_on_wish_only_and_never_of_a_snapshot(shop: str, queries: Path, tmp_path: Path) -> None:
    done = dbtune("analyze", shop, "--workload", queries, "--explain-analyze", "--format", "json")
    assert done.status == 0, done.err
    snapshot = tmp_path / "shop.json"
    assert dbtune("collect", shop, "-o", snapshot).status == 0
    refused = dbtune("analyze", snapshot, "--workload", queries, "--explain-analyze")
    assert "a snapshot has no rows" in refused.assert_one_line_error(2)
