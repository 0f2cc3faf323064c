"""Syslog, in its two forms, journald and Heroku's logplex: lines of a server among those of others.

The server numbers its messages (``[5-1]``) and the lines of one (``[5-2]``), and syslog writes control characters as
``#011``. With an empty ``log_line_prefix``, which is usual for syslog, time and process are those of syslog's line.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

from dbtune.logs.postgres.line_prefix import ADDED, SEVERITY
from dbtune.logs.registry import Unwrap, log_wrapper
from dbtune.logs.wrappers.lines import json_text, share_of_lines

_ISO = rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
_OLD = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?"
_FULL = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{4}-\d\d-\d\d \d\d:\d\d:\d\d [A-Z]{2,5}"
"""``journalctl -o short-full``."""

_HEADER = (
    rb"(?:<\d{1,3}>)?(?:1 )?(" + _OLD + rb"|" + _ISO + rb"|" + _FULL + rb") [^\s]+ "
    rb"([\w.@/\-]*(?:postgres|postmaster|mysqld|mariadbd?|mysql)[\w.@/\-]*)"
    rb"(?:\[(\d+)\]:| (\d+) \S+ (?:-|\[[^\]]*\])) ?"
    rb"(?:\[(\d+)-(\d+)\] ?)?([^\n]*)"
)
_SYSLOG = re.compile(rb"^" + _HEADER, re.MULTILINE)
_ANY_PROGRAM = re.compile(
    rb"(?:<\d{1,3}>)?(?:1 )?(?:" + _OLD + rb"|" + _ISO + rb"|" + _FULL + rb") [^\s]+ "
    rb"(?:[^\s:\[]+(?:\[\d+\])?:|\S+ \S+ \S+ (?:-|\[))|[ \t]"
)
_share = share_of_lines(_ANY_PROGRAM)
_LINES = re.compile(rb"^(?:" + _HEADER + rb"|([ \t][^\n]*)|[^\n]+)", re.MULTILINE)
"""Lines with a header, lines that begin with a blank (journalctl indents those of one message), and others."""

_LOGPLEX = re.compile(
    rb"^(?:\d+ )?(?:<\d{1,3}>1 )?(" + _ISO + rb") (?:\S+ )?app(?:\[| )(?:heroku-)?postgres(?:[\w.\-]*)(?:\]:| - -) ?"
    rb"\[[A-Z_]+\] \[(\d+)-(\d+)\] ?( ?(?:sql_error_code = \w+ )?(?:time_ms = \S+ )?(?:pid=\"(\d+)\" )?)([^\n]*)",
    re.MULTILINE,
)
_LOGPLEX_PARTS = re.compile(rb'(?:sql_error_code = \w+|time_ms = "([^"]*)"|pid="(\d+)"|[a-z_]+="[^"]*") ')
_JOURNAL = re.compile(rb'"MESSAGE" ?: ?("(?:[^"\\]|\\.)*")')
_ESCAPE = re.compile(rb"#(\d{3})")
_RECORD = re.compile(rb"[^\n]*?(?:" + SEVERITY + rb"|" + ADDED + rb"):  ")
_ADDED = re.compile(rb"(?:[^\n]{0,200}?[^\w\n])??" + ADDED + rb":  ")
_STAMPED = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


def year_of(month_and_day: bytes, today: datetime) -> int:
    """The year of a date without one: the last in which it is not in the future."""
    try:
        date = datetime.strptime(month_and_day.decode(), "%b %d").replace(year=today.year)
    except ValueError:  # 29 February, and this year has none
        return today.year - 1
    return today.year if date.date() <= today.date() else today.year - 1


@lru_cache(maxsize=4096)
def _moment(text: bytes, today: datetime) -> bytes:
    """As Postgres writes it, for ``%m``."""
    words = text.decode().partition(".")[0].split()
    if len(words) == 4:  # Wed 2024-05-01 10:00:00 UTC
        return f"{words[1]} {words[2]}.000 {words[3]}".encode()
    if text[:1].isalpha():
        year = year_of(" ".join(words[:2]).encode(), today)
        at = datetime.strptime(f"{year} {' '.join(words)}", "%Y %b %d %H:%M:%S")
        return f"{at:%Y-%m-%d %H:%M:%S}.000 UTC".encode()
    at = datetime.fromisoformat(text.decode())
    zone = f" {at:%z}" if at.utcoffset() else " UTC"
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}{zone}".encode()


def _plain(text: bytes) -> bytes:
    return _ESCAPE.sub(lambda hit: bytes([int(hit[1], 8) & 255]), text) if b"#" in text else text


class _Messages:
    """Whole messages of numbered lines, in the order of their first ones: those of several processes mix.

    The server cuts a message at its line breaks, and a line of more than 900 bytes where a word ends
    (``write_syslog`` in ``src/backend/utils/error/elog.c``). A line that goes on begins with a tab; DETAIL, STATEMENT
    and their like begin with the prefix again.
    """

    def __init__(self, today: datetime) -> None:
        self._today = today
        self._found: list[list[bytes]] = []
        self._numbered: dict[tuple[bytes, bytes], list[bytes]] = {}

    def add(self, moment: bytes, process: bytes, message: bytes, part: bytes, text: bytes) -> None:
        """Take the next line; without numbers, it is a message of its own, or goes on."""
        plain = _plain(text)
        is_first = part in (b"", b"1")
        lines = None if is_first else self._numbered.get((process, message))
        if lines is None:
            lines = self._numbered[process, message] = []
            self._found.append(lines)
        if is_first:
            lines.append(self._led(moment, process, plain))
        elif plain.startswith(b"\t"):
            lines.append(b"\n" + plain)
        elif _ADDED.match(plain):
            lines.append(b"\n" + self._led(moment, process, plain))
        else:
            lines.append(plain if lines else b"\t" + plain)

    def text(self) -> bytes:
        """All of them."""
        return b"".join(b"".join(lines).lstrip(b"\n") + b"\n" for lines in self._found)

    def _led(self, moment: bytes, process: bytes, plain: bytes) -> bytes:
        """With the time and the process in front, where the line does not bring them along."""
        if _RECORD.match(plain) and not _STAMPED.search(plain[:60]):
            rest = plain.removeprefix(b"[" + process + b"] ") if process else plain
            return _moment(moment, self._today) + b" [" + (process or b"0") + b"] " + rest
        return plain


def _today() -> datetime:
    return datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)


def _sniff(head: bytes) -> float:
    """A database server among the programs, however little it wrote."""
    return _share(head) if _SYSLOG.search(head) else 0.0


@log_wrapper("syslog", title="syslog (RFC 3164 and 5424), journalctl", sniff=_sniff)
def syslog() -> Unwrap:
    """``May  1 10:00:00 host postgres[123]: [5-1] ...``; lines of other programs are left out."""
    was_postgres = False

    def unwrap(lines: bytes) -> bytes:
        nonlocal was_postgres
        messages = _Messages(_today())
        for moment, program, process, other, message, part, text, more in _LINES.findall(lines):
            if program:
                was_postgres = b"postgres" in program or b"postmaster" in program
                if was_postgres:
                    messages.add(moment, process or other, message, part, text)
                else:
                    messages.add(b"", b"", b"", b"", text)
            elif more:
                messages.add(b"", b"", b"", b"", b"\t" + more.strip() if was_postgres else more)
        return messages.text()

    return unwrap


@log_wrapper("logplex", title="logplex of Heroku Postgres", sniff=share_of_lines(_LOGPLEX))
def logplex() -> Unwrap:
    """``2024-05-01T10:00:00+00:00 app[postgres.123]: [DATABASE] [5-1]  sql_error_code = 00000 LOG:  ...``."""

    def unwrap(lines: bytes) -> bytes:
        messages = _Messages(_today())
        for moment, message, part, lead, process, text in _LOGPLEX.findall(lines):
            session = process or message
            for hit in _LOGPLEX_PARTS.finditer(text):
                session = hit[2] or session
            plain = text if part == b"1" or lead.strip() else lead + text
            messages.add(moment, session, message, part, _LOGPLEX_PARTS.sub(b"", plain))
        return messages.text()

    return unwrap


@log_wrapper("journal", title="journalctl -o json", sniff=share_of_lines(re.compile(rb'\{[^\n]*"MESSAGE" ?: ?"')))
def journal() -> Unwrap:
    """The messages alone; several lines of one message stay together."""
    return lambda lines: b"".join(json_text(text) + b"\n" for text in _JOURNAL.findall(lines))
