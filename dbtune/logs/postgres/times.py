"""Points in time as the log of Postgres writes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from math import nan

import numpy as np

from dbtune.logs.batch import Numbers, numbers_or_nan

_SECONDS = 19
"""Characters of ``2024-05-01 10:00:00``."""


@lru_cache(maxsize=16384)
def _whole_seconds(text: bytes, zone: bytes) -> float:
    """Seconds since the epoch; an abbreviated zone but UTC is taken as if it were UTC."""
    try:
        at = datetime.fromisoformat(text.decode("ascii").replace("/", "-"))
        shift = datetime.fromisoformat(f"2000-01-01 00:00:00{_offset(zone)}")
    except ValueError:
        return nan
    return at.replace(tzinfo=shift.tzinfo or UTC).timestamp()


def _offset(zone: bytes) -> str:
    """The zone where it is one in numbers (``+02``, ``-03:30``, ``+0530``), for ISO 8601."""
    text = zone.decode("ascii", "replace").strip()
    return text if text[:1] in ("+", "-") else ""


def epochs(texts: Sequence[bytes]) -> Numbers:
    """Seconds since the epoch of ``2024-05-01 10:00:00.123 UTC`` and its like, or of ``1714557600.123``; else NaN."""
    if not texts:
        return numbers_or_nan(texts)
    if texts[0][4:5] not in (b"-", b"/"):
        return numbers_or_nan(texts)
    zone = texts[0].rpartition(b" ")[2] if texts[0].count(b" ") > 1 else b""
    seconds = [_whole_seconds(text[:_SECONDS], zone) for text in texts]
    fractions = [text[_SECONDS : _SECONDS + 4] for text in texts]
    if fractions[0][:1] in (b".", b","):
        return numbers_or_nan(fractions) + seconds
    return np.array(seconds)


def epoch(text: bytes) -> float:
    """The same for one."""
    return float(epochs([text])[0])
