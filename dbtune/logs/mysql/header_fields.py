"""What the header lines of the slow log say beyond the usual: Percona's, MariaDB's, and those of ``log_slow_extra``.

The lines come in four parts, each mostly the same from event to event; what a part says is worked out once and
remembered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import nan

import numpy as np

from dbtune.logs.batch import Batch, IncidentEvent, Names, numbers_or_nan
from dbtune.model.digest import IncidentKind

_FIELD = re.compile(rb"([A-Za-z_]+):[ \t]*+(\S*[^\s:])(?=\s|\Z)")
_EXPLAIN = re.compile(rb"^# explain: ?([^\n]*)\n", re.MULTILINE)

_INCIDENTS: dict[bytes, tuple[IncidentKind, bytes]] = {
    b"1205": ("cancelled", b"lock timeout"),
    b"1213": ("deadlock", b""),
    b"1317": ("cancelled", b"killed"),
    b"1969": ("cancelled", b"statement timeout"),  # MariaDB
    b"3024": ("cancelled", b"statement timeout"),  # MySQL
}

_NAMES = (
    b"Rows_affected",
    b"Bytes_sent",
    b"Errno",
    b"Last_errno",
    b"Killed",
    b"Thread_id",
    b"Schema",
    b"Log_slow_rate_limit",
    b"Tmp_table_sizes",
    b"Tmp_table_on_disk",
    b"Tmp_disk_tables",
)

_EMPTY = b"\0"
"""A field that is there and says nothing (the schema of a session without one)."""

MOST_REMEMBERED = 1 << 13
"""Parts of headers; each of a few hundred bytes."""


class _Fields(dict[bytes, tuple[bytes, ...]]):
    """Values of ``_NAMES`` by part of a header."""

    def __missing__(self, part: bytes) -> tuple[bytes, ...]:
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        found = dict(_FIELD.findall(part))
        if b"Schema" not in found and b" Schema:" in part:
            found[b"Schema"] = _EMPTY
        values = self[part] = tuple(found.get(name, b"") for name in _NAMES)
        return values


_remembered = _Fields()


def add_fields(batch: Batch, parts: Sequence[Sequence[bytes]]) -> None:
    """Fill in what the parts of the events' headers say; each part has a text for each event, which may be empty."""
    said = [part for part in parts if any(part)]
    if not said:
        return
    columns = _columns(said)
    if b"Rows_affected" in columns:
        batch.rows_affected = numbers_or_nan(columns[b"Rows_affected"], repeated=True)
    if b"Bytes_sent" in columns:
        batch.bytes_sent = numbers_or_nan(columns[b"Bytes_sent"], repeated=True)
    _add_errors(batch, columns)
    if b"Thread_id" in columns:
        known = batch.sessions or [b""] * len(batch)
        batch.sessions = [thread or one for thread, one in zip(columns[b"Thread_id"], known, strict=True)]
    if b"Schema" in columns:
        used = batch.databases or [b""] * len(batch)
        named = (schema or use for schema, use in zip(columns[b"Schema"], used, strict=True))
        batch.databases = [b"" if name == _EMPTY else name for name in named]
    if b"Log_slow_rate_limit" in columns:
        limits = columns[b"Log_slow_rate_limit"]
        batch.calls = np.array([max(1.0, float(limit)) if limit.isdigit() else 1.0 for limit in limits])
    if b"Tmp_table_sizes" in columns:
        none = [b""] * len(batch)
        batch.temporary_bytes = np.array(
            [
                _on_disk(size, kind, count)
                for size, kind, count in zip(
                    columns[b"Tmp_table_sizes"],
                    columns.get(b"Tmp_table_on_disk", none),
                    columns.get(b"Tmp_disk_tables", none),
                    strict=True,
                )
            ]
        )
    for part in said:
        for at, text in enumerate(part):
            if b"# explain:" in text:
                batch.plans[at] = b"\n".join(_EXPLAIN.findall(text))


def _columns(parts: Sequence[Sequence[bytes]]) -> dict[bytes, Names]:
    """Values by name, for the names that any of the events has."""
    found: dict[bytes, Names] = {}
    for part in parts:
        for name, column in zip(_NAMES, zip(*map(_remembered.__getitem__, part), strict=True), strict=True):
            if any(column):
                known = found.get(name)
                found[name] = list(column) if known is None else [a or b for a, b in zip(known, column, strict=True)]
    return found


def _add_errors(batch: Batch, columns: dict[bytes, Names]) -> None:
    none = [b""] * len(batch)
    own, last = columns.get(b"Errno", none), columns.get(b"Last_errno", none)
    errors = [one or other for one, other in zip(own, last, strict=True)]
    if any(errors):
        batch.errors = np.array([float(bool(value) and value != b"0") for value in errors])
    # MySQL 8 and later have forgotten by then that a statement was killed, but for the number of the error
    killed = columns.get(b"Killed", none)
    for at, (number, kill) in enumerate(zip(errors, killed, strict=True)):
        number = b"1317" if kill not in (b"", b"0") else number
        if number in _INCIDENTS:
            kind, detail = _INCIDENTS[number]
            batch.incidents.append(IncidentEvent(kind, float(batch.times[at]), 0.0, batch.texts[at], detail))


def _on_disk(size: bytes, on_disk: bytes, tables: bytes) -> float:
    """Bytes of temporary tables, where one of them was on disk."""
    if not size.isdigit():
        return nan
    return float(size) if on_disk == b"Yes" or tables not in (b"", b"0") else 0.0
