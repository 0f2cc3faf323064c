"""What operators that run Postgres on Kubernetes make of its log."""

from __future__ import annotations

import re

import msgspec

from dbtune.logs.registry import Unwrap, log_wrapper
from dbtune.logs.wrappers.lines import share_of_lines

_SIGN = re.compile(rb'\{[^\n]*"logger" ?: ?"')
_RECORD = re.compile(rb'"record" ?: ?\{')
_share = share_of_lines(_SIGN)


class _CsvRecord(msgspec.Struct):
    """A record of the server under the names of its CSV log, all as text."""

    log_time: str = ""
    user_name: str = ""
    database_name: str = ""
    process_id: str = ""
    connection_from: str = ""
    error_severity: str = ""
    message: str = ""
    detail: str = ""
    query: str = ""


class _Line(msgspec.Struct):
    record: _CsvRecord


class _JsonRecord(msgspec.Struct, omit_defaults=True):
    """The same under the names of its JSON log."""

    timestamp: str
    user: str = ""
    dbname: str = ""
    pid: int = 0
    remote_host: str = ""
    error_severity: str = ""
    message: str = ""
    detail: str = ""
    statement: str = ""


def _sniff(head: bytes) -> float:
    return _share(head) if b'"record"' in head and b'"log_time"' in head else 0.0


@log_wrapper("cloudnative-pg", title="log of a pod of CloudNativePG", sniff=_sniff)
def cloudnative_pg() -> Unwrap:
    """``{"logger":"postgres","record":{"log_time":"...",...}}``; lines of the operator itself are left out."""
    decoder = msgspec.json.Decoder(_Line)

    def unwrap(lines: bytes) -> bytes:
        return b"".join(_json_line(decoder, line) for line in lines.split(b"\n") if _RECORD.search(line))

    return unwrap


def _json_line(decoder: msgspec.json.Decoder[_Line], line: bytes) -> bytes:
    try:
        found = decoder.decode(line).record
    except (msgspec.DecodeError, UnicodeDecodeError):
        return line + b"\n"
    made = _JsonRecord(
        found.log_time,
        found.user_name,
        found.database_name,
        int(found.process_id) if found.process_id.isdecimal() else 0,
        found.connection_from,
        found.error_severity,
        found.message,
        found.detail,
        found.query,
    )
    return msgspec.json.encode(made) + b"\n"
