"""``log_line_prefix`` as a regular expression, and the one that a log was written with, by its content."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

_DAY = rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
_ZONE = rb"(?: (?:[A-Z]{1,6}|[A-Z][a-z]{2,8}|[+-]\d\d(?::?\d\d)?))?+"

_FIELDS = {
    "m": "time",
    "t": "time",
    "n": "time",
    "u": "user",
    "d": "database",
    "r": "host",
    "h": "host",
    "p": "session",
}
"""Escapes whose value is kept. ``%c`` stands in for ``%p`` where that is missing."""

_VALUES = {
    "m": _DAY + rb"[.,]\d{3}" + _ZONE,
    "t": _DAY + _ZONE,
    "s": _DAY + _ZONE,
    "n": rb"\d{9,11}\.\d{3}",
    "p": rb"\d++",
    "P": rb"\d*+",
    "l": rb"\d++",
    "x": rb"\d++",
    "v": rb"[\d/]*+",
    "c": rb"[0-9a-f]++\.[0-9a-f]++",
    "e": rb"[0-9A-Z]{5}",
    "Q": rb"-?\d++",
    "L": rb"[^ ]*+",
}
_FREE = "udarhbiL"
"""Escapes with free text: it ends where the prefix goes on."""

_EARLY_END = b"(?:"
"""What ``%q`` stands for: the rest of the prefix may be missing."""

_ESCAPE = re.compile(r"%(-?\d+)?([a-zA-Z%])|([^%]+|%)")

SEVERITY = (
    rb"(?:LOG|ERROR|FATAL|PANIC|WARNING|NOTICE|INFO|DEBUG\d?|FEHLER|WARNUNG|HINWEIS|ERREUR|ATTENTION|"
    + "ПРЕДУПРЕЖДЕНИЕ|ОШИБКА|СООБЩЕНИЕ|ВАЖНО|ADVERTENCIA|ERRO|ERRORE|警告|エラー".encode()
    + rb")"
)
ANY = rb"(?:[^\t\n][^\n]{0,500}?)??"
"""A prefix of any kind. No name in one is longer than 63 bytes, and a long line must not be searched to its end.

Where a collector has put its own words in front of each line, a tab before a severity marks a line that goes on.
"""

STATE = rb"(?:(?=[A-Z]*\d)[0-9A-Z]{5}: )?+"
"""The SQLSTATE that ``log_error_verbosity = verbose`` writes before a message."""

ADDED = (
    rb"(?:DETAIL|HINT|CONTEXT|STATEMENT|QUERY|LOCATION|BACKTRACE|"
    rb"ANWEISUNG|INSTRUCTION|SENTENCIA|TIPP|ZUSAMMENHANG|KONTEXT)"
)
"""What is said beside a message."""

KNOWN = (
    "%m [%p] ",
    "%m [%p] %q%u@%d ",
    "%t:%r:%u@%d:[%p]:",
    "%m:%r:%u@%d:[%p]:%l:%e:%s:%v:%x:%c:%q%a:",
    "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ",
    "%t [%p]: user=%u,db=%d,app=%a,client=%h ",
    "%t [%p]: [%l-1] user=%u,db=%d ",
    "%t [%p]: [%l-1] ",
    "%m [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ",
    "%m [%p]: [%l-1] db=%d,user=%u ",
    "%m [%p]: [%l] db=%d,user=%u,app=%a,client=%h ",
    "%m [%p]: [%l-1] db=%d,user=%u,app=%a,client=%h ",
    "%m [%p]: ",
    "%t [%p]: ",
    "%t [%p] ",
    "%t-%c-",
    "%t-%p-",
    "%m-%c-",
    "%m [%p-%l] %q%u@%d ",
    "%t [%p-%l] %q%u@%d ",
    "%t [%p] %q%u@%d ",
    "%t [%p] %u@%d ",
    "%m %u@%d [%p] ",
    "%m %d %u [%p] ",
    "%m [%p] %u %d ",
    "%m [%p] user=%u,db=%d,app=%a,client=%h ",
    "%m [%p] db=%d,user=%u,app=%a,client=%h ",
    "[%p]: [%l-1] db=%d,user=%u ",
    "%m [%p] [%d] [%u] ",
    "%n [%p] %q%u@%d ",
    "%n [%p] ",
    "< %m > ",
    "< %m >",
    "%t ",
    "%m ",
    "",
)
"""Defaults of the server, of Debian, Red Hat, RDS, CloudSQL and Azure, and what handbooks advise."""


@dataclass(frozen=True)
class LinePrefix:
    """A setting of ``log_line_prefix``."""

    setting: str

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """What the groups of ``capturing`` hold, in order."""
        return tuple(name for name, _ in self._parts if name)

    @cached_property
    def capturing(self) -> bytes:
        """Expression with a group for each of ``fields``."""
        return self._expression(capture=True)

    @cached_property
    def plain(self) -> bytes:
        """The same without groups."""
        return self._expression(capture=False)

    @property
    def may_end_early(self) -> bool:
        """Whether lines of background processes lack what follows ``%q``."""
        return any(expression == _EARLY_END for _, expression in self._parts)

    def _expression(self, *, capture: bool) -> bytes:
        parts: list[bytes] = []
        for name, expression in self._parts:
            parts.append(b"(" + expression + b")" if name and capture else expression)
        return b"".join(parts) + (b")?+" if self.may_end_early else b"")

    @cached_property
    def _parts(self) -> tuple[tuple[str, bytes], ...]:
        """Name of the field or "", and the expression, piece by piece."""
        pieces = list(_ESCAPE.findall(self.setting))
        has_pid = any(letter == "p" for _, letter, _ in pieces)
        taken: set[str] = set()
        parts: list[tuple[str, bytes]] = []
        for at, (padding, letter, text) in enumerate(pieces):
            if not letter:
                parts.append(("", re.escape(text.encode())))
            elif letter == "%":
                parts.append(("", b"%"))
            elif letter == "q":
                parts.append(("", _EARLY_END))
            else:
                name = "session" if letter == "c" and not has_pid else _FIELDS.get(letter, "")
                name = "" if name in taken else name
                taken.add(name)
                spaces = b" *" if padding else b""
                parts += [("", spaces)] if spaces else []
                parts.append((name, _VALUES.get(letter) or _free_text(pieces, at)))
                parts += [("", spaces)] if spaces else []
        return tuple(parts)


def _free_text(pieces: list[tuple[str, str, str]], at: int) -> bytes:
    """Anything up to the literal that follows; with nothing behind it, up to the end of the prefix."""
    following = pieces[at + 1][2] if at + 1 < len(pieces) else ""
    if not following:
        return rb"[^\n]*?"
    letter = pieces[at][1]
    before = pieces[at - 1][2] if at else ""
    if letter in "ud" and following[0] == " " and not before.endswith("="):
        # a word without a name in front is only told from others by what it cannot be
        return rb"(?:\[unknown\]|[^\s\[\]@]*+)"
    if letter in "ab" or following[0] == " ":
        return rb"[^\n]*?"
    blank = b" " if letter in "ud" and not before.endswith("=") else b""
    return rb"[^\n" + blank + re.escape(following[0].encode()) + rb"]*+"


def recognised_prefix(head: bytes) -> tuple[LinePrefix, float] | None:
    """The prefix that fits most of the log's records, and their share of the lines that look like records."""
    records = re.findall(rb"^" + ANY + rb"\b" + SEVERITY + rb":  [^\n]*", head, re.MULTILINE)[:100]
    if not records:
        return None
    fitting: Counter[str] = Counter()
    for setting in KNOWN:
        pattern = re.compile(LinePrefix(setting).plain + SEVERITY + rb":  ")
        fitting[setting] = sum(pattern.match(record) is not None for record in records)
    # of those that fit all the same, the first, which is the more exact one
    best = max(KNOWN, key=lambda setting: (fitting[setting], len(LinePrefix(setting).fields)))
    return LinePrefix(best), fitting[best] / len(records)
