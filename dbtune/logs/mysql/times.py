"""Points in time as the logs of MySQL and MariaDB write them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from math import nan


@lru_cache(maxsize=8192)
def epoch(text: bytes) -> float:
    """Seconds since the epoch of ``071015  1:43:52``, ``2016-07-20T18:13:25.698433Z`` or ``...+02:00``; else NaN.

    A time without a zone is taken as if it were UTC.
    """
    words = text.decode("ascii", "replace").split()
    try:
        if len(words) == 2 and len(words[0]) == 6:
            hour, minute, second = words[1].split(":")
            year = int(words[0][:2])
            century = 1900 if year >= 70 else 2000
            day = datetime(century + year, int(words[0][2:4]), int(words[0][4:]), tzinfo=UTC)
            return day.timestamp() + int(hour) * 3600 + int(minute) * 60 + float(second)
        at = datetime.fromisoformat(" ".join(words))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except ValueError:
        return nan
