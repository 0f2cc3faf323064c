"""``pg_stat_statements``: what this database was asked, merged by fingerprint."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import LiteralString

from psycopg import sql

from dbtune.collect.postgres.catalog import Catalog, Row
from dbtune.connect.abilities import statement_columns
from dbtune.model.schema_objects import Extension
from dbtune.model.workload import Statement, Workload, WorkloadSource
from dbtune.sql.fingerprint import fingerprint, normalise

SOURCE = "pg_stat_statements"
INFO = "pg_stat_statements_info"

STATEMENTS: LiteralString = """
    SELECT query, sum(calls) AS calls, sum({total_ms}) AS total_ms, sum(rows) AS rows,
           sum(shared_blks_read + local_blks_read) AS blocks_read,
           sum(shared_blks_hit + local_blks_hit) AS blocks_hit,
           sum(temp_blks_read + temp_blks_written) AS temporary_blocks,
           {since} AS since
    FROM {view}
    WHERE dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
    GROUP BY query
"""

RESET: LiteralString = "SELECT stats_reset AS since FROM {info}"

HIDDEN = "<insufficient privilege>"

INSTALL_ADVICE = (
    "add it to shared_preload_libraries, restart, and CREATE EXTENSION pg_stat_statements; "
    "or give statements with --workload"
)

_LEADING = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/|\()*", re.DOTALL)
_PLANNED = re.compile(r"(?:select|insert|update|delete|merge|with|values|table)\b", re.IGNORECASE)
_CATALOG_READ = re.compile(
    r"\b(?:from|join)\s+(?:only\s+)?"
    r"(?:\"?pg_catalog\"?\s*\.|\"?information_schema\"?\s*\.|\"?pg_[a-z0-9_]+\b\"?(?!\s*\.)"
    r"|(?:\"?[\w$]+\"?\.)?\"?pg_stat_statements(?:_info)?\b)",
    re.IGNORECASE,
)
_SERVER_FUNCTION = re.compile(
    r"\s*select\s+(?:pg_catalog\.)?(?:pg_\w+|set_config|current_\w+|version|txid_\w+)\b(?!.*\bfrom\b)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class _Found:
    statement: Statement
    since: str | None


def read_workload(catalog: Catalog, extensions: Sequence[Extension], top: int | None) -> Workload:
    """Statements with calls and times, those that took the most time first.

    Left out: utility statements, EXPLAIN, and whatever reads the system catalogs (monitoring, tools, dbtune).
    """
    extension = next((extension for extension in extensions if extension.name == SOURCE), None)
    if extension is None:
        catalog.limit(SOURCE, f"the extension is not installed in this database; {INSTALL_ADVICE}")
        return Workload()
    rows = _read_rows(catalog, extension)
    hidden = [row for row in rows if row.query in (HIDDEN, None)]
    if hidden:
        catalog.limit(
            f"{sum(int(row.calls) for row in hidden):,} calls of other roles' statements",
            "permission denied; GRANT pg_read_all_stats (or pg_monitor) to see them",
        )
    found = _merge(row for row in rows if row.query not in (HIDDEN, None) and is_application_statement(row.query))
    found.sort(key=lambda each: -(each.statement.total_ms or 0))
    if top is not None and len(found) > top:
        catalog.limit(f"{len(found) - top:,} statements that took less time", f"only the top {top:,} were asked for")
        found = found[:top]
    statements = tuple(each.statement for each in found)
    if not statements:
        return Workload()
    since = min((each.since for each in found if each.since is not None), default=None) or _reset(catalog, extension)
    source = WorkloadSource(SOURCE, SOURCE, len(statements), sum(s.calls for s in statements), since)
    return Workload(statements, (source,))


def _read_rows(catalog: Catalog, extension: Extension) -> Sequence[Row]:
    columns = statement_columns(extension.version)
    return catalog.rows(
        STATEMENTS,
        SOURCE,
        advice="it must be in shared_preload_libraries, and the role needs USAGE on its schema and pg_read_all_stats",
        total_ms=columns.total_ms,
        since=columns.since,
        view=sql.Identifier(extension.schema, SOURCE),
    )


def _reset(catalog: Catalog, extension: Extension) -> str | None:
    """When all entries were last thrown away, for versions that do not date each entry."""
    if not statement_columns(extension.version).has_info:
        return None
    rows = catalog.rows(RESET, "start of pg_stat_statements", info=sql.Identifier(extension.schema, INFO))
    return rows[0].since.isoformat() if rows and rows[0].since else None


def is_application_statement(text: str) -> bool:
    """Whether the statement is one to plan and advise on."""
    start = _LEADING.match(text)
    begin = start.end() if start else 0
    return (
        _PLANNED.match(text, begin) is not None
        and _CATALOG_READ.search(text) is None
        and _SERVER_FUNCTION.match(text, begin) is None
    )


def _merge(rows: Iterable[Row]) -> list[_Found]:
    merged: dict[str, _Found] = {}
    for row in rows:
        each = _Found(_statement(row), row.since.isoformat() if row.since else None)
        known = merged.get(each.statement.fingerprint)
        merged[each.statement.fingerprint] = each if known is None else _together(known, each)
    return list(merged.values())


def _together(one: _Found, other: _Found) -> _Found:
    a, b = one.statement, other.statement
    statement = replace(
        a,
        calls=a.calls + b.calls,
        total_ms=(a.total_ms or 0) + (b.total_ms or 0),
        rows=(a.rows or 0) + (b.rows or 0),
        blocks_read=(a.blocks_read or 0) + (b.blocks_read or 0),
        blocks_hit=(a.blocks_hit or 0) + (b.blocks_hit or 0),
        temporary_blocks=(a.temporary_blocks or 0) + (b.temporary_blocks or 0),
    )
    return _Found(statement, min((since for since in (one.since, other.since) if since is not None), default=None))


def _statement(row: Row) -> Statement:
    # the server keeps literals of an entry that was thrown out while it ran: normalised once more
    text = normalise(row.query)
    return Statement(
        fingerprint=fingerprint(row.query),
        text=text,
        calls=float(row.calls),
        total_ms=float(row.total_ms),
        rows=float(row.rows),
        source=SOURCE,
        blocks_read=float(row.blocks_read),
        blocks_hit=float(row.blocks_hit),
        temporary_blocks=float(row.temporary_blocks),
    )
