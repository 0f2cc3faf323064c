"""The digest for spreadsheets: a row a statement; with a comparison, a row a change."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

from dbtune.model.digest import Client, StatementDigest
from dbtune.report.digest.registry import View, digest_format
from dbtune.report.digest.words import iso

_NUMBERS = (
    *("calls", "share", "total_ms", "mean_ms", "p50_ms", "p95_ms", "p99_ms", "max_ms", "lock_ms", "rows_sent"),
    *("rows_examined", "rows_affected", "bytes_sent", "temporary_bytes", "errors"),
)
_CHANGE = ("kind", "fingerprint", "calls_before", "calls_after", "ms_before", "ms_after", "text")


@digest_format("csv", ".csv")
def write(view: View) -> str:
    """A header line, then a row each. What is not known is empty; times are ISO 8601."""
    if view.comparison is not None:
        changes = view.comparison.changes[: view.top]
        return _table(_CHANGE, ([getattr(change, name) for name in _CHANGE] for change in changes))
    header = ("fingerprint", *_NUMBERS, "first_seen", "last_seen", "users", "databases", "hosts", "text")
    return _table(header, (_row(one) for one in view.written().statements))


def _row(one: StatementDigest) -> list[object]:
    clients = (_names(names) for names in (one.users, one.databases, one.hosts))
    numbers = (getattr(one, name) for name in _NUMBERS)
    return [one.fingerprint, *numbers, iso(one.first_seen), iso(one.last_seen), *clients, one.text]


def _names(clients: Sequence[Client]) -> str:
    return " ".join(client.name for client in clients)


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
