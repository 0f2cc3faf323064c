"""What the servers of the tests are made to do while they write their logs, and what is to be read from them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pymysql
from pymysql.connections import Connection
from pymysql.constants import CLIENT

from dbtune.sql.fingerprint import fingerprint
from tests.logs.mysql.prepared import execute_prepared
from tests.servers.mysql_sandbox import MySQLServer

DATABASE, OTHER_DATABASE, USER = "dbtune_shop", "dbtune_other", "dbtune_app"
ROWS = 1000
SETUP = (
    f"DROP DATABASE IF EXISTS {DATABASE}",
    f"DROP DATABASE IF EXISTS {OTHER_DATABASE}",
    f"CREATE DATABASE {DATABASE}",
    f"CREATE DATABASE {OTHER_DATABASE}",
    f"CREATE USER IF NOT EXISTS {USER}@'%'",
    f"GRANT ALL ON *.* TO {USER}@'%'",
    f"CREATE TABLE {DATABASE}.t (id int PRIMARY KEY, name text, n int)",
    f"INSERT INTO {DATABASE}.t VALUES " + ", ".join(f"({at}, 'n{at}', {at % 7})" for at in range(ROWS)),
    f"CREATE PROCEDURE {DATABASE}.seventh(wanted int) SELECT count(*) FROM {DATABASE}.t WHERE n = wanted",
)


@dataclass(frozen=True)
class Step:
    """Executions of one statement, and what the server does for each."""

    executions: Sequence[str]
    rows_sent: int = 0
    rows_examined: int = 0
    """At least: versions count differently."""
    rows_affected: int = 0
    fails: bool = False

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.executions[0], dialect="mysql")


LINES_AS_IN_A_LOG = (
    "SELECT 'from 9 to 5;\n# Time: 9 to 5\n# User@Host: is to be told\n# Query_time: too long\nSET timestamp=5;\n"
    "use x;\n# administrator command: Quit;\n\\'it''s\\\\' AS said"
)
STEPS = (
    Step(
        [f"SELECT name\n\tFROM t\n\n  WHERE id = {at} -- it's\n" for at in range(5)],
        rows_sent=1,
        rows_examined=1,
    ),
    Step([LINES_AS_IN_A_LOG, 'SELECT "it\'s; # no comment" AS said'], rows_sent=1),
    Step(
        [
            "INSERT INTO t (id, name, n) VALUES (5001, 'a\\'b', 1), (5002, \"x\\\\\", 2), (5003, NULL, -3)",
            "INSERT INTO t (id, name, n) VALUES (5004, ';', 1), (5005, '\n# Time: now', 2), (5006, '', 7)",
        ],
        rows_affected=3,
    ),
    Step(["SELECT n, count(*) FROM t WHERE id < 1000 GROUP BY n ORDER BY n"], rows_sent=7, rows_examined=ROWS),
    Step(["/* app:web */ SELECT /*!40001 SQL_NO_CACHE */ /* twice */ 1.5 AS `a b` # why"], rows_sent=1),
    Step(["UPDATE t SET name = 'é€𝄞' WHERE id IN (1, 2, 3)", "UPDATE t SET name = '' WHERE id IN (4)"]),
    Step(["CALL seventh(3)"], rows_sent=1, rows_examined=ROWS),
    Step(["SELECT missing FROM t WHERE id = 1", "SELECT missing FROM t WHERE id = 2"], fails=True),
    Step(["INSERT INTO t VALUES (1, 'there is one', 1)"], fails=True),
)
PREPARED = Step(["SELECT id, name FROM t WHERE id < 3"] * 2, rows_sent=3)
"""By the binary protocol."""
BY_NAME = Step(["SELECT n FROM t WHERE id > 996 AND id < 1000 AND name <> 'x\\'y'"], rows_sent=3)
"""By PREPARE and EXECUTE."""
ELSEWHERE = Step(["SELECT 7 AS seven"], rows_sent=1)
"""Once in the other database by ``USE``, once back by a command of the protocol."""
AT_ONCE = Step(["SELECT 1 AS first_of_two, 'a'", "SELECT 2 AS first_of_two, 'b'"], rows_sent=1)
"""Two in one message."""
KILLED = Step(["SELECT count(*) FROM t a JOIN t b JOIN t c WHERE a.n + b.n + c.n < -9"], fails=True)
TIMED_OUT = Step(
    ["SELECT /*+ MAX_EXECUTION_TIME(30) */ max(a.n) FROM t a JOIN t b JOIN t c WHERE a.n + b.n + c.n < -9"], fails=True
)
"""MySQL only."""
LONG_AGO = 1714557600
REPLAYED = Step([f"SELECT {LONG_AGO} AS long_ago"], rows_sent=1)
"""As a tool does it that replays what happened at that time."""


def work(server: MySQLServer) -> None:
    """All of the above, by several sessions."""
    with server.connect(DATABASE, USER) as connection:
        for step in STEPS:
            for sql in step.executions:
                send(connection, sql)
        execute_prepared(connection, PREPARED.executions[0].replace("3", "?"), 3, 3)
        send(connection, "PREPARE named FROM 'SELECT n FROM t WHERE id > ? AND id < ? AND name <> ?'")
        send(connection, "SET @low = 996, @high = 1000, @name = 'x''y'")
        send(connection, "EXECUTE named USING @low, @high, @name")
        send(connection, "DEALLOCATE PREPARE named")
        send(connection, f"USE {OTHER_DATABASE}")
        send(connection, *ELSEWHERE.executions)
        connection.select_db(DATABASE)
        send(connection, *ELSEWHERE.executions)
    with server.connect(DATABASE, USER, client_flag=CLIENT.MULTI_STATEMENTS) as connection:
        send(connection, ";\n".join(AT_ONCE.executions))
    _be_killed(server)
    if server.family == "mysql":
        with server.connect(DATABASE, USER) as connection:
            send(connection, *TIMED_OUT.executions)
    with server.connect(DATABASE, USER) as connection:
        send(connection, f"SET timestamp={LONG_AGO}")
        send(connection, *REPLAYED.executions)


def send(connection: Connection, *statements: str) -> None:
    """Run the statements with all their results; errors are among what is to happen."""
    with connection.cursor() as cursor, suppress(pymysql.Error):
        for sql in statements:
            cursor.execute(sql)
            while cursor.nextset():
                pass


def _be_killed(server: MySQLServer) -> None:
    (sql,) = KILLED.executions
    with server.connect(DATABASE, USER) as victim, server.connect() as killer, killer.cursor() as cursor:
        running = threading.Thread(target=send, args=(victim, sql))
        running.start()
        while not cursor.execute("SELECT 1 FROM information_schema.processlist WHERE info = %s", (sql,)):
            time.sleep(0.01)
        cursor.execute(f"KILL QUERY {victim.thread_id()}")
        running.join()


@contextmanager
def settings(server: MySQLServer, **values: object) -> Iterator[None]:
    """The server with other global settings."""
    with server.connect() as connection, connection.cursor() as cursor:
        former: dict[str, object] = {}
        for name, value in values.items():
            cursor.execute(f"SELECT @@GLOBAL.{name}")
            ((former[name],),) = cursor.fetchall()
            cursor.execute(f"SET GLOBAL {name} = %s", (value,))
        try:
            yield
        finally:
            for name, value in reversed(former.items()):
                cursor.execute(f"SET GLOBAL {name} = %s", (value,))
