"""A slow-query log as the workload: the same advice as from the server's own statistics."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbtune.embedded import EmbeddedServer, find_binaries
from tests.cli.running import Run
from tests.conftest import run_script

Here = Callable[..., Run]

SETTINGS = {
    "shared_preload_libraries": "pg_stat_statements",
    "log_min_messages": "warning",
    "log_min_error_statement": "error",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}
SCHEMA = """
CREATE EXTENSION pg_stat_statements;
CREATE TABLE customers (id bigint PRIMARY KEY, email text NOT NULL, country text NOT NULL);
CREATE TABLE orders (
    id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers, status text NOT NULL,
    total numeric NOT NULL, created_at timestamptz NOT NULL
);
INSERT INTO customers SELECT i, 'user' || i || '@example.org', (ARRAY['de', 'fr', 'us'])[1 + i % 3]
FROM generate_series(1, 20000) i;
INSERT INTO orders
SELECT i, 1 + (i * 7919) % 20000, CASE WHEN i % 200 = 0 THEN 'new' ELSE 'shipped' END, i % 1000,
       '2024-01-01'::timestamptz + i * interval '3 min'
FROM generate_series(1, 100000) i;
VACUUM ANALYZE;
SELECT pg_stat_statements_reset();
"""


ELSEWHERE = "SELECT id, total FROM orders WHERE status = 'of another shop'"


def work(url: str) -> None:
    """A shop's day: simple and extended protocol, a function of the planner's choice, an error, a transaction."""
    with psycopg.connect(url, autocommit=True) as connection:
        for customer in range(1, 40):
            connection.execute(
                "SELECT id, total FROM orders WHERE customer_id = %s ORDER BY created_at DESC LIMIT 10",
                (customer * 17,),
            )
            connection.execute(f"SELECT * FROM customers WHERE email = 'user{customer}@example.org'".encode())
        for status in ("new", "shipped", "new"):
            connection.execute(f"SELECT count(*) FROM orders\n WHERE status = '{status}'\n AND total > 900".encode())
        with connection.transaction():
            connection.execute("UPDATE orders SET total = total + 1 WHERE id = %s", (77,), prepare=True)
        with pytest.raises(psycopg.errors.UndefinedColumn):
            connection.execute("SELECT nothing FROM orders")


@pytest.fixture(scope="module")
def shop() -> Iterator[tuple[str, Path]]:
    """URL of a database that has worked, and the server's log."""
    with EmbeddedServer(find_binaries(), settings=SETTINGS) as server:
        url = server.create_database("shop")
        run_script(url, SCHEMA)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET log_min_duration_statement = 0")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("SELECT pg_sleep(0.5)")
        work(url)
        other = server.create_database("other")
        run_script(other, "CREATE TABLE orders (id int, total int, status text, only_here int)")
        with psycopg.connect(other, autocommit=True) as connection:
            for _ in range(50):
                connection.execute(ELSEWHERE.encode())
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM RESET log_min_duration_statement")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("SELECT pg_sleep(0.5)")
        yield url, server.folder / "server.log"


def report(run: Run) -> dict[str, Any]:
    assert run.status == 0, run.err
    found: dict[str, Any] = json.loads(run.out)
    return found


def indexes(found: dict[str, Any]) -> set[str]:
    return {
        statement
        for recommendation in found["recommendations"]
        for statement in recommendation["sql"]["up"]
        if recommendation["rule"].startswith("index.")
    }


def test_the_log_gives_the_advice_of_the_servers_statistics(shop: tuple[str, Path], here: Here) -> None:
    url, log = shop
    from_server = report(here("analyze", url, "--format", "json"))
    from_log = report(here("analyze", url, "--log", log, "--format", "json"))
    assert len(indexes(from_server)) >= 2
    assert indexes(from_log) == indexes(from_server)
    assert [source["kind"] for source in from_log["workload"]["sources"]] == ["log"]


def test_statements_of_the_log_are_those_of_the_server(shop: tuple[str, Path], here: Here, tmp_path: Path) -> None:
    url, log = shop
    for name, arguments in (("server", ()), ("log", ("--log", log))):
        assert here("collect", url, "-o", tmp_path / f"{name}.json", *arguments).status == 0

    def calls(name: str) -> dict[str, float]:
        statements = json.loads((tmp_path / f"{name}.json").read_text())["workload"]["statements"]
        return {one["fingerprint"]: one["calls"] for one in statements if "orders" in one["text"]}

    of_log, of_server = calls("log"), calls("server")
    failed = set(of_log) - set(of_server)
    assert len(failed) == 1, "the statement that failed is in the log only"
    assert {key: count for key, count in of_log.items() if key not in failed} == of_server


def test_only_statements_of_the_database_count(shop: tuple[str, Path], here: Here, tmp_path: Path) -> None:
    url, log = shop
    assert here("collect", url, "--log", log, "-o", tmp_path / "shop.json").status == 0
    found = json.loads((tmp_path / "shop.json").read_text())["workload"]
    assert not [one for one in found["statements"] if one["text"] == ELSEWHERE.replace("'of another shop'", "$1")]
    reasons = [one["reason"] for one in found["skipped"]]
    assert any("a statement of another database (5" in reason for reason in reasons)
    assert any("read the system catalogs" in reason for reason in reasons), "those of dbtune itself"
    assert not [one for one in found["statements"] if "pg_catalog" in one["text"] or "pg_sleep" in one["text"]]
    refused = here("collect", url, "--log", log, "--log-database", "nothing", "-o", tmp_path / "none.json")
    assert "--log-database" in refused.assert_one_line_error(2)


def test_values_of_the_log_stay_out_of_files_unless_asked_for(
    shop: tuple[str, Path], here: Here, tmp_path: Path
) -> None:
    url, log = shop
    assert here("collect", url, "--log", log, "-o", tmp_path / "without.json").status == 0
    assert here("collect", url, "--log", log, "--samples", "-o", tmp_path / "with.json").status == 0

    def samples(name: str) -> list[str]:
        statements = json.loads((tmp_path / name).read_text())["workload"]["statements"]
        return [sample for one in statements for sample in one.get("samples", [])]

    assert samples("without.json") == []
    kept = samples("with.json")
    assert any("@example.org'" in sample for sample in kept)
    assert any("WHERE customer_id = '" in sample for sample in kept), "parameters stand in their places"


def test_a_log_of_another_kind_of_server_is_refused(shop: tuple[str, Path], here: Here, tmp_path: Path) -> None:
    url, _ = shop
    other = tmp_path / "slow.log"
    other.write_text(
        "# Time: 2024-05-01T10:00:00.000000Z\n# User@Host: app[app] @ localhost []  Id:     3\n"
        "# Query_time: 0.5  Lock_time: 0.0 Rows_sent: 1  Rows_examined: 2\nSET timestamp=1714557600;\nSELECT 1;\n"
    )
    assert "mysql" in here("analyze", url, "--log", other).assert_one_line_error(2)
