"""What the exports of cloud providers put around each message: JSON or CSV."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from io import StringIO

import msgspec

from dbtune.logs.registry import Unwrap, log_wrapper
from dbtune.logs.wrappers.lines import SNIFFED_LINES, ended, json_text, share_of_lines

_STRING = rb'"(?:[^"\\]|\\.)*"'


def _messages(pattern: re.Pattern[bytes]) -> Unwrap:
    return lambda lines: b"".join(ended(json_text(text)) for text in pattern.findall(lines))


def _has(pattern: re.Pattern[bytes], sign: re.Pattern[bytes]) -> Callable[[bytes], float]:
    return lambda head: 0.98 if sign.search(head) and pattern.search(head) else 0.0


_CLOUDWATCH = re.compile(rb'"(?:message|@message)" ?: ?(' + _STRING + rb")")
_CLOUDWATCH_SIGN = re.compile(rb'"(?:logStreamName|ingestionTime|logEvents|eventId|nextForwardToken|@ptr)" ?:')
_RDS = re.compile(rb'"LogFileData" ?: ?(' + _STRING + rb")")
_GOOGLE = re.compile(rb'"textPayload" ?: ?(' + _STRING + rb")")
_GOOGLE_SIGN = re.compile(rb'"(?:logName|insertId|resource|receiveTimestamp|timestamp)" ?:')
_AZURE_SIGN = re.compile(rb'"category" ?: ?"(?:PostgreSQLLogs|MySqlSlowLogs)"')
_AZURE = re.compile(rb'"(?:category|properties)" ?:')


@log_wrapper("cloudwatch", title="events of CloudWatch as JSON", sniff=_has(_CLOUDWATCH, _CLOUDWATCH_SIGN))
def cloudwatch() -> Unwrap:
    """``aws logs get-log-events`` and ``filter-log-events``, and what subscriptions deliver."""
    return _messages(_CLOUDWATCH)


_QUERY_FIELD = re.compile(rb'"field" ?: ?"([^"]*)"|"value" ?: ?(' + _STRING + rb")")
_QUERY_SIGN = re.compile(rb'"field" ?: ?"@message"')


@log_wrapper("cloudwatch-query", title="aws logs get-query-results", sniff=_has(_QUERY_SIGN, _QUERY_SIGN))
def cloudwatch_query() -> Unwrap:
    """``{"field": "@message", "value": "..."}``, on one line or on two."""
    field = b""

    def unwrap(lines: bytes) -> bytes:
        nonlocal field
        found: list[bytes] = []
        for name, value in _QUERY_FIELD.findall(lines):
            if value and field == b"@message":
                found.append(ended(json_text(value)))
            field = name
        return b"".join(found)

    return unwrap


_TAIL = re.compile(rb"(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:\+00:00)? (?!\d{4}-\d\d-\d\d)(\S+) ")
_TAIL_SHORT = re.compile(rb"(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d ")
_tail_share, _tail_short_share = share_of_lines(_TAIL), share_of_lines(_TAIL_SHORT)


def _tail_sniff(head: bytes) -> float:
    """The same stream in each line."""
    return _tail_share(head) if len(set(_TAIL.findall(head)[:SNIFFED_LINES])) == 1 else 0.0


@log_wrapper("cloudwatch-tail", title="aws logs tail", sniff=_tail_sniff)
def cloudwatch_tail() -> Unwrap:
    """``2024-05-01T10:00:00.123000+00:00 shop-db.0 ...``."""
    return lambda lines: _TAIL.sub(b"", lines)


@log_wrapper("cloudwatch-tail-short", title="aws logs tail --format short", sniff=_tail_short_share)
def cloudwatch_tail_short() -> Unwrap:
    """``2024-05-01T10:00:00 ...``."""
    return lambda lines: _TAIL_SHORT.sub(b"", lines)


@log_wrapper("rds", title="aws rds download-db-log-file-portion", sniff=_has(_RDS, _RDS))
def rds() -> Unwrap:
    """``{"LogFileData": "..."}``; with ``--output text`` there is no envelope."""
    return _messages(_RDS)


@log_wrapper("cloudsql", title="entries of Google Cloud Logging as JSON", sniff=_has(_GOOGLE, _GOOGLE_SIGN))
def cloudsql() -> Unwrap:
    """``gcloud logging read --format json`` and what a sink writes: ``textPayload``, a line or a message each."""
    return _messages(_GOOGLE)


def _csv_sniff(head: bytes) -> float:
    first = head.partition(b"\n")[0].strip().replace(b'"', b"").split(b",")
    return 0.98 if b"@message" in first or first == [b"timestamp", b"message"] else 0.0


@log_wrapper("cloudwatch-csv", title="CSV of CloudWatch Logs Insights", sniff=_csv_sniff)
def cloudwatch_csv() -> Unwrap:
    """``@timestamp,@message``, with quotes where a message needs them."""
    return _CsvMessages()


_MESSAGE_COLUMNS = ("@message", "message")


class _CsvMessages:
    """Rows may go on over lines, and so over pieces."""

    def __init__(self) -> None:
        self._column: int | None = None
        self._rest = b""

    def __call__(self, lines: bytes) -> bytes:
        text = self._rest + lines
        # an odd number of quotes: the last row goes on
        if text.count(b'"') % 2:
            cut = text.rfind(b'\n"') + 1 or text.rfind(b"\n", 0, text.rfind(b'"')) + 1
            text, self._rest = text[:cut], text[cut:]
        else:
            self._rest = b""
        return b"".join(self._messages(text))

    def _messages(self, text: bytes) -> Iterator[bytes]:
        # latin-1 takes every byte as it is, and gives it back
        rows = csv.reader(StringIO(text.decode("latin-1"), newline=""))
        while True:
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error:  # no row; those after it are read
                continue
            if self._column is None:
                names = [name.strip() for name in row]
                # what looked like a header may have been none: the last column, then, is as good as any
                self._column = next((at for at, name in enumerate(names) if name in _MESSAGE_COLUMNS), len(names) - 1)
            elif len(row) > self._column:
                yield ended(row[self._column].encode("latin-1"))


class _AzureProperties(msgspec.Struct):
    message: str = ""
    prefix: str = ""
    errorLevel: str = ""  # noqa: N815
    sql_text_s: str = ""
    sql_text: str = ""
    query_time_d: float | str = 0.0
    query_time: float | str = 0.0
    lock_time_d: float | str = 0.0
    rows_sent_d: float | str = 0.0
    rows_examined_d: float | str = 0.0
    start_time_t: str = ""
    start_time: str = ""
    user_host_s: str = ""
    user_host: str = ""
    db_s: str = ""
    db: str = ""


class _AzureRecord(msgspec.Struct):
    time: str = ""
    category: str = ""
    properties: _AzureProperties = msgspec.field(default_factory=_AzureProperties)


class _AzureRecords(msgspec.Struct):
    records: list[_AzureRecord]


@log_wrapper("azure", title="diagnostic logs of Azure as JSON", sniff=_has(_AZURE, _AZURE_SIGN))
def azure() -> Unwrap:
    """A record a line, or ``{"records": [...]}`` on one; slow queries of MySQL become lines of its slow log."""

    def unwrap(lines: bytes) -> bytes:
        return b"".join(_azure_text(record) for line in lines.splitlines() for record in _azure_records(line))

    return unwrap


def _azure_records(line: bytes) -> list[_AzureRecord]:
    text = line.strip().rstrip(b",")
    try:
        if text.startswith((b'{"records"', b'{ "records"')):
            return msgspec.json.decode(text, type=_AzureRecords).records
        return [msgspec.json.decode(text, type=_AzureRecord)]
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []


def _azure_text(record: _AzureRecord) -> bytes:
    found = record.properties
    if record.category != "MySqlSlowLogs":
        return ended((found.prefix + found.message).encode())
    numbers = [
        float(value or 0)
        for value in (
            found.query_time_d or found.query_time,
            found.lock_time_d,
            found.rows_sent_d,
            found.rows_examined_d,
        )
    ]
    moment = found.start_time_t or found.start_time or record.time
    database = found.db_s or found.db
    return (
        f"# Time: {moment}\n# User@Host: {found.user_host_s or found.user_host or '[] @  []'}\n"
        f"# Query_time: {numbers[0]:.6f}  Lock_time: {numbers[1]:.6f} Rows_sent: {numbers[2]:.0f}  "
        f"Rows_examined: {numbers[3]:.0f}\n{f'use {database};' + chr(10) if database else ''}"
        f"{found.sql_text_s or found.sql_text};\n"
    ).encode()
