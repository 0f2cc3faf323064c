"""Syslog, in its two forms, journald and Heroku's logplex: lines of a server among those of others.

The server numbers its messages (``[5-1]``) and the lines of one (``[5-2]``), and syslog writes control characters as
``#011``. With an empty ``log_line_prefix``, which is usual for syslog, time and process are those of syslog's line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from dbtune.logs.postgres.line_prefix import ADDED, SEVERITY
from dbtune.logs.registry import Unwrap, log_wrapper
from dbtune.logs.wrappers.lines import json_text, share_of_lines

_MOMENT = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?"
_OLD = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d"

_SYSLOG = re.compile(
    rb"^(?:<\d{1,3}>)?(?:1 )?(" + _OLD + rb"|" + _MOMENT + rb") [^\s]+ "
    rb"([\w./\-]*(?:postgres|mysqld|mariadbd?|mysql)[\w./\-]*)(?:\[(\d+)\]:| (\d+) \S+ (?:-|\[[^\]]*\])) ?"
    rb"(?:\[(\d+)-(\d+)\] ?)?([^\n]*)",
    re.MULTILINE,
)
_LOGPLEX = re.compile(
    rb"^(?:\d+ )?(?:<\d{1,3}>1 )?(" + _MOMENT + rb") (?:\S+ )?app(?:\[| )(?:heroku-)?postgres(?:[\w.\-]*)(?:\]:| - -) ?"
    rb"\[[A-Z_]+\] \[(\d+)-(\d+)\] +(?:sql_error_code = \w+ )?(?:time_ms = \S+ )?(?:pid=\"(\d+)\" )?([^\n]*)",
    re.MULTILINE,
)
_LOGPLEX_PARTS = re.compile(rb'(?:sql_error_code = \w+|time_ms = "([^"]*)"|pid="(\d+)"|[a-z_]+="[^"]*") ')
_JOURNAL = re.compile(rb'"MESSAGE" ?: ?("(?:[^"\\]|\\.)*")')
_ESCAPE = re.compile(rb"#(\d{3})")
_RECORD = re.compile(rb"[^\n]*?(?:" + SEVERITY + rb"|" + ADDED + rb"):  ")
_STAMPED = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


def year_of(month_and_day: bytes, today: datetime) -> int:
    """The year of a date without one: the last in which it is not in the future."""
    try:
        date = datetime.strptime(month_and_day.decode(), "%b %d").replace(year=today.year)
    except ValueError:  # 29 February, and this year has none
        return today.year - 1
    return today.year if date.date() <= today.date() else today.year - 1


def _moment(text: bytes, today: datetime) -> bytes:
    """As Postgres writes it, for ``%m``."""
    if text[:1].isalpha():
        year = year_of(b" ".join(text.split()[:2]), today)
        at = datetime.strptime(f"{year} {text.decode()}", "%Y %b %d %H:%M:%S")
        return f"{at:%Y-%m-%d %H:%M:%S}.000 UTC".encode()
    at = datetime.fromisoformat(text.decode())
    zone = f" {at:%z}" if at.utcoffset() else " UTC"
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}{zone}".encode()


def _plain(text: bytes) -> bytes:
    return _ESCAPE.sub(lambda hit: bytes([int(hit[1], 8)]), text) if b"#" in text else text


class _Numbered:
    """Lines of numbered messages: the first of each gets a prefix where it has none, the others go on with a tab."""

    def __init__(self, today: Callable[[], datetime]) -> None:
        self._today = today

    def line(self, moment: bytes, process: bytes, part: bytes, text: bytes) -> bytes:
        plain = _plain(text)
        if part not in (b"", b"1"):
            return plain + b"\n" if plain.startswith(b"\t") else b"\t" + plain + b"\n"
        if _RECORD.match(plain) and not _STAMPED.search(plain[:60]):
            rest = plain.removeprefix(b"[" + process + b"] ") if process else plain
            return _moment(moment, self._today()) + b" [" + (process or b"0") + b"] " + rest + b"\n"
        return plain + b"\n"


@log_wrapper("syslog", title="syslog (RFC 3164 and 5424)", sniff=share_of_lines(_SYSLOG))
def syslog() -> Unwrap:
    """``May  1 10:00:00 host postgres[123]: [5-1] ...``; lines of other programs are left out."""
    numbered = _Numbered(datetime.now)

    def unwrap(lines: bytes) -> bytes:
        found: list[bytes] = []
        for moment, program, process, other, _, part, text in _SYSLOG.findall(lines):
            if b"postgres" in program:
                found.append(numbered.line(moment, process or other, part, text))
            else:
                found.append(_plain(text) + b"\n")
        return b"".join(found)

    return unwrap


@log_wrapper("logplex", title="logplex of Heroku Postgres", sniff=share_of_lines(_LOGPLEX))
def logplex() -> Unwrap:
    """``2024-05-01T10:00:00+00:00 app[postgres.123]: [DATABASE] [5-1]  sql_error_code = 00000 LOG:  ...``."""
    numbered = _Numbered(datetime.now)

    def unwrap(lines: bytes) -> bytes:
        found: list[bytes] = []
        for moment, message, part, process, text in _LOGPLEX.findall(lines):
            session = process or message
            for hit in _LOGPLEX_PARTS.finditer(text):
                session = hit[2] or session
            found.append(numbered.line(moment, session, part, _LOGPLEX_PARTS.sub(b"", text)))
        return b"".join(found)

    return unwrap


@log_wrapper("journal", title="journalctl -o json", sniff=share_of_lines(re.compile(rb'\{[^\n]*"MESSAGE" ?: ?"')))
def journal() -> Unwrap:
    """The messages alone; several lines of one message stay together."""
    return lambda lines: b"".join(json_text(text) + b"\n" for text in _JOURNAL.findall(lines))
