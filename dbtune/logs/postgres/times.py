"""Points in time as the log of Postgres writes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from math import nan

import numpy as np

from dbtune.logs.batch import Numbers, numbers_or_nan


def epochs(texts: Sequence[bytes]) -> Numbers:
    """Seconds since the epoch of ``2024-05-01 10:00:00.123 UTC`` and its like, or of ``1714557600.123``; else NaN.

    The zone is that of the first. One in numbers is applied, an abbreviation is taken as if it were UTC.
    """
    if not texts or texts[0][4:5] not in (b"-", b"/"):
        return numbers_or_nan(texts)
    width = len(texts[0])
    # what is longer is cut, what is shorter is filled up
    written = np.array(texts, dtype=f"S{_LONGEST}").view(np.uint8)
    digits = written.reshape(-1, _LONGEST).astype(np.int64) - ord("0")
    days = digits[:, _DAY_PLACES] @ _DAY_WEIGHTS
    seconds = digits[:, _TIME_PLACES] @ _TIME_WEIGHTS
    if (days == days[0]).all():  # a block seldom holds more than one
        starts = np.array(_day_start(int(days[0])))
    else:
        unique, places = np.unique(days, return_inverse=True)
        starts = np.array([_day_start(int(day)) for day in unique])[places]
    if width > _SECONDS and texts[0][_SECONDS : _SECONDS + 1] in (b".", b","):
        seconds = seconds + digits[:, _FRACTION_PLACES] @ np.array([0.1, 0.01, 0.001])
    return np.asarray(starts + seconds - _zone_seconds(texts[0]), np.float64)


_SECONDS = 19
"""Characters of ``2024-05-01 10:00:00``."""
_LONGEST = 23
_DAY_PLACES = [0, 1, 2, 3, 5, 6, 8, 9]
_DAY_WEIGHTS = 10 ** np.arange(7, -1, -1)
_TIME_PLACES = [11, 12, 14, 15, 17, 18]
_TIME_WEIGHTS = np.array([36000, 3600, 600, 60, 10, 1])
_FRACTION_PLACES = [20, 21, 22]


@lru_cache(maxsize=4096)
def _day_start(day: int) -> float:
    """Seconds since the epoch at the start of a day such as 20240501; NaN where there is no such day."""
    try:
        return datetime(day // 10000, day // 100 % 100, day % 100, tzinfo=UTC).timestamp()
    except ValueError:
        return nan


@lru_cache(maxsize=64)
def _offset_seconds(zone: str) -> float:
    try:
        offset = datetime.fromisoformat(f"2000-01-01 00:00:00{zone}").utcoffset()
    except ValueError:
        return 0.0
    return 0.0 if offset is None else offset.total_seconds()


def _zone_seconds(text: bytes) -> float:
    """Seconds that the zone at the end of a time is east of UTC."""
    zone = text[_SECONDS:].decode("ascii", "replace").rpartition(" ")[2]
    return _offset_seconds(zone) if zone[:1] in ("+", "-") else 0.0


def epoch(text: bytes) -> float:
    """The same for one."""
    return float(epochs([text])[0])
