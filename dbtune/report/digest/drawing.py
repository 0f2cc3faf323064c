"""Bars and sparklines in characters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite

from dbtune.model.digest import Digest, TimelineSlot

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LEVELS = "▁▂▃▄▅▆▇█"
_PLAIN_LEVELS = ".:-=+*%#"


def bar(share: float, width: int, *, plain: bool = False) -> str:
    """A bar for a share of 0 to 1, padded to ``width``; what is more than nothing shows."""
    if plain:
        return ("#" * max(round(share * width), int(share > 0))).ljust(width)
    eighths = max(round(min(share, 1.0) * width * 8), int(share > 0))
    return ("█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")).ljust(width)


def sparkline(values: Sequence[float | None], *, plain: bool = False) -> str:
    """One character a value, from the lowest level for zero to the highest for the largest; a blank for None."""
    levels = _PLAIN_LEVELS if plain else _LEVELS
    largest = max((value for value in values if value is not None), default=0.0)
    if largest <= 0 or not isfinite(largest):
        return "".join(" " if value is None else levels[0] for value in values)
    return "".join(
        " " if value is None else levels[min(int(value / largest * len(levels)), len(levels) - 1)] for value in values
    )


def over_time(
    digest: Digest, slots: Sequence[TimelineSlot], width: int, value: Callable[[TimelineSlot], float]
) -> list[float | None]:
    """Values of a timeline in at most ``width`` cells over the digest's whole span; None where nothing happened."""
    if not digest.timeline:
        return []
    start = digest.timeline[0].start
    count = round((digest.timeline[-1].start - start) / digest.slot_seconds) + 1
    cells = min(width, count)
    merged: list[TimelineSlot | None] = [None] * cells
    for slot in slots:
        at = min(int((slot.start - start) / digest.slot_seconds * cells / count), cells - 1)
        if at >= 0:
            merged[at] = _together(merged[at], slot)
    return [None if slot is None else value(slot) for slot in merged]


def _together(one: TimelineSlot | None, other: TimelineSlot) -> TimelineSlot:
    if one is None:
        return other
    return TimelineSlot(one.start, one.calls + other.calls, one.total_ms + other.total_ms, one.errors + other.errors)
