"""The advice on a copy that is Postgres: both worlds are transactions that are rolled back.

``Without`` is a transaction that begins by dropping what was built: nobody else sees the index gone, and it is there
again at once. So the indexes that the report drops can be left out of the runs ``with``, too.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from dbtune.connect.postgres import writing_session
from dbtune.connect.refusals import first_line
from dbtune.connect.targets import DatabaseUrl
from dbtune.ddl.quoting import identifier, literal
from dbtune.model.errors import ConnectionFailed, PlanFailed
from dbtune.model.plan import Plan
from dbtune.model.progress import Progress
from dbtune.model.recommendation import Report
from dbtune.model.verification import BuiltObject
from dbtune.planner.plan_reader import read_plan
from dbtune.verify.postgres_builds import Build, Connection, Workshop, builds_of, drop_all, drops_of, existing
from dbtune.verify.staging import Runnable, Target, World

FACTS = """
    SELECT pg_catalog.current_database(), pg_catalog.current_setting('server_version'), pg_catalog.pg_is_in_recovery(),
           (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity
            WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()
              AND backend_type = 'client backend'),
           (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_replication)
"""
BACKEND = """
    SELECT pid, backend_start::text FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid()
"""
END_BACKEND = """
    SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
    WHERE pid = %(pid)s AND backend_start::text = %(start)s
"""


@dataclass(frozen=True)
class _Backend:
    """Process and start of a session: what it began must have ended before it can be dropped."""

    pid: int
    start: str


class PostgresCopy:
    """Remembers what was begun, outside the session in which it was, which may be lost."""

    def __init__(
        self, url: DatabaseUrl, report: Report, *, limit_ms: float, lock_timeout_ms: int, writes: bool
    ) -> None:
        """``writes``: statements that write are run, too, and rolled back."""
        self._url = url
        self._lock_timeout_ms = lock_timeout_ms
        self._backend: _Backend | None = None
        self.builds = builds_of(report)
        self.drops = drops_of(report)
        self.workshop = Workshop()
        self.limit_ms = limit_ms
        self.writes = writes

    @property
    def is_idle(self) -> bool:
        return not self.builds and not self.drops

    @contextmanager
    def session(self) -> Iterator[PostgresStaging]:
        with writing_session(self._url, lock_timeout_ms=self._lock_timeout_ms) as connection:
            self._backend = _backend(connection)
            yield PostgresStaging(connection, self)

    def left(self) -> tuple[str, ...]:
        return tuple(one.drop for one in self.workshop.begun)

    def take_back(self) -> tuple[str, ...]:
        try:
            with writing_session(self._url, lock_timeout_ms=self._lock_timeout_ms) as connection:
                if self._backend is not None:
                    _end(connection, self._backend)
                return tuple(drop_all(connection, self.workshop.begun))
        except psycopg.Error as error:
            raise ConnectionFailed(first_line(error)) from error


class PostgresStaging:
    """Builds, and runs statements in either world, on one session."""

    def __init__(self, connection: Connection, copy: PostgresCopy) -> None:
        self._connection = connection
        self._copy = copy
        self.target = read_target(connection)

    def taken(self) -> tuple[str, ...]:
        return existing(self._connection, self._builds)

    def build(self, progress: Progress) -> tuple[BuiltObject, ...]:
        return self._copy.workshop.build(self._connection, self._builds, progress)

    def plan(self, world: World, one: Runnable) -> Plan:
        try:
            with self._inside(world, one):
                return self._explain(one.texts[0])
        except psycopg.Error as error:
            self._raise_if_lost(error)
            raise PlanFailed(first_line(error)) from None

    def why_not_run(self, one: Runnable, before: Plan, after: Plan) -> str | None:
        if self._copy.writes or not any(node.type in ("ModifyTable", "LockRows") for node in before.root.walk()):
            return None
        return "it writes: --with-writes runs it and rolls back"

    def run(self, world: World, one: Runnable) -> float | None:
        try:
            with self._inside(world, one):
                for text in one.texts:
                    self._explain(text)  # brings the catalog's entries back after the drops
                started = time.perf_counter()
                for text in one.texts:
                    self._execute(text)
                return (time.perf_counter() - started) * 1000
        except psycopg.errors.QueryCanceled:
            return None
        except psycopg.Error as error:
            self._raise_if_lost(error)
            raise PlanFailed(first_line(error)) from None

    @property
    def _builds(self) -> tuple[Build, ...]:
        return self._copy.builds

    @contextmanager
    def _inside(self, world: World, one: Runnable) -> Iterator[None]:
        """A transaction in that world; always rolled back."""
        with self._connection.transaction(force_rollback=True):
            for sql in self._copy.left() if world == "without" else self._copy.drops:
                self._connection.execute(sql.encode())
            if one.search_path:
                path = ", ".join(identifier(schema) for schema in one.search_path)
                self._connection.execute(f"SET LOCAL search_path = {path}".encode())
            if not self._copy.writes:
                self._connection.execute(b"SET TRANSACTION READ ONLY")
            limit = literal(f"{self._copy.limit_ms:.0f}ms")
            self._connection.execute(f"SET LOCAL statement_timeout = {limit}".encode())
            yield

    def _explain(self, text: str) -> Plan:
        row = self._execute(f"EXPLAIN (FORMAT JSON, VERBOSE) {text}").fetchone()
        decoded = row[0] if row is not None else None
        return read_plan(decoded if isinstance(decoded, list) else str(decoded))

    def _execute(self, text: str) -> psycopg.Cursor[tuple[object, ...]]:
        """Until the last row is here; rows are not decoded, which would be Python's time and not the server's."""
        # binary results come by the extended protocol, which takes one statement and no more: none can end the
        # transaction and go on without it
        return self._connection.execute(text.strip().rstrip(";").encode(), binary=True)

    def _raise_if_lost(self, error: psycopg.Error) -> None:
        if self._connection.broken or self._connection.closed:
            raise error


def read_target(connection: Connection) -> Target:
    """What the server says of itself."""
    row = connection.execute(FACTS.encode()).fetchone()
    assert row is not None
    database, version, in_recovery, sessions, replicas = row
    signs = []
    if sessions:
        signs.append(f"{sessions} other session{'s' if sessions != 1 else ''} on the database")
    if replicas:
        signs.append(f"{replicas} replica{'s' if replicas != 1 else ''} of the server")
    return Target(str(database), str(version).split()[0], in_recovery is True, tuple(signs))


def _backend(connection: Connection) -> _Backend:
    row = connection.execute(BACKEND.encode()).fetchone()
    assert row is not None
    return _Backend(int(str(row[0])), str(row[1]))


def _end(connection: Connection, backend: _Backend) -> None:
    """End the session that was lost: it may still be building, and would finish after the drop."""
    for _ in range(20):
        ended = connection.execute(END_BACKEND.encode(), {"pid": backend.pid, "start": backend.start}).fetchall()
        if not ended:
            return
        time.sleep(0.1)
