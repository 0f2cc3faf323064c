"""One read-only session in which each catalog query may fail on its own and becomes a limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import namedtuple_row

from dbtune.collect.limits import NotedLimits
from dbtune.connect.abilities import Abilities
from dbtune.model.errors import ConnectionFailed

Row = Any
"""A row, its columns as attributes. The catalog's shape is the query's, which stands beside each use."""

SESSION_SETTINGS: Mapping[str, str] = {
    # with an empty path the server prints every name with its schema, as pg_dump wants it too
    "search_path": "",
    # text forms of values that every server reads back alike
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "quote_all_identifiers": "off",
    # catalogs are small: compiling and parallel workers only cost the server
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
}

LOCKED_RELATIONS: LiteralString = """
    SELECT DISTINCT relation::int8 AS oid
    FROM pg_catalog.pg_locks
    WHERE locktype = 'relation' AND mode = 'AccessExclusiveLock' AND pid <> pg_catalog.pg_backend_pid()
      AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
"""
"""Relations held under ACCESS EXCLUSIVE, or with such a request in the queue: neither their size can be asked nor any
expression of theirs be printed."""

ATTEMPTS = 3
"""So often a query is asked where a lock or a concurrent DROP gets in its way."""


class Catalog(NotedLimits):
    """Runs the queries, in one transaction, each in a savepoint that is rolled back so that its locks go at once."""

    def __init__(self, connection: psycopg.Connection) -> None:
        super().__init__()
        self._connection = connection
        self.abilities = Abilities(connection.info.server_version // 10000)
        self.locked: list[int] = []
        """Relations that a query waited for in vain. Short locks are waited out."""
        self.search_path: tuple[str, ...] = self._read_search_path()
        for name, value in SESSION_SETTINGS.items():
            connection.execute("SELECT pg_catalog.set_config(%s, %s, true)", (name, value))

    def rows(
        self,
        query: LiteralString,
        what: str,
        parameters: Mapping[str, object] | None = None,
        *,
        advice: str = "",
        required: bool = False,
        **fragments: LiteralString | sql.Composable,
    ) -> Sequence[Row]:
        """All rows of the query; none, and one limit about ``what``, where it fails.

        ``{name}`` in the query is replaced by the fragment of that name, ``%(locked)s`` by the locked relations. A
        query that waits for a lock in vain is asked again without the relations locked by then. ``advice`` says what
        to grant. Raises ConnectionFailed where the query is ``required`` or the session is lost.
        """
        try:
            return self._patiently(query, parameters, fragments)
        except (psycopg.Error, UnicodeDecodeError) as error:
            if self._connection.closed or self._connection.broken:
                raise
            reason = explain(error)
            if required:
                raise ConnectionFailed(f"the catalog cannot be read ({what}): {reason}") from error
            self.limit(what, f"{reason}; {advice}" if advice else reason)
            return ()

    def _patiently(
        self,
        query: LiteralString,
        parameters: Mapping[str, object] | None,
        fragments: Mapping[str, LiteralString | sql.Composable],
    ) -> list[Row]:
        for _ in range(ATTEMPTS - 1):
            try:
                return self._run(query, parameters, fragments)
            except psycopg.errors.LockNotAvailable:
                found = self._run(LOCKED_RELATIONS, None, {})
                self.locked = sorted({*self.locked, *(row.oid for row in found)})
            except psycopg.errors.InternalError_:
                pass  # "cache lookup failed": dropped while it was read; the next look no longer finds it
        return self._run(query, parameters, fragments)

    def _run(
        self,
        query: LiteralString,
        parameters: Mapping[str, object] | None,
        fragments: Mapping[str, LiteralString | sql.Composable],
    ) -> list[Row]:
        composed = sql.SQL(query).format(
            **{name: sql.SQL(part) if isinstance(part, str) else part for name, part in fragments.items()}
        )
        given = {"locked": self.locked, **(parameters or {})}
        with (
            self._connection.transaction(force_rollback=True),
            self._connection.cursor(row_factory=namedtuple_row) as cursor,
        ):
            return cursor.execute(composed, given).fetchall()

    def _read_search_path(self) -> tuple[str, ...]:
        rows = self._run("SELECT pg_catalog.current_schemas(false)::text[] AS path", None, {})
        return tuple(rows[0].path) or ("public",)


def explain(error: Exception) -> str:
    """A server's error in a few words."""
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return "a lock was held on it for too long"
    if isinstance(error, psycopg.errors.QueryCanceled):
        return "it took longer than the statement timeout (--statement-timeout raises it)"
    if isinstance(error, psycopg.Error) and error.diag.message_primary:
        return error.diag.message_primary
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
