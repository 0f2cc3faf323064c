"""Servers for the tests: really started, one of each version per test process, removed at its end."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import psycopg
import pytest

from dbtune.embedded import EmbeddedServer, available_binaries, find_binaries
from dbtune.model.errors import PlannerUnavailable
from dbtune.sql.splitting import split_statements
from tests.servers.fixtures import any_mysql, mariadb, mysql, old_mariadb  # noqa: F401  (fixtures of all tests)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # as for a job in the background of a script; the programs that tests interrupt would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)

COMMON_SETTINGS = {"max_connections": "60", "autovacuum": "off"}
"""Statistics change only where a test changes them, however long it takes."""

SERVER_SETTINGS = {"shared_preload_libraries": "pg_stat_statements", "track_io_timing": "on", **COMMON_SETTINGS}


class Servers:
    """Embedded servers by major version, started at first use."""

    def __init__(self) -> None:
        self._running: dict[int, EmbeddedServer] = {}

    def get(self, major: int | None = None) -> EmbeddedServer:
        binaries = find_binaries(major)
        if binaries.major not in self._running:
            settings = SERVER_SETTINGS if _has_pg_stat_statements(binaries.folder.parent) else COMMON_SETTINGS
            self._running[binaries.major] = EmbeddedServer(binaries, settings=settings, in_memory=True)
        return self._running[binaries.major]

    def stop(self) -> None:
        for server in self._running.values():
            server.stop()


def _has_pg_stat_statements(installation: object) -> bool:
    from pathlib import Path

    return any(Path(str(installation)).rglob("pg_stat_statements.so")) or str(installation).startswith("/usr/")


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    running = Servers()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def postgres(servers: Servers) -> EmbeddedServer:
    """The newest Postgres there is (the embedded one)."""
    return servers.get()


@pytest.fixture
def make_database(servers: Servers) -> Callable[..., str]:
    """``make_database(sql, major=None)``: URL of a new database in which ``sql`` was run."""

    def make(sql: str = "", major: int | None = None) -> str:
        try:
            server = servers.get(major)
        except PlannerUnavailable as error:
            pytest.skip(f"{error} (found: {[b.version for b in available_binaries()]})")
        url = server.create_database("test")
        if sql:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(sql)  # type: ignore[arg-type]
        return url

    return make


@pytest.fixture(scope="module")
def make_module_database(servers: Servers) -> Callable[[str], str]:
    """URL of a new database on the newest Postgres in which the SQL was run, for all tests of a module."""

    def make(sql: str) -> str:
        url = servers.get().create_database("test")
        run_script(url, sql)
        return url

    return make


def run_script(url: str, sql: str) -> None:
    """Run the statements one by one: VACUUM and its like refuse to run in a batch."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in split_statements(sql):
            connection.execute(statement.encode())


@pytest.fixture
def database(make_database: Callable[..., str]) -> str:
    """URL of an empty database on the newest Postgres."""
    return make_database()
