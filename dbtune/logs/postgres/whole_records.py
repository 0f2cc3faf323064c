"""Formats whose records are whole: one row or object has the message, its detail and its statement."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from dbtune.logs.batch import Batch, Names, numbers_or_nan
from dbtune.logs.groups import Column, columns_of, filled, rows_of
from dbtune.logs.postgres.records import Record, Records, parameters_of
from dbtune.logs.postgres.times import epoch, epochs

STRAY_LINE = "a line that belongs to no event"


class TimedRow(NamedTuple):
    """The groups of a format's expression, in this order: a record of a duration, or another record in ``other``."""

    time: bytes
    user: bytes
    database: bytes
    session: bytes
    host: bytes
    ms: bytes
    kind: bytes
    text: bytes
    detail: bytes
    other: bytes


KIND = TimedRow._fields.index("kind")
OTHER = TimedRow._fields.index("other")


class WholeRecordReader:
    """``expression`` gives ``TimedRow``s; ``decoded`` undoes the format's quoting; ``record`` reads other records.

    ``record`` gives None for what is no record.
    """

    def __init__(
        self,
        expression: re.Pattern[bytes],
        decoded: Callable[[bytes], bytes],
        record: Callable[[bytes], Record | None],
    ) -> None:
        self._expression = expression
        self._decoded = decoded
        self._record = record
        self._records = Records()

    def read(self, block: bytes) -> Batch:
        """The events of the block."""
        if b"\r\n" in block:
            block = block.replace(b"\r\n", b"\n")
        if not block.endswith(b"\n"):
            block += b"\n"
        columns = columns_of(self._expression, block)
        others, kinds = columns[OTHER], columns[KIND]
        if any(others) or {b"parse", b"bind"} & set(kinds) or self._records.is_waiting:
            return self._in_order(rows_of(columns))
        return self._quickly(columns)

    def finish(self) -> Batch:
        """What waited for more."""
        return self._records.finish()

    def _quickly(self, columns: Sequence[Column]) -> Batch:
        time, user, database, session, host, ms, _, text = map(filled, columns[: KIND + 2])
        detail = columns[KIND + 2]
        decoded = self._decoded
        return Batch(
            texts=list(map(decoded, text)),
            ms=numbers_or_nan(ms),
            times=epochs(time),
            users=list(map(decoded, user)),
            databases=list(map(decoded, database)),
            hosts=_hosts(list(map(decoded, host))),
            sessions=session,
            parameters={at: parameters_of(decoded(one)) for at, one in enumerate(detail) if one} if any(detail) else {},
        )

    def _in_order(self, rows: Sequence[tuple[bytes, ...]]) -> Batch:
        strays = 0
        for cells in rows:
            row = TimedRow(*cells)
            if not row.other:
                self._take(row)
                continue
            record = self._record(row.other)
            if record is not None:
                self._records.add(record)
            elif row.other.strip():
                strays += 1
        batch = self._records.batch()
        if strays:
            batch.skipped[STRAY_LINE] += strays
        return batch

    def _take(self, row: TimedRow) -> None:
        if row.kind in (b"parse", b"bind"):
            self._records.prepared(row.session, float(row.ms))
            return
        decoded = self._decoded
        record = Record(
            epoch(row.time),
            row.session,
            decoded(row.user),
            decoded(row.database),
            host_of(decoded(row.host)),
            b"LOG",
            b"",
        )
        self._records.executed(record, float(row.ms), decoded(row.text), parameters_of(decoded(row.detail)))


def host_of(address: bytes) -> bytes:
    """The host without the port behind the last colon."""
    host, colon, port = address.rpartition(b":")
    return host if colon and port.isdigit() else address


def _hosts(addresses: Names) -> Names:
    return [host_of(address) for address in addresses]
