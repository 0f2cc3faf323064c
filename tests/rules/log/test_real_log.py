"""A real Postgres goes wrong in every way that the rules know of, and its log is read."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dbtune.embedded import EmbeddedServer, find_binaries
from dbtune.logs.digesting import DigestOptions, digest
from dbtune.logs.executors.serial import SerialExecutor
from dbtune.model.digest import LogFinding
from dbtune.model.progress import NoProgress
from dbtune.rules.log_rules import find

SETTINGS = {
    "log_min_messages": "warning",
    "log_min_error_statement": "error",
    "log_min_duration_statement": "0",
    "log_lock_waits": "on",
    "log_temp_files": "0",
    "deadlock_timeout": "100ms",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "lc_messages": "C",
    "log_timezone": "UTC",
}

SCHEMA = """
CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL, note text NOT NULL);
INSERT INTO orders SELECT i, i % 1000, md5(i::text) FROM generate_series(1, 100000) i;
CREATE TABLE items (id int PRIMARY KEY, order_id int NOT NULL);
INSERT INTO items SELECT i, i % 500 FROM generate_series(1, 2000) i;
CREATE INDEX ON items (order_id);
CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL);
INSERT INTO accounts VALUES (1, 0), (2, 0);
"""

UPDATE = b"UPDATE accounts SET balance = balance + 1 WHERE id = %s"
ITEMS = "SELECT * FROM items WHERE order_id = %s"


@pytest.fixture(scope="module")
def findings() -> Iterator[tuple[LogFinding, ...]]:
    with EmbeddedServer(find_binaries(), settings=SETTINGS) as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(SCHEMA.encode())
            _loop(connection)
            _spill(connection)
            _run_into_the_timeout(connection)
            _fail(connection)
        log = server.folder / "server.log"
        _wait_for_each_other(server.url)
        _wait(server.url, log)
        yield find(digest([str(log)], DigestOptions(), SerialExecutor(), NoProgress()))


def _loop(connection: psycopg.Connection) -> None:
    for _ in range(5):
        for row in connection.execute("SELECT id FROM orders LIMIT 60").fetchall():
            connection.execute(ITEMS.encode(), row).fetchall()


def _spill(connection: psycopg.Connection) -> None:
    connection.execute("SET work_mem = '1MB'")
    for _ in range(3):
        connection.execute("SELECT * FROM orders ORDER BY note DESC OFFSET 99999").fetchall()


def _run_into_the_timeout(connection: psycopg.Connection) -> None:
    connection.execute("SET statement_timeout = '30ms'")
    for _ in range(2):
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT count(*) FROM orders a, orders b WHERE a.note > b.note")
    connection.execute("RESET statement_timeout")


def _fail(connection: psycopg.Connection) -> None:
    for _ in range(12):
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO accounts VALUES (1, 5)")


def _wait_for_each_other(url: str) -> None:
    both_hold_one = threading.Barrier(2)

    def transfer(first: int, second: int) -> None:
        with psycopg.connect(url) as connection:
            try:
                connection.execute(UPDATE, [first])
                both_hold_one.wait()
                connection.execute(UPDATE, [second])
            except psycopg.errors.DeadlockDetected:
                connection.rollback()

    threads = [threading.Thread(target=transfer, args=order) for order in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _wait(url: str, log: Path) -> None:
    """A session waits for a row until the log says so."""

    def waiting() -> None:
        with psycopg.connect(url) as connection:
            connection.execute(UPDATE, [1])

    with psycopg.connect(url) as connection:
        connection.execute(UPDATE, [1])
        thread = threading.Thread(target=waiting)
        thread.start()
        while b"still waiting" not in log.read_bytes():
            time.sleep(0.01)
    thread.join()


def of(findings: tuple[LogFinding, ...], rule: str) -> list[LogFinding]:
    return [one for one in findings if one.rule == rule]


def test_the_loop(findings: tuple[LogFinding, ...]) -> None:
    (found,) = of(findings, "log.n_plus_one")
    assert "FROM items WHERE order_id" in found.title
    assert "of its calls" in found.reason and "= ANY ($1)" in found.advice


def test_the_files(findings: tuple[LogFinding, ...]) -> None:
    (found,) = of(findings, "log.temporary_files")
    assert "ORDER BY note DESC" in found.title
    assert found.reason.startswith("3 files")
    assert "SET LOCAL work_mem = '" in found.advice


def test_the_timeout(findings: tuple[LogFinding, ...]) -> None:
    (found,) = of(findings, "log.cancelled")
    assert found.title.startswith("Cancelled by the statement timeout: `SELECT count(*) FROM orders a")
    assert found.reason.startswith("2 cancellations")


def test_the_failures(findings: tuple[LogFinding, ...]) -> None:
    (found,) = of(findings, "log.errors")
    assert "INSERT INTO accounts" in found.title
    assert found.reason.startswith("All 12 of its calls")


def test_the_deadlock_and_the_waits(findings: tuple[LogFinding, ...]) -> None:
    for rule in ("log.deadlock", "log.lock_wait"):
        (found,) = of(findings, rule)
        assert "UPDATE accounts SET balance" in found.title
        assert found.fingerprints


def test_nothing_else_is_said(findings: tuple[LogFinding, ...]) -> None:
    assert len(findings) == 6
