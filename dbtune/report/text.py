"""Numbers, sizes, times and foreign text as people read them; the one place that decides how they look."""

from __future__ import annotations

import re

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


def human_bytes(size: float) -> str:
    """A size with its binary unit: ``23.4 MiB``."""
    value = abs(size)
    sign = "-" if size < 0 else ""
    if value < 1024:
        return f"{sign}{value:.0f} B"
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        value /= 1024
        if value < 1024 or unit == "TiB":
            break
    return f"{sign}{value:,.1f} {unit}"


def human_number(value: float) -> str:
    """Thousands separated; small costs keep two decimals, large ones none."""
    if value == 0:
        return "0"
    return f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"


def human_count(value: float) -> str:
    """A number of things: no decimals."""
    return f"{value:,.0f}"


def human_ms(milliseconds: float) -> str:
    """A time in the unit that fits: ``320 ms``, ``12.4 s``, ``3 h 12 min``."""
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms" if milliseconds >= 10 else f"{milliseconds:.2f} ms"
    seconds = milliseconds / 1000
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes = int(seconds // 60)
    if minutes < 120:
        return f"{minutes} min {int(seconds % 60)} s"
    return f"{minutes // 60:,} h {minutes % 60} min"


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
