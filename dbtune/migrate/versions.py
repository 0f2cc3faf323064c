"""Versions at the beginning of file names, chained after the last one there; nothing depends on the clock."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

TIMESTAMP = "%Y%m%d%H%M%S"
_NUMBER = re.compile(r"\d+")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def leading_numbers(names: Iterable[str], prefix: str = "") -> list[str]:
    """The digits with which the names begin (after ``prefix``), of those that begin with some."""
    found = (_NUMBER.match(name[len(prefix):]) for name in names if name.startswith(prefix))  # fmt: skip
    return [match[0] for match in found if match is not None]


def file_names(folder: Path, pattern: str = "*") -> list[str]:
    return sorted(path.name for path in folder.glob(pattern)) if folder.is_dir() else []


def timestamps(there: Sequence[str], since: datetime, count: int) -> list[str]:
    """Fourteen digits, one second apart, from ``since`` or after the last one there."""
    start = since
    for version in there:
        moment = _moment(version)
        if moment is not None:
            start = max(start, moment + timedelta(seconds=1))
    return [(start + timedelta(seconds=number)).strftime(TIMESTAMP) for number in range(count)]


def _moment(version: str) -> datetime | None:
    try:
        return datetime.strptime(version[:14], TIMESTAMP).replace(tzinfo=UTC) if len(version) >= 14 else None
    except ValueError:
        return None


def milliseconds(there: Sequence[str], since: datetime, count: int) -> list[str]:
    """Milliseconds since 1970, a second apart, from ``since`` or after the last one there."""
    start = max([int((since - EPOCH).total_seconds()) * 1000, *(int(version) + 1000 for version in there)])
    return [str(start + number * 1000) for number in range(count)]


def numbers(there: Sequence[str], count: int, width: int) -> list[str]:
    """Counted up from the last one there, with as many leading zeros (``width`` digits where there is none)."""
    if there:
        width = max(map(len, there)) if any(version.startswith("0") for version in there) else 1
    start = max(map(int, there), default=0) + 1
    return [str(start + number).zfill(width) for number in range(count)]


def like_those_there(there: Sequence[str], since: datetime, count: int, width: int) -> list[str]:
    """In the way of the last one there: a time of fourteen digits, or a number counted up."""
    last = max(there, key=int, default="")
    return timestamps(there, since, count) if _moment(last) is not None else numbers(there, count, width)


def times_unless_counted(there: Sequence[str], since: datetime, count: int) -> list[str]:
    """Times of fourteen digits, unless those there are counted up: then numbers after them."""
    return like_those_there(there, since, count, 1) if there else timestamps((), since, count)
