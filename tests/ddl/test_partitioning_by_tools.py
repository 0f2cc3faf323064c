"""pt-online-schema-change really puts tables in partitions, and takes them out, while they are written."""

from __future__ import annotations

import os
import shlex
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pymysql
import pytest

from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.ddl.mysql_alter import AlterTable
from dbtune.ddl.mysql_partitions import partition_alter, unpartition_alter
from dbtune.ddl.online_tools import Place, pt_online_schema_change
from dbtune.model.names import QualifiedName
from dbtune.model.partitioning import Part, PartitionScheme
from dbtune.model.progress import NoProgress
from dbtune.model.schema import Table
from dbtune.planner.mysql.partitioned import partitioning_of
from tests.servers import tools
from tests.servers.filling import fill
from tests.servers.mysql_sandbox import MySQLServer
from tests.servers.packages import Unavailable

DATABASE = "moved, by tool"
NAME = QualifiedName(DATABASE, "events")
DIGITS = " UNION ".join(f"SELECT {n} AS n" for n in range(10))
SCHEMA = f"""
CREATE TABLE digits AS {DIGITS};
CREATE TABLE events (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, tenant int NOT NULL, state varchar(20) NOT NULL,
  at datetime NOT NULL, note varchar(100) NOT NULL DEFAULT 'none');
INSERT INTO events (tenant, state, at)
SELECT n, ELT(1 + n % 3, 'it''s', '"new"', 'done'), '2025-01-01' + INTERVAL n HOUR FROM
  (SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n AS n FROM digits a, digits b, digits c, digits d) n;
DROP TABLE digits;
ANALYZE TABLE events;
"""
YEARS = (Part("p2025", None, "2026-01-01"), Part("pmax", is_default=True))
SCHEMES = {
    "range": PartitionScheme(NAME, "at", "range", YEARS),
    "list": PartitionScheme(
        NAME, "state", "list", tuple(Part(f"p{n}", values=(v,)) for n, v in enumerate(("it's", '"new"', "done")))
    ),
    "hash": PartitionScheme(NAME, "tenant", "hash", tuple(Part(f"p{n}", remainder=n) for n in range(4))),
    "key": PartitionScheme(NAME, "state", "hash", tuple(Part(f"p{n}", remainder=n) for n in range(4))),
}


@pytest.fixture(scope="module")
def tool() -> tools.Program:
    try:
        return tools.pt_online_schema_change()
    except Unavailable as error:
        pytest.skip(f"no pt-online-schema-change: {error}")


@pytest.fixture
def events(any_mysql: MySQLServer) -> Iterator[Table]:
    url = parse_target(fill(any_mysql, DATABASE, SCHEMA))
    assert isinstance(url, DatabaseUrl)
    table = collect(url, CollectOptions(workload=False), NoProgress()).table(NAME)
    assert table is not None
    yield table
    any_mysql.run(f"DROP DATABASE `{DATABASE}`")


def run(tool: tools.Program, alter: AlterTable, server: MySQLServer) -> None:
    """The command line as it is told, in earnest and without the question for a password, which nobody answers."""
    told = pt_online_schema_change(alter, place=Place(server.host, server.port, server.user))
    assert told is not None
    _, *words = shlex.split(told.replace("--dry-run", "--execute").replace(" --ask-pass", ""))
    if server.family == "mysql":
        words.insert(0, "--recursion-method=none")  # 3.2 of Debian asks for replicas as MySQL 8.4 no longer allows
    done = subprocess.run(
        (*tool.command, *words),
        env={**os.environ, **tool.environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr + done.stdout


INSERT = "INSERT INTO events (tenant, state, at, note) VALUES (%s, 'done', '2026-02-01', 'written')"
UPDATE = "UPDATE events SET note = 'changed' WHERE id = %s"
DEADLOCK = 1213


def _again(cursor: pymysql.cursors.Cursor, sql: str, number: int) -> None:
    """A writer whose statement meets the tool's copying of the same rows may be told of a deadlock, and tries again."""
    for attempt in range(20):
        try:
            cursor.execute(sql, (number,))
        except pymysql.OperationalError as error:
            if error.args[0] != DEADLOCK or attempt == 19:
                raise
            continue
        return


@contextmanager
def writing(server: MySQLServer) -> Iterator[list[int]]:
    """Rows are inserted one after the other, each third is changed, and none is refused."""
    written: list[int] = []
    failures: list[Exception] = []
    stop = threading.Event()

    def write() -> None:
        try:
            with server.connect(DATABASE) as connection, connection.cursor() as cursor:
                connection.autocommit(True)
                for number in count(1):
                    if stop.is_set():
                        return
                    _again(cursor, INSERT, number)
                    written.append(number)
                    if number % 3 == 0:
                        _again(cursor, UPDATE, number)
        except pymysql.Error as error:
            failures.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield written
    finally:
        stop.set()
        thread.join()
    assert not failures


def value(server: MySQLServer, sql: str) -> object:
    with server.connect(DATABASE) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()[0]


@pytest.mark.parametrize("kind", SCHEMES)
def test_there_and_back(tool: tools.Program, any_mysql: MySQLServer, events: Table, kind: str) -> None:
    partitioning = partitioning_of(events, SCHEMES[kind])
    before = str(value(any_mysql, "SHOW CREATE TABLE events")).rpartition(" AUTO_INCREMENT")[0]
    with writing(any_mysql) as written:
        run(tool, partition_alter(events, partitioning), any_mysql)
    method = partitioning.method.partition(" ")[0]
    assert f"PARTITION BY {method}" in str(value(any_mysql, "SHOW CREATE TABLE events"))
    assert value(any_mysql, "SELECT count(*) FROM events WHERE note <> 'changed'") == (
        10000 + len(written) - len(written) // 3,
    )
    with writing(any_mysql) as more:
        run(tool, unpartition_alter(events, partitioning), any_mysql)
    assert str(value(any_mysql, "SHOW CREATE TABLE events")).rpartition(" AUTO_INCREMENT")[0] == before
    assert value(any_mysql, "SELECT count(*) FROM events") == (10000 + len(written) + len(more),)


def test_a_row_that_no_list_holds_is_not_lost(tool: tools.Program, any_mysql: MySQLServer, events: Table) -> None:
    """The server refuses the whole change then; the tool copies with IGNORE, which would leave the row out."""
    any_mysql.run(f"INSERT INTO `{DATABASE}`.events (id, tenant, state, at) VALUES (77777, 1, 'unheard', '2025-01-01')")
    alter = partition_alter(events, partitioning_of(events, SCHEMES["list"]))
    with pytest.raises(pymysql.OperationalError, match="1526"):
        any_mysql.run(alter.sql)
    with pytest.raises(AssertionError, match="no partition"):
        run(tool, alter, any_mysql)
    assert value(any_mysql, "SELECT count(*) FROM events") == (10001,)
