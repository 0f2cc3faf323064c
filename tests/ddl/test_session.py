"""Time limits around a build, against a writer that takes its time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import psycopg
import pytest

from dbtune.ddl.indexes import create_index
from dbtune.ddl.session import SHORT_LOCK_TIMEOUT, waiting_briefly, waiting_long
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Index, IndexKey

IMPATIENT = """
CREATE TABLE t (a int);
INSERT INTO t SELECT generate_series(1, 100);
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET lock_timeout = ''100ms''', current_database()); END $$
"""
INDEX = Index("t_a", QualifiedName("public", "t"), (IndexKey("a"),))
VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = 't_a'::regclass"
WRITER_SECONDS = 0.5


@contextmanager
def writer(url: str) -> Iterator[None]:
    """A transaction that has written to the table, and ends half a second later."""
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO t VALUES (1)")
        end = threading.Timer(WRITER_SECONDS, connection.commit)
        end.start()
        try:
            yield
        finally:
            end.join()


def run(connection: psycopg.Connection[tuple[object, ...]], statements: Sequence[str]) -> None:
    for statement in statements:
        connection.execute(statement.encode())


def test_a_build_waits_for_writers(make_database: Callable[..., str]) -> None:
    url = make_database(IMPATIENT)
    with writer(url), psycopg.connect(url, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.LockNotAvailable):
            run(connection, [create_index(INDEX)])
        assert connection.execute(VALID).fetchone() == (False,)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP INDEX t_a")
    with writer(url), psycopg.connect(url, autocommit=True) as connection:
        run(connection, waiting_long([create_index(INDEX)]))
        assert connection.execute(VALID).fetchone() == (True,)
        assert connection.execute("SHOW lock_timeout").fetchone() == ("100ms",)
        assert connection.execute("SHOW statement_timeout").fetchone() == ("0",)


def test_a_statement_that_blocks_writers_does_not_wait_for_long(make_database: Callable[..., str]) -> None:
    with psycopg.connect(make_database(IMPATIENT), autocommit=True) as connection:
        before, statement, after = waiting_briefly([create_index(INDEX, concurrently=False)])
        run(connection, [before, statement])
        assert connection.execute("SHOW lock_timeout").fetchone() == (SHORT_LOCK_TIMEOUT,)
        run(connection, [after])
        assert connection.execute("SHOW lock_timeout").fetchone() == ("100ms",)
