"""Events of the slow query log.

Above each statement stand lines that begin with ``#``; which ones, in which order, differs by server and setting, but
for ``# Query_time``, which each event has. Sources: ``sql/log.cc`` of MySQL 5.0 to 9.0, MariaDB 11 and Percona 8.0.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from math import isnan, nan

import numpy as np

from dbtune.logs.batch import Batch, Names, Numbers, numbers, numbers_or_nan
from dbtune.logs.mysql.header_fields import add_fields
from dbtune.logs.mysql.times import epoch

STRAY_LINE = "a line that belongs to no event"
WITHOUT_STATEMENT = "an event without its statement"
WITHOUT_HEADER = "an event without its Query_time"

EVENT_START = rb"\#?[ ]?(?:Time:[ ]+(?:\d{6}[ ]|\d{4}-\d\d-)|User@Host:[ ][^\n]*\][ ]@[ ])"
"""How the first line of an event begins; as strict as can be, since strings hold lines such as ``# Time: 9 to 5`` too.

A string that holds a line exactly like it is cut there: nothing in the log tells the two apart.
"""

_EVENT = re.compile(
    rb"""
    (?:\#[ ]Time:[ ]([^\n\#]*+)(?:\n|(?=\#[ ]User)))?+
    (?:\#?+[ ]?+User@Host:[ ]([^\[\n]*+)\[([^\]\n]*+)\][^@\n]*+
        @[ ]*+([^ \[\n]*+)[ ]*+\[([^\]\n]*+)\](?:[ ]++Id:[ ]*+(\d++))?+([^\n]*+)\n)?+
    ((?:\#[ ](?!Query_time|Time:|User@Host)[A-Z][^\n]*+\n)*+)
    \#?+[ ]?+Query_time:[ ]*+([\d.]++)(?:[ ]++Lock_time:[ ]*+([\d.]++))?+
        (?:[ ]++Rows_sent:[ ]*+(\d++))?+(?:[ ]++Rows_examined:[ ]*+(\d++))?+([^\n]*+)\n
    ((?:
        \#[ \t]++(?!administrator[ ]|Time:|User@Host:|Query_time:)(?:[A-Za-z_]++:|No[ ]InnoDB|InnoDB)[^\n]*+\n
        |\#\n(?=\#[ ]explain:|use[ ]|SET[ ]timestamp=)
    )*+)
    (?:use[ ]([^;\n]++);\n)?+
    ((?:SET[ ](?:last_insert_id|insert_id|timestamp)=[^\n]*+\n)?+)
    ((?:(?!"""
    + EVENT_START
    + rb"""|\#?[ ]?Query_time:[ ]+[\d.]+(?:[ ]+Lock_time:|\n))[^\n]++\n|\n)*+)
    | ([^\n]*+\n)
    """,
    re.VERBOSE,
)
_TIME_LINE = re.compile(rb"# Time: ([^\n#]*)")
_BANNER = re.compile(
    rb"[^\n]*, Version: [^\n]* started with:[^\n]*\n"
    rb"(?:T(?:cp p|CP P)ort: [^\n]*\n)?(?:Time[ \t]+Id +Command[ \t]+Argument[^\n]*\n)?"
)
_CUT_HEADER = re.compile(rb"(?<=\n)\# [TU][^\n]*\Z")
_HARMLESS = re.compile(
    rb"\s*\Z|T(?:cp p|CP P)ort: |Time[ \t]+Id +Command|# Time: |/\S*mysqld|mysqld, Version|use \S+;|SET timestamp="
)
_TIMESTAMP = re.compile(rb"timestamp=([\d.]+)")
_ADMINISTRATOR = re.compile(rb"# (administrator command: [^;\n]*)")

"""By the number of the error (``sql/share/messages_to_clients.txt``, ``sql/share/errmsg-utf8.txt``)."""

Rows = Sequence[tuple[bytes, ...]]
_LINE = 17
"""Group of a line that is no part of an event."""


class SlowReader:
    """Keeps the database that was last named by ``use`` and the last time, to which later events refer."""

    def __init__(self) -> None:
        self._database = b""
        self._time = nan

    def finish(self) -> Batch:
        """Events are whole: nothing waits."""
        return Batch()

    def read(self, block: bytes) -> Batch:
        """The events of the block."""
        if b"\r\n" in block:
            block = block.replace(b"\r\n", b"\n")
        if b" started with:" in block:
            block = _BANNER.sub(b"", block)
        skipped: Counter[str] = Counter()
        if not block.endswith(b"\n"):
            # the log ends in mid-line, and the start of a header is no end of a statement
            block, cut = _CUT_HEADER.subn(b"", block)
            skipped.update({WITHOUT_HEADER: cut} if cut else {})
            block += b"\n"
        rows: Rows = _EVENT.findall(block)
        if any(row[_LINE] for row in rows):
            rows = self._without_strays(rows, skipped)
        if not rows:
            return Batch(skipped=skipped)
        return self._batch(rows, skipped)

    def _without_strays(self, rows: Rows, skipped: Counter[str]) -> Rows:
        """The rows that are events; the time of a line of its own goes to the event after it."""
        kept: list[tuple[bytes, ...]] = []
        time = b""
        for row in rows:
            line = row[_LINE]
            if not line:
                kept.append((row[0] or time, *row[1:]))
                time = b""
            elif hit := _TIME_LINE.match(line):
                time = hit[1]
            elif line.startswith((b"# User@Host", b"User@Host")):
                skipped[WITHOUT_HEADER] += 1
            elif not _HARMLESS.match(line):
                skipped[STRAY_LINE] += 1
        return kept

    def _batch(self, rows: Rows, skipped: Counter[str]) -> Batch:
        columns = [list(column) for column in zip(*rows, strict=True)]
        (times, user, account, host, address, thread, behind, above, seconds, lock, sent, examined, rest, below) = (
            columns[:14]
        )
        uses, sets, statements = columns[14:17]
        batch = Batch(
            texts=[statement.rstrip(b"; \n\t") for statement in statements],
            ms=numbers_or_nan(seconds, scale=1000.0),
            times=self._times(times, sets),
            lock_ms=numbers_or_nan(lock, scale=1000.0, repeated=True),
            rows_sent=numbers_or_nan(sent, repeated=True),
            rows_examined=numbers_or_nan(examined, repeated=True),
            users=[name.strip() or inside for name, inside in zip(user, account, strict=True)],
            hosts=[name or ip for name, ip in zip(host, address, strict=True)],
            databases=self._databases(uses),
            sessions=thread if any(thread) else None,
            skipped=skipped,
        )
        add_fields(batch, (behind, above, rest, below))
        return _with_statements(batch, commands=any(text[:1] == b"#" for text in batch.texts))

    def _times(self, written: Sequence[bytes], sets: Sequence[bytes]) -> Numbers:
        """When the statements began (``SET timestamp``), else what the last ``# Time`` says."""
        stamps = [line[14:-2] for line in sets]
        try:
            values = numbers(stamps, repeated=True)
        except ValueError:
            hits = [_TIMESTAMP.search(line) for line in sets]
            values = numbers([b"" if hit is None else hit[1].rstrip(b".") for hit in hits])
        missing = np.isnan(values)
        if missing.any():
            for at, text in enumerate(written):
                if text:
                    said = epoch(text.strip())
                    self._time = self._time if isnan(said) else said
                elif not missing[at]:
                    self._time = float(values[at])
                if missing[at]:
                    values[at] = self._time
        if len(values):
            self._time = float(values[-1])
        return values

    def _databases(self, uses: Sequence[bytes]) -> Names | None:
        """``use`` is written where the database differs from that of the event before, whoever sent it."""
        if not any(uses):
            return [self._database] * len(uses) if self._database else None
        found: Names = []
        for use in uses:
            if use:
                self._database = use.strip(b"` ")
            found.append(self._database)
        return found


def _with_statements(batch: Batch, *, commands: bool) -> Batch:
    """The batch without events that have no statement; administrator commands are statements of their own kind."""
    for at, text in enumerate(batch.texts) if commands else ():
        if text.startswith(b"# administrator command"):
            hit = _ADMINISTRATOR.match(text)
            batch.texts[at] = hit[1] if hit else text
    if b"" not in batch.texts:
        return batch
    has_text = np.array([bool(text) for text in batch.texts], np.bool_)
    batch.skipped[WITHOUT_STATEMENT] += int((~has_text).sum())
    return batch.chosen(has_text)
