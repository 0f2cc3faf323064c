"""EXPLAIN on the user's own server: read-only, time-limited, and no lock held longer than one question."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

import psycopg
from psycopg.pq import ExecStatus

from dbtune.connect.postgres import LOCK_TIMEOUT_MS, read_only_session
from dbtune.connect.refusals import first_line
from dbtune.connect.targets import DatabaseUrl
from dbtune.ddl.quoting import identifier
from dbtune.model.errors import ConnectionFailed, PlanFailed
from dbtune.model.plan import Plan
from dbtune.model.workload import Instance
from dbtune.planner.plan_reader import read_plan

EXPLAIN_TIMEOUT_MS = 10_000


class LiveSession:
    """A session on the target that plans statements and runs none of them."""

    def __init__(self, url: DatabaseUrl, search_path: Sequence[str]) -> None:
        """Raises ConnectionFailed."""
        self._stack = ExitStack()
        self._connection = self._stack.enter_context(read_only_session(url, statement_timeout_ms=EXPLAIN_TIMEOUT_MS))
        self._connection.rollback()
        self._search_path = tuple(search_path)

    def ask(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """Rows of a query of dbtune's own. Raises PlanFailed with the server's reason."""
        try:
            rows: list[tuple[object, ...]] = self._connection.execute(sql.encode(), parameters or None).fetchall()
        except psycopg.Error as error:
            raise PlanFailed(first_line(error)) from None
        finally:
            self._rollback()
        return rows

    def explain(self, instance: Instance) -> Plan:
        """The statement's plan. Raises PlanFailed with the server's reason."""
        try:
            self._begin(instance)
            sql = instance.sql.strip().rstrip(";")
            return read_plan(self._explain_generic(sql) if instance.generic else self._explain(sql))
        except psycopg.Error as error:
            raise PlanFailed(first_line(error)) from None
        finally:
            self._rollback()

    def close(self) -> None:
        """End the session. May be called more than once."""
        self._stack.close()

    def _begin(self, instance: Instance) -> None:
        """Limits for this transaction only: behind a pooler the session is not ours to change."""
        path = ", ".join(identifier(schema) for schema in instance.search_path or self._search_path)
        self._connection.execute(
            "SELECT set_config('statement_timeout', %s, true), set_config('lock_timeout', %s, true),"
            " set_config('search_path', %s, true), set_config('plan_cache_mode', 'force_generic_plan', true)",
            (str(EXPLAIN_TIMEOUT_MS), str(LOCK_TIMEOUT_MS), path),
        )

    def _explain(self, sql: str) -> bytes:
        # by the extended protocol, which takes one statement and no more: what follows a semicolon is refused
        result = self._connection.pgconn.exec_params(f"EXPLAIN (FORMAT JSON, VERBOSE) {sql}".encode(), [])
        if result.status != ExecStatus.TUPLES_OK:
            message = result.error_message.decode(errors="replace").strip().splitlines()
            raise PlanFailed(message[0].removeprefix("ERROR:").strip() if message else "the server gave no reason")
        return result.get_value(0, 0) or b""

    def _explain_generic(self, sql: str) -> bytes:
        """By PREPARE, in every version: GENERIC_PLAN (16 and later) wants the protocol that takes many statements."""
        name = "dbtune_generic"
        prepared = self._connection.pgconn.exec_params(f"PREPARE {name} AS {sql}".encode(), [])
        if prepared.status != ExecStatus.COMMAND_OK:
            raise PlanFailed(prepared.error_message.decode(errors="replace").strip().splitlines()[0])
        try:
            counted = self._connection.execute(
                "SELECT coalesce(cardinality(parameter_types), 0) FROM pg_catalog.pg_prepared_statements"
                " WHERE name = %s",
                (name,),
            ).fetchone()
            nulls = ", ".join(["NULL"] * (int(counted[0]) if counted else 0))
            return self._explain(f"EXECUTE {name}" + (f"({nulls})" if nulls else ""))
        finally:
            self._rollback()  # a prepared statement survives it, and a failed transaction could not remove it
            self._connection.pgconn.exec_params(f"DEALLOCATE {name}".encode(), [])

    def _rollback(self) -> None:
        try:
            self._connection.rollback()
        except psycopg.OperationalError:
            raise ConnectionFailed("the connection to the database was lost while planning") from None
