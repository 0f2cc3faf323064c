"""The shop in MySQL and MariaDB, and how their EXPLAIN is asked in each format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dbtune.planner.mysql.relations import Relations, relations
from tests.servers.mysql_sandbox import MySQLServer

FOLDER = Path(__file__).parent
STATEMENTS = (FOLDER / "statements.txt").read_text().splitlines()
FORMATS = {
    "v1": ("SET explain_json_format_version = 1", "EXPLAIN FORMAT=JSON "),
    "v2": ("SET explain_json_format_version = 2", "EXPLAIN FORMAT=JSON "),
    "tree": ("", "EXPLAIN FORMAT=TREE "),
    "analyze": ("", "EXPLAIN ANALYZE "),
    "mariadb": ("", "EXPLAIN FORMAT=JSON "),
    "mariadb analyze": ("", "ANALYZE FORMAT=JSON "),
}


@dataclass(frozen=True)
class Shop:
    """A server with the shop in it."""

    server: MySQLServer

    def explain(self, sql: str, format_: str) -> str:
        """EXPLAIN's answer as text."""
        setting, words = FORMATS[format_]
        with self.server.connect("shop") as connection, connection.cursor() as cursor:
            if setting:
                cursor.execute(setting)
            cursor.execute(words + sql)
            ((answer, *_),) = cursor.fetchall()
            return str(answer)

    def relations(self, sql: str) -> Relations:
        """The tables of the statement by alias, from note 1003."""
        setting, words = ("", "EXPLAIN EXTENDED ") if self.server.family == "mariadb" else FORMATS["v1"]
        with self.server.connect("shop") as connection, connection.cursor() as cursor:
            if setting:
                cursor.execute(setting)
            cursor.execute(words + sql)
            cursor.execute("SHOW WARNINGS")
            return relations("shop", " ".join(str(text) for _, code, text in cursor.fetchall() if code == 1003))


def fill(server: MySQLServer, schema: str = "shop") -> None:
    """Make the shop anew."""
    script = [part for part in (FOLDER / "shop.sql").read_text().split(";\n") if part.strip()]
    server.run(f"DROP DATABASE IF EXISTS {schema}", f"CREATE DATABASE {schema}")
    with server.connect(schema) as connection, connection.cursor() as cursor:
        for statement in script:
            cursor.execute(statement)


@pytest.fixture(scope="session")
def mysql_shop(mysql: MySQLServer) -> Iterator[Shop]:
    fill(mysql)
    yield Shop(mysql)
    mysql.run("DROP DATABASE shop")


@pytest.fixture(scope="session")
def mariadb_shop(mariadb: MySQLServer) -> Iterator[Shop]:
    fill(mariadb)
    yield Shop(mariadb)
    mariadb.run("DROP DATABASE shop")


@pytest.fixture(scope="session")
def old_mariadb_shop(old_mariadb: MySQLServer) -> Iterator[Shop]:
    fill(old_mariadb)
    yield Shop(old_mariadb)
    old_mariadb.run("DROP DATABASE shop")
