"""``pg_stat_statements``, exported as CSV or JSON: versions 1.3 to 1.12, with all of its columns or some."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan

import numpy as np

from dbtune.logs.batch import Batch, Numbers
from dbtune.logs.registry import LayoutOptions, Sniffed, log_format
from dbtune.logs.statistics.tables import Row, TableLayout, column_names, number

PAGE_BYTES = 8192

_TOTAL = ("total_exec_time", "total_time")
_OWN = {
    "queryid",
    "total_exec_time",
    "shared_blks_hit",
    "shared_blks_read",
    "mean_exec_time",
    "total_plan_time",
    "userid",
}

HIDDEN = "a statement whose text the server does not show (another user's)"
WITHOUT_CALLS = "a row without calls"


@log_format("pg-stat-statements", title="export of pg_stat_statements", dialect="postgres", whole=True)
def sniff(head: bytes, options: LayoutOptions) -> Sniffed | None:
    """By its columns."""
    names = column_names(head)
    if not {"query", "calls"} <= names or not names & set(_TOTAL):
        return None
    return Sniffed(0.95 if names & _OWN else 0.7, TableLayout(events))


def events(rows: Sequence[Row]) -> Batch:
    """A row a statement, its numbers per call."""
    batch = Batch()
    kept: list[Row] = []
    for row in rows:
        query = row.get("query", "")
        if not query or query == "<insufficient privilege>":
            batch.skipped[HIDDEN] += 1
        elif not number(row, "calls"):
            batch.skipped[WITHOUT_CALLS] += 1
        else:
            kept.append(row)
    calls = np.array([number(row, "calls") for row in kept], np.float64)

    def per_call(*names: str, scale: float = 1.0) -> Numbers:
        return _column(kept, *names) / calls * scale

    batch.texts = [row["query"].encode() for row in kept]
    batch.calls = calls
    batch.ms = per_call(*_TOTAL)
    batch.max_ms = _column(kept, "max_exec_time", "max_time")
    batch.times = np.full(len(kept), nan)
    batch.rows_sent = per_call("rows")
    batch.temporary_bytes = per_call("temp_blks_written", scale=PAGE_BYTES)
    batch.users = _names(kept, "rolname", "usename", "user", "username")
    batch.databases = _names(kept, "datname", "database", "dbname")
    return batch


def _column(rows: Sequence[Row], *names: str) -> Numbers:
    found = (number(row, *names) for row in rows)
    return np.array([nan if value is None else value for value in found], np.float64)


def _names(rows: Sequence[Row], *names: str) -> list[bytes] | None:
    found = [next((row[name] for name in names if row.get(name)), "").encode() for row in rows]
    return found if any(found) else None
