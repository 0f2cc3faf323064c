"""Records of the Postgres log as text lines.

A record begins with the prefix and a severity; lines that go on begin with a tab. DETAIL, STATEMENT and their like are
lines with the same prefix that belong to the record before them in the same session.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from math import nan

from dbtune.logs.batch import Batch, Names, numbers_or_nan
from dbtune.logs.groups import Column, columns_of, filled, present, rows_of
from dbtune.logs.postgres.any_prefix import Prefix, parsed
from dbtune.logs.postgres.line_prefix import ADDED, ANY, SEVERITY, STATE, LinePrefix
from dbtune.logs.postgres.records import Record, Records
from dbtune.logs.postgres.times import epoch, epochs

STRAY_LINE = "a line that belongs to no event"

_ANY_PREFIX = rb"(" + ANY + rb")\b(?<!\t)"
_BOUNDARY = re.compile(rb"^(?=(?:" + ANY + rb")\b(?<!\t)" + SEVERITY + rb":  )", re.MULTILINE)
_LINE = rb"(?:(" + SEVERITY + rb")|(" + ADDED + rb")):  " + STATE + rb"([^\n]*)"
_ANY_LINE = re.compile(_ANY_PREFIX + _LINE)

_TEXT = rb"[^\n]*+(?:\n\t[^\n]*+)*+"
_STATEMENT_WORDS = frozenset({b"STATEMENT", b"ANWEISUNG", b"INSTRUCTION", b"SENTENCIA"})


class Expressions:
    """The expressions for one prefix; None reads any."""

    def __init__(self, prefix: LinePrefix | None) -> None:
        self.prefix = prefix

    @cached_property
    def fields(self) -> tuple[str, ...]:
        return ("prefix",) if self.prefix is None else self.prefix.fields

    @cached_property
    def _capturing(self) -> bytes:
        return _ANY_PREFIX if self.prefix is None else self.prefix.capturing

    @cached_property
    def _plain(self) -> bytes:
        return rb"(?:" + ANY + rb")\b(?<!\t)" if self.prefix is None else self.prefix.plain

    @cached_property
    def boundary(self) -> re.Pattern[bytes]:
        """Where a record starts, with this prefix or another: the setting may change while the server writes."""
        return _BOUNDARY

    @cached_property
    def start(self) -> re.Pattern[bytes]:
        """Where a record with this very prefix starts."""
        return re.compile(rb"^(?=" + self._plain + SEVERITY + rb":  )", re.MULTILINE)

    @cached_property
    def event(self) -> re.Pattern[bytes]:
        """A record of a duration with its parameters, in groups; or any line, in the last group."""
        return re.compile(
            self._capturing
            + rb"LOG:  (?:00000: )?+duration: (\d++\.\d++) ms  (statement|execute|parse|bind)(?: [^:\n]*+)?+: ("
            + _TEXT
            + rb")\n(?:"
            + self._plain
            + rb"DETAIL:  [Pp]arameters: ("
            + _TEXT
            + rb")\n)?+|([^\n]*+\n)"
        )

    @cached_property
    def line(self) -> re.Pattern[bytes]:
        """The start of a record, or of a line that adds to one."""
        return re.compile(self._capturing + _LINE)


class StderrReader:
    """Keeps the sessions' last records within a block, which lines that come later may add to."""

    def __init__(self, expressions: Expressions) -> None:
        self._expressions = expressions
        self._fields = expressions.fields
        self._width = len(self._fields)
        self._records = Records()
        self._open: dict[bytes, Record] = {}
        self._adding: tuple[bytes, str] | None = None
        self._strays = 0

    def read(self, block: bytes) -> Batch:
        """The events of the block."""
        if b"\r\n" in block:
            block = block.replace(b"\r\n", b"\n")
        if not block.endswith(b"\n"):
            block += b"\n"
        columns = columns_of(self._expressions.event, block)
        if (
            not any(columns[-1])
            and not {b"parse", b"bind"} & set(columns[self._width + 1])
            and not self._records.is_waiting
        ):
            return self._quickly(columns, several_lines=b"\n\t" in block)
        return self._in_order(rows_of(columns))

    def finish(self) -> Batch:
        """What waited for more."""
        return self._with_strays(self._records.finish())

    def _names(self, columns: Sequence[Column]) -> dict[str, Names]:
        if self._expressions.prefix is not None:
            given = filled if self._expressions.prefix.may_end_early else present
            return {name: given(columns[at]) for at, name in enumerate(self._fields)}
        prefixes = [parsed(prefix) for prefix in filled(columns[0])]
        return {name: list(column) for name, column in zip(Prefix._fields, zip(*prefixes, strict=True), strict=True)}

    def _quickly(self, columns: Sequence[Column], *, several_lines: bool) -> Batch:
        """All rows are events of their own: whole columns at once."""
        names = self._names(columns)
        ms, texts = present(columns[self._width]), present(columns[self._width + 2])
        details = columns[self._width + 3]
        size = len(texts)
        return Batch(
            texts=[text.replace(b"\n\t", b"\n") for text in texts] if several_lines else texts,
            ms=numbers_or_nan(ms),
            times=epochs(names["time"]) if "time" in names else numbers_or_nan([b""] * size),
            users=names.get("user"),
            databases=names.get("database"),
            hosts=_hosts(names.get("host")),
            sessions=names.get("session"),
            parameters={at: detail.replace(b"\n\t", b"\n") for at, detail in enumerate(details) if detail}
            if any(details)
            else {},
        )

    def _in_order(self, rows: Sequence[tuple[bytes, ...]]) -> Batch:
        """One row after the other, each with what its session did before."""
        records, width = self._records, self._width
        for row in rows:
            line = row[-1]
            if line:
                self._take_line(line)
                continue
            fields = self._row_fields(row)
            session = fields.get("session", b"")
            if session in self._open:
                self._close(session)
            ms, kind, text, detail = row[width : width + 4]
            self._adding = None
            if kind in (b"parse", b"bind"):
                records.prepared(session, float(ms))
                continue
            record = _record(fields, b"LOG", b"")
            # its parameters may still come, after a line of another session
            if detail or kind == b"statement":
                records.executed(record, float(ms), _untabbed(text), _untabbed(detail))
            else:
                message = b"duration: " + ms + b" ms  " + kind + b" <>: " + _untabbed(text)
                self._open[session] = record._replace(message=message)
                self._adding = (session, "message")
        # a block ends with the last line of a record: nothing more comes for these, and the piece may end here
        for session in list(self._open):
            self._close(session)
        self._adding = None
        return self._with_strays(records.batch())

    def _take_line(self, line: bytes) -> None:
        """A line that is no whole event: it starts a record, adds to one, or goes on."""
        hit = self._expressions.line.match(line)
        if hit is not None:
            groups = hit.groups(b"")
            fields = self._row_fields(groups)
        elif line[:1] != b"\t" and (hit := _ANY_LINE.match(line)) is not None:
            groups = hit.groups(b"")
            fields = parsed(groups[0])._asdict()
        else:
            self._go_on(line)
            return
        severity, added, text = groups[-3:]
        session = fields.get("session", b"")
        if severity:
            if session in self._open:
                self._close(session)
            self._open[session] = _record(fields, severity, text)
            self._adding = (session, "message")
            return
        known = self._open.get(session)
        part = "detail" if added == b"DETAIL" else "statement" if added in _STATEMENT_WORDS else ""
        self._adding = (session, part) if part and known is not None else (session, "")
        if part == "detail" and known is not None:
            self._open[session] = known._replace(detail=text)
        elif part and known is not None:
            self._open[session] = known._replace(statement=text)

    def _go_on(self, line: bytes) -> None:
        if self._adding is None:
            self._strays += bool(line.strip())
            return
        session, part = self._adding
        known = self._open.get(session)
        if known is None or not part:
            return
        more = b"\n" + line.removeprefix(b"\t").rstrip(b"\n")
        if part == "message":
            self._open[session] = known._replace(message=known.message + more)
        elif part == "detail":
            self._open[session] = known._replace(detail=known.detail + more)
        else:
            self._open[session] = known._replace(statement=known.statement + more)

    def _close(self, session: bytes) -> None:
        """Nothing more comes for the session's last record."""
        record = self._open.pop(session)
        self._records.add(record)

    def _with_strays(self, batch: Batch) -> Batch:
        if self._strays:
            batch.skipped[STRAY_LINE] += self._strays
            self._strays = 0
        return batch

    def _row_fields(self, row: Sequence[bytes]) -> dict[str, bytes]:
        if self._expressions.prefix is not None:
            return dict(zip(self._fields, row, strict=False))
        return parsed(row[0])._asdict()


def _record(fields: dict[str, bytes], severity: bytes, message: bytes) -> Record:
    time = fields.get("time", b"")
    return Record(
        epoch(time) if time else nan,
        fields.get("session", b""),
        fields.get("user", b""),
        fields.get("database", b""),
        _host(fields.get("host", b"")),
        severity,
        message,
    )


def _untabbed(text: bytes) -> bytes:
    return text.replace(b"\n\t", b"\n")


def _host(host: bytes) -> bytes:
    """Without the port that ``%r`` adds."""
    return host.partition(b"(")[0]


def _hosts(hosts: Names | None) -> Names | None:
    return None if hosts is None else [_host(host) for host in hosts]
