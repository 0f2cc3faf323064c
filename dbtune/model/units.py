"""Sizes, times and numbers as people read them; the one place that decides how they look."""

from __future__ import annotations


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
    """Thousands separated; small costs keep two decimals, large ones none, and those near 0 two digits: MariaDB counts
    in milliseconds, of which a lookup is some thousandths."""
    if value == 0:
        return "0"
    if abs(value) < 0.01:
        return f"{value:.2g}"
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


def plural(number: float, noun: str, many: str | None = None) -> str:
    """``1 statement``, ``29 statements``; ``many`` where the plural is not made with an s."""
    return f"{human_count(number)} {noun if round(number) == 1 else many or f'{noun}s'}"
