"""Running statements once to see their rows: EXPLAIN ANALYZE, only where the user asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import psycopg

from dbtune.connect.postgres import read_only_session
from dbtune.connect.targets import DatabaseUrl
from dbtune.ddl.quoting import identifier
from dbtune.model.errors import PlanFailed
from dbtune.model.plan import Plan
from dbtune.model.progress import Progress
from dbtune.model.workload import Statement
from dbtune.planner.plan_reader import read_plan

EXPLAIN_ANALYZE = b"EXPLAIN (ANALYZE, TIMING OFF, VERBOSE, FORMAT JSON) "
LIMIT_MS = 30_000
"""A statement that takes longer is left alone."""


def executed_once(
    url: DatabaseUrl, statements: Iterable[Statement], progress: Progress, limit_ms: int = LIMIT_MS
) -> Mapping[str, tuple[Plan, ...]]:
    """By fingerprint, the plan with actual rows of each statement's first execution that is known with its values.

    Each runs in a read-only transaction that is rolled back; what is refused there, or takes too long, is left out.
    Raises ConnectionFailed.
    """
    found: dict[str, tuple[Plan, ...]] = {}
    runnable = [one for one in statements if one.samples]
    with read_only_session(url, statement_timeout_ms=limit_ms) as connection:
        for number, statement in enumerate(runnable):
            progress.step("running the statements to count their rows", number, len(runnable))
            plan = _executed(connection, statement)
            if plan is not None:
                found[statement.fingerprint] = (plan,)
    return found


def _executed(connection: psycopg.Connection, statement: Statement) -> Plan | None:
    sql = statement.samples[0].strip().rstrip(";").encode()
    try:
        with connection.transaction(force_rollback=True):
            if statement.search_path:
                path = ", ".join(identifier(schema) for schema in statement.search_path)
                connection.execute("SELECT pg_catalog.set_config('search_path', %s, true)", (path,))
            # binary results come by the extended protocol, which takes one statement and no more
            row = connection.execute(EXPLAIN_ANALYZE + sql, binary=True).fetchone()
            return None if row is None else read_plan(row[0])
    except PlanFailed:
        return None
    except psycopg.Error:
        if connection.broken or connection.closed:
            raise
        return None
