"""TPC-H in MySQL and MariaDB: tables, data and queries of ``benchmarks/tpch.py``, in their dialect."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pymysql.connections import Connection

from benchmarks.tpch import FOLDER, TABLES, csv_files, queries
from tests.servers.mysql_sandbox import FLAVOURS, MySQLServer, cache_folder, running

DATABASE = "tpch"
BUFFER_POOL = 512 << 20


@contextmanager
def production(flavour: str, scale: float) -> Iterator[MySQLServer]:
    """A server with TPC-H in it, all of it in memory; ANALYZE TABLE was run, and nothing else counts anew."""
    with server_in_memory(flavour) as server:
        load(server, scale)
        yield server


@contextmanager
def server_in_memory(flavour: str) -> Iterator[MySQLServer]:
    """A server without data, with room for it in memory, that counts statistics at ANALYZE TABLE only."""
    with running(FLAVOURS[flavour], cache_folder()) as server:
        server.run(
            f"SET GLOBAL innodb_buffer_pool_size = {BUFFER_POOL}",
            "SET GLOBAL innodb_stats_auto_recalc = 0",
            "SET GLOBAL local_infile = 1",
        )
        yield server


def load(server: MySQLServer, scale: float) -> None:
    """Make the database and fill it."""
    server.run(f"CREATE DATABASE {DATABASE}")
    script = re.sub(r"^--.*$", "", (FOLDER / "schema.sql").read_text(), flags=re.MULTILINE)
    with server.connect(DATABASE, local_infile=True) as connection, connection.cursor() as cursor:
        for statement in script.split(";"):
            if statement.strip():
                cursor.execute(statement)
        cursor.execute("SET SESSION unique_checks = 0, SESSION foreign_key_checks = 0")
        with csv_files(scale) as folder:
            for table in TABLES:
                _load_table(connection, table, folder / f"{table}.csv")
        cursor.execute(f"ANALYZE TABLE {', '.join(TABLES)}")
        cursor.fetchall()


def _load_table(connection: Connection, table: str, file: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"LOAD DATA LOCAL INFILE %s INTO TABLE {table} FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"'"
            " LINES TERMINATED BY '\\n' IGNORE 1 LINES",
            (str(file),),
        )


def mysql_queries() -> dict[str, str]:
    """The 22 queries, with what MySQL writes otherwise."""
    return {name: _in_mysql(text) for name, text in queries().items()}


def _in_mysql(text: str) -> str:
    text = re.sub(r"interval '(\d+)' (\w+)", r"INTERVAL \1 \2", text)
    text = re.sub(r"\bsubstring\((\w+) from (\d+) for (\d+)\)", r"substring(\1, \2, \3)", text, flags=re.IGNORECASE)
    return re.sub(r"\bAS c_orders\s*\(([^)]*)\)", r"AS c_orders (\1)", text)
