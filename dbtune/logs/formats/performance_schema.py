"""``events_statements_summary_by_digest`` of the performance schema, or ``sys.statement_analysis``, as CSV or JSON."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import nan

import numpy as np

from dbtune.logs.batch import Batch, Numbers
from dbtune.logs.mysql.times import epoch
from dbtune.logs.registry import LayoutOptions, Sniffed, log_format
from dbtune.logs.statistics.tables import Row, TableLayout, column_names, number
from dbtune.sql.mysql_digests import PICOSECONDS, digest_statement, is_preparation, whole_sample

_UNITS = {"ps": 1e-9, "ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4, "h": 3.6e6, "d": 8.64e7, "w": 6.048e8}
_LATENCY = re.compile(r"([\d.]+) (ps|ns|us|ms|s|m|h|d|w)\Z")

WITHOUT_TEXT = "statements that the server has counted together, without their text"
PREPARING = "preparations of statements, whose executions are counted"


@log_format("performance-schema", title="export of events_statements_summary_by_digest", dialect="mysql", whole=True)
def sniff(head: bytes, options: LayoutOptions) -> Sniffed | None:
    """By its columns."""
    names = column_names(head)
    if {"digest_text", "count_star"} <= names or {"query", "exec_count", "total_latency"} <= names:
        return Sniffed(0.95, TableLayout(events))
    return None


def events(rows: Sequence[Row]) -> Batch:
    """A row a statement, its numbers per call. An example with its literals stands for the text where there is one."""
    batch = Batch()
    kept: list[Row] = []
    for row in rows:
        if is_preparation(_digest_text(row)):
            batch.skipped[PREPARING] += 1
        elif _text(row) and number(row, "count_star", "exec_count"):
            kept.append(row)
        else:
            batch.skipped[WITHOUT_TEXT] += 1
    calls = _column(kept, "count_star", "exec_count")

    def per_call(*names: str) -> Numbers:
        return _column(kept, *names) / calls

    batch.texts = [_text(row).encode() for row in kept]
    batch.calls = calls
    batch.ms = _time(kept, "sum_timer_wait", "total_latency") / calls
    batch.max_ms = _time(kept, "max_timer_wait", "max_latency")
    batch.lock_ms = _time(kept, "sum_lock_time", "lock_latency") / calls
    batch.rows_sent = per_call("sum_rows_sent", "rows_sent")
    batch.rows_examined = per_call("sum_rows_examined", "rows_examined")
    batch.rows_affected = per_call("sum_rows_affected", "rows_affected")
    batch.errors = per_call("sum_errors", "err_count")
    batch.first_times = _times(kept, "first_seen")
    batch.times = _times(kept, "last_seen")
    databases = [(row.get("schema_name") or row.get("db") or "").encode() for row in kept]
    batch.databases = databases if any(databases) else None
    return batch


def _text(row: Row) -> str:
    return whole_sample(row.get("query_sample_text")) or digest_statement(_digest_text(row))


def _digest_text(row: Row) -> str:
    return row.get("digest_text", "") or row.get("query", "")


def _column(rows: Sequence[Row], *names: str) -> Numbers:
    found = (number(row, *names) for row in rows)
    return np.array([nan if value is None else value for value in found], np.float64)


def _time(rows: Sequence[Row], timer: str, latency: str) -> Numbers:
    """In ms, of picoseconds or of words such as ``1.02 s``."""
    return np.array([_ms(row, timer, latency) for row in rows], np.float64)


def _ms(row: Row, timer: str, latency: str) -> float:
    picoseconds = number(row, timer)
    if picoseconds is not None:
        return picoseconds / PICOSECONDS
    words = _LATENCY.match(row.get(latency, "").strip())
    if words:
        return float(words[1]) * _UNITS[words[2]]
    # sys.x$statement_analysis has picoseconds under the same name
    plain = number(row, latency)
    return nan if plain is None else plain / PICOSECONDS


def _times(rows: Sequence[Row], name: str) -> Numbers:
    return np.array([epoch(row.get(name, "").encode()) for row in rows], np.float64)
