"""Foreign text, changes and shares as people read them; numbers, sizes and times are the model's ``units``."""

from __future__ import annotations

import re

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

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters but tab and newline, and the marks that turn the direction of writing: a statement's text or an
object's name must not move the cursor, colour the screen or show something else than it is."""


def printable(text: str) -> str:
    """The text without control characters; line ends become newlines, tabs become spaces."""
    return CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    "))


def one_line(text: str) -> str:
    """The text on one line, every run of white space a single space, without control characters."""
    return " ".join(printable(text).split())


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
