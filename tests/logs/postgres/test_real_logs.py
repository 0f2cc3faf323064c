"""The logs that a real server writes, in every form at once: the same events come out of each."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from dbtune.embedded import EmbeddedServer, available_binaries, find_binaries
from dbtune.logs.digesting import DigestOptions, digest
from dbtune.logs.executors import open_executor
from dbtune.logs.postgres.records import ERROR_WITHOUT_STATEMENT
from dbtune.model.digest import Digest, StatementDigest
from dbtune.model.errors import UsageError
from dbtune.model.progress import NoProgress
from tests.conftest import run_script

SETTINGS = {
    "log_destination": "stderr,csvlog,jsonlog",
    "logging_collector": "on",
    "log_filename": "postgresql.log",
    "log_min_messages": "warning",
    "log_min_error_statement": "error",
    "log_min_duration_statement": "0",
    "log_lock_waits": "on",
    "deadlock_timeout": "100ms",
    "log_temp_files": "0",
    "work_mem": "64kB",
}
PREFIXES = [
    "%m [%p] %q%u@%d ",
    "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ",
    "<%n|%c|%u|%d> ",
    "%m:%r:%u@%d:[%p]:",
]
SCHEMA = (
    "CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t SELECT i, 'n' || i FROM generate_series(1, 9000) i;"
)


def work(url: str) -> None:
    """Simple and extended protocol, values with quotes and line breaks, a sort on disk, errors, a wait, a time-out."""
    with psycopg.connect(url, autocommit=True) as connection, psycopg.connect(url, autocommit=True) as other:
        for number in range(5):
            connection.execute(f"SELECT name\n\tFROM t\nWHERE id = {number} -- it's".encode())
            connection.execute("SELECT id FROM t WHERE name = %s AND id > %s", (f'it\'s\n\t"{number}"', number))
        connection.execute("SELECT * FROM t ORDER BY name DESC OFFSET 8999").fetchall()
        for wrong in ("SELECT missing FROM t", "SELECT pg_sleep(5) FROM t WHERE id = 1"):
            with suppress(psycopg.Error):
                connection.execute("SET statement_timeout = '50ms'")
                connection.execute(wrong.encode())
        connection.execute("RESET statement_timeout")
        other.execute("BEGIN")
        other.execute("UPDATE t SET name = 'x' WHERE id = 7")
        connection.execute("SET lock_timeout = '400ms'")
        with suppress(psycopg.Error):
            connection.execute("UPDATE t SET name = 'y' WHERE id = 7")
        other.execute("ROLLBACK")


@pytest.fixture(scope="module", params=PREFIXES)
def logs(request: pytest.FixtureRequest) -> Iterator[tuple[str, Path]]:
    """The prefix, and the folder with the logs of a server that has worked."""
    newest = find_binaries()
    assert newest.major >= 15, available_binaries()
    with EmbeddedServer(newest, settings={**SETTINGS, "log_line_prefix": request.param}) as server:
        url = server.create_database("shop")
        run_script(url, SCHEMA)
        work(url)
        time.sleep(0.5)  # the collector writes after the session has ended
        yield request.param, server.data_directory / "log"


def read(path: Path, **wishes: str) -> Digest:
    return digest([str(path)], DigestOptions(samples=5, **wishes), open_executor(1), NoProgress())


def found(digest: Digest, text: str) -> StatementDigest:
    (one,) = [one for one in digest.statements if one.text.startswith(text)]
    return one


@pytest.mark.parametrize("ending", ["log", "csv", "json"])
def test_what_the_server_did_comes_back(logs: tuple[str, Path], ending: str) -> None:
    prefix, folder = logs
    made = read(folder / f"postgresql.{ending}")
    assert made.sources[0].format == f"postgres-{'stderr' if ending == 'log' else ending}"
    simple = found(made, "SELECT name FROM t WHERE id = $1")
    assert simple.calls == 5
    assert simple.total_ms is not None and simple.total_ms > 0
    extended = found(made, "SELECT id FROM t WHERE name = $1 AND id > $2")
    assert extended.calls == 5
    assert "SELECT id FROM t WHERE name = 'it''s\n\t\"3\"' AND id > '3'" in {one.sql for one in extended.samples}
    named = ending != "log" or "|" not in prefix  # bars tell no user from a database
    assert [client.name[:5] for client in simple.databases] == (["shop_"] if named else [])
    assert found(made, "SELECT missing FROM t").errors == 1
    kinds = {(one.kind, one.detail) for one in made.incidents}
    assert ("cancelled", "statement timeout") in kinds
    assert ("cancelled", "lock timeout") in kinds
    (wait,) = [one for one in made.incidents if one.kind == "lock_wait"]
    assert wait.text == "UPDATE t SET name = $1 WHERE id = $2"
    assert 100 <= wait.max_amount < 5000
    files = [one for one in made.incidents if one.kind == "temporary_file"]
    assert sum(one.count for one in files) >= 1
    sorting = found(made, "SELECT * FROM t ORDER BY name DESC OFFSET")
    assert sorting.temporary_bytes is not None and sorting.temporary_bytes > 1e5
    # the fixture asks the server until it is ready, which is an error for each time too early
    assert {part.reason for part in made.sources[0].skipped} <= {ERROR_WITHOUT_STATEMENT}


def test_all_forms_say_the_same(logs: tuple[str, Path]) -> None:
    _, folder = logs
    digests = [read(folder / f"postgresql.{ending}") for ending in ("log", "csv", "json")]
    facts = [
        {one.fingerprint: (one.calls, round(one.total_ms or 0, 2), one.errors) for one in made.statements}
        for made in digests
    ]
    assert facts[0] == facts[1] == facts[2]


def test_a_folder_with_all_forms_counts_each_event_once(logs: tuple[str, Path]) -> None:
    _, folder = logs
    made, of_csv = read(folder), read(folder / "postgresql.csv")
    assert [Path(source.name).name for source in made.sources if source.events] == ["postgresql.csv"]
    assert made.statements == of_csv.statements
    twins = {Path(limit.what).name for limit in made.limits if "the same events" in limit.why}
    assert twins == {"postgresql.log", "postgresql.json"}


def test_the_prefix_can_be_given(logs: tuple[str, Path]) -> None:
    prefix, folder = logs
    path = folder / "postgresql.log"
    given, told = read(path, log_line_prefix=prefix), read(path)
    assert [(one.fingerprint, one.calls) for one in given.statements] == [
        (one.fingerprint, one.calls) for one in told.statements
    ]
    with pytest.raises(UsageError, match="postgres"):
        read(path, log_line_prefix="%m ~~~ [%p]", log_format="postgres-stderr")
