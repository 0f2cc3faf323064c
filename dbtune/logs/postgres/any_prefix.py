"""Lines whose prefix is none that is known: what can be told of it, part by part."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple


class Prefix(NamedTuple):
    """Parts of a line's prefix; empty where it has none."""

    time: bytes
    session: bytes
    user: bytes
    database: bytes
    host: bytes


_TIME = re.compile(
    rb"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,6})?(?: (?:[A-Z]{3,5}|[+-]\d\d(?::?\d\d)?)\b)?|\b1\d{9}\.\d{3}\b"
)
_SESSION = re.compile(
    rb"\[ *(\d{1,10}) *(?:[-:]\d+)?\]|\bp(?:id)?[=:] ?(\d+)|\b([0-9a-f]{8}\.[0-9a-f]+)\b|\((\d{2,10})\)"
)
_USER = re.compile(rb"\bu(?:ser)?[=:] ?([^\s,;|\]]*)")
_DATABASE = re.compile(rb"\bd(?:b|atabase)?[=:] ?([^\s,;|\]]*)")
_BOTH = re.compile(rb"([^\s:,;|=\[\]()]+)@([^\s:,;|=\[\]()]+)")
_HOST = re.compile(rb"\b(?:client|host|remote|h|r)[=:] ?(\[local\]|[^\s,;|\]()]*)|\b(\d{1,3}(?:\.\d{1,3}){3})\b")


@lru_cache(maxsize=16384)
def parsed(prefix: bytes) -> Prefix:
    """What the prefix says. A later timestamp is the server's own: collectors put theirs in front."""
    times = _TIME.findall(prefix)
    rest = _TIME.sub(b"", prefix)
    session = _SESSION.search(rest)
    user, database, both, host = (one.search(rest) for one in (_USER, _DATABASE, _BOTH, _HOST))
    return Prefix(
        time=times[-1].replace(b"T", b" ") if times else b"",
        session=next((group for group in session.groups() if group), b"") if session else b"",
        user=user[1] if user else both[1] if both else b"",
        database=database[1] if database else both[2] if both else b"",
        host=(host[1] or host[2] or b"") if host else b"",
    )
