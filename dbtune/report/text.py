"""Foreign text, changes and shares as people read them; numbers, sizes and times are the model's ``units``."""

from __future__ import annotations

from dbtune.model.text import one_line, printable
from dbtune.model.units import human_bytes, human_count, human_ms, human_number

__all__ = [
    "change",
    "human_bytes",
    "human_count",
    "human_ms",
    "human_number",
    "one_line",
    "printable",
    "share",
    "shortened",
]


def shortened(text: str, width: int) -> str:
    """One line of at most ``width`` characters, cut with an ellipsis."""
    line = one_line(text)
    return line if len(line) <= width else line[: max(width - 1, 0)].rstrip() + "…"


def change(before: float, after: float) -> str:
    """The relative change in percent with its sign: ``-98.7%``; empty where there was nothing before."""
    if before <= 0:
        return ""
    percent = (after - before) / before * 100
    if abs(percent) < 0.05:
        return "±0%"
    return f"{percent:+,.2f}%" if percent < -99 else f"{percent:+,.1f}%"


def share(gain: float) -> str:
    """A fraction of the workload as a percentage: ``12.3%``, and ``<0.1%`` where that would read 0."""
    percent = gain * 100
    return "<0.1%" if 0 < percent < 0.05 else f"{percent:.1f}%"
