"""Plain SQL as a log: each statement a call, or as many as a comment above it says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import nan

import numpy as np

from dbtune.logs.batch import Batch
from dbtune.logs.registry import LayoutOptions, Reader, Sniffed, log_format

UTILITY = "a statement that is not planned (SET, BEGIN, ...)"
TOO_LARGE = "the rest of a file of SQL of more than 64 MB"

LARGEST = 64 << 20
"""In bytes: statements are told apart with the whole text in memory."""

_LINE_START = re.compile(rb"^", re.MULTILINE)
_VERB = re.compile(
    rb"\A\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*|#[^\n]*\n\s*)*"
    rb"(?:SELECT|INSERT|UPDATE|DELETE|WITH|MERGE|REPLACE|VALUES|SET|BEGIN|START|CREATE|ALTER|EXPLAIN|CALL|TABLE|\\)\b",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class SqlLayout:
    """Read as a whole."""

    @property
    def boundary(self) -> re.Pattern[bytes]:
        return _LINE_START

    def reader(self) -> Reader:
        return SqlReader()


@log_format("sql", title="file of SQL statements", dialect=None, whole=True)
def sniff(head: bytes, options: LayoutOptions) -> Sniffed | None:
    """It begins with a statement, and one ends with a semicolon."""
    if b"\0" in head or not _VERB.match(head) or b";" not in head:
        return None
    return Sniffed(0.4, SqlLayout())


class SqlReader:
    """Takes all and gives it at the end."""

    def __init__(self) -> None:
        self._content: list[bytes] = []
        self._size = 0
        self._cut = False

    def read(self, block: bytes) -> Batch:
        """Nothing yet."""
        if self._size + len(block) > LARGEST:
            self._cut = True
        else:
            self._content.append(block)
            self._size += len(block)
        return Batch()

    def finish(self) -> Batch:
        """All statements; those with a weight stand for many calls."""
        # it brings the SQL parser along, which no other log needs
        from dbtune.logs.sql_file import weighted_statements

        found = weighted_statements(b"".join(self._content).decode("utf-8-sig", "replace"))
        planned = [one for one in found if not one.utility]
        batch = Batch(
            texts=[one.text.encode() for one in planned],
            ms=np.array([nan if one.mean_ms is None else one.mean_ms for one in planned], np.float64),
            times=np.full(len(planned), nan),
            calls=np.array([one.calls for one in planned], np.float64),
            totals=True,
        )
        if len(planned) < len(found):
            batch.skipped[UTILITY] += len(found) - len(planned)
        if self._cut:
            batch.skipped[TOO_LARGE] += 1
        return batch
