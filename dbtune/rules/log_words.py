"""Pieces of what rules say about logs."""

from __future__ import annotations

from datetime import UTC, datetime

from dbtune.model.units import plural

STATEMENT_WIDTH = 70
TITLE_WIDTH = 60
ZONE = " UTC"


def quoted(text: str, width: int = STATEMENT_WIDTH) -> str:
    """The normalised statement on one short line, between backticks."""
    line = " ".join(text.split())
    return f"`{line if len(line) <= width else line[: width - 1].rstrip() + '…'}`"


def titled(what: str, text: str) -> str:
    """A title that ends with the statement, where one is known."""
    return f"{what}: {quoted(text, TITLE_WIDTH)}" if text else what


def percent(share: float) -> str:
    """``<0.1%``, ``3.4%``, ``57%``."""
    value = 100 * share
    if value == 0 or value >= 9.95:
        return f"{value:.0f}%"
    return f"{value:.1f}%" if value >= 0.05 else "<0.1%"


def clock(seconds: float) -> str:
    """A time of day, from seconds since the epoch, to the minute."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}{ZONE}"


def counted(number: float, noun: str, first: float | None, last: float | None) -> str:
    """``3 deadlocks``, with the times of the first and the last where they are known."""
    words = plural(number, noun)
    if first is None or last is None:
        return words
    start, end = clock(first), clock(last)
    if start == end:
        return f"{words} at {start}"
    day = f"{start.split()[0]} "
    if end.startswith(day):
        return f"{words} between {start.removesuffix(ZONE)} and {end.removeprefix(day)}"
    return f"{words} between {start} and {end}"
