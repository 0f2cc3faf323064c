"""The log of Postgres as JSON (``log_destination = jsonlog``, from version 15 on): an object a line."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import msgspec

from dbtune.logs.postgres.records import Record
from dbtune.logs.postgres.times import epoch
from dbtune.logs.postgres.whole_records import WholeRecordReader
from dbtune.logs.registry import LayoutOptions, Reader, Sniffed, log_format

_BOUNDARY = re.compile(rb"^(?=\{)", re.MULTILINE)
_STRING = rb'"((?:[^"\\]++|\\.)*+)"'
_ROW = re.compile(
    rb'\{"timestamp":"([^"]*+)",(?:"user":' + _STRING + rb',)?+(?:"dbname":' + _STRING + rb",)?+"
    rb'"pid":(\d++),(?:"remote_host":' + _STRING + rb",)?+"
    rb'(?:"(?!error_severity")[a-z_]++":(?:"(?:[^"\\]++|\\.)*+"|[^,"{}\n]*+),)*+"error_severity":"LOG",'
    rb'(?:"state_code":"[^"]*+",)?+"message":"duration: (\d++\.\d++) ms  '
    rb'(statement|execute|parse|bind)(?: [^:"\n]*+)?+: '
    rb'((?:[^"\\]++|\\.)*+)"(?:,"detail":' + _STRING + rb")?+[^\n]*+\n"
    rb"|([^\n]*+\n)"
)
_SIGN = re.compile(rb'^(?=\{[^\n]*"message" ?:)\{[^\n]*"error_severity" ?: ?"', re.MULTILINE)


class _Object(msgspec.Struct):
    """The keys of the server's own jsonlog."""

    timestamp: str = ""
    user: str = ""
    dbname: str = ""
    pid: int = 0
    remote_host: str = ""
    error_severity: str = ""
    message: str = ""
    detail: str = ""
    statement: str = ""


@dataclass(frozen=True)
class JsonLayout:
    """Keys stand in the order of the server, or in any."""

    @property
    def boundary(self) -> re.Pattern[bytes]:
        return _BOUNDARY

    def reader(self) -> Reader:
        return WholeRecordReader(_ROW, _decoded, _record)


@log_format("postgres-json", title="log of Postgres as JSON", dialect="postgres")
def sniff(head: bytes, options: LayoutOptions) -> Sniffed | None:
    """Objects with a severity and a message."""
    signs = len(_SIGN.findall(head))
    if not signs:
        return None
    lines = sum(1 for line in head.split(b"\n") if line.strip())
    # a text log has some too, of when the server did not have its JSON file yet
    return Sniffed(0.97 if 2 * signs >= lines - 1 else 0.4, JsonLayout())


def _decoded(text: bytes) -> bytes:
    """The content of a JSON string."""
    if b"\\" not in text:
        return text
    try:
        return str(json.loads(b'"' + text + b'"', strict=False)).encode("utf-8", "replace")
    except ValueError:
        return text


def _record(line: bytes) -> Record | None:
    try:
        found = msgspec.json.decode(line, type=_Object)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if not found.error_severity:
        return None
    return Record(
        time=epoch(found.timestamp.encode()),
        session=b"%d" % found.pid,
        user=found.user.encode(),
        database=found.dbname.encode(),
        host=found.remote_host.encode(),
        severity=found.error_severity.encode(),
        message=found.message.encode(),
        detail=found.detail.encode(),
        statement=found.statement.encode(),
    )
