"""Databases on the servers of the tests, filled from SQL."""

from __future__ import annotations

from urllib.parse import quote

from dbtune.ddl.mysql_quoting import identifier
from dbtune.sql.splitting import split_statements
from tests.servers.mysql_sandbox import MySQLServer


def fill(server: MySQLServer, database: str, *scripts: str) -> str:
    """The URL of a new database (one of that name is dropped) in which the scripts were run, as the administrator."""
    name = identifier(database)
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        cursor.execute(f"USE {name}")
        for script in scripts:
            for statement in split_statements(script, "mysql"):
                cursor.execute(statement)
    return server.url + quote(database)


def url_of(server: MySQLServer, database: str, user: str, password: str = "") -> str:
    """The URL of the database for another account."""
    secret = f":{quote(password, safe='')}" if password else ""
    return f"{server.family}://{quote(user)}{secret}@{server.host}:{server.port}/{quote(database)}"
