"""Shares of neighbouring ranges, without the noise of the sample that the statistics are from.

ANALYZE looks at 300 rows for each of the (usually 100) buckets. So the share of a range that holds one row in a hundred
is off by 6% by chance alone, and the planner's cost of reading it as well. Where neighbouring ranges differ by no more
than chance explains, they are most likely equal; each is drawn towards the mean of its neighbours by as much as the
sample's variance is of the variance seen (James and Stein, "Estimation with Quadratic Loss", 1961).
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, pvariance

ROWS_A_BUCKET = 300
"""``std_typanalyze`` in ``src/backend/commands/analyze.c``."""

NEIGHBOURS = 5
"""Ranges looked at on either side."""

FEWEST = 5
"""Ranges that tell a variance."""


def sampled_rows(bounds: int, rows: float) -> float:
    """Rows that a histogram of so many bounds was made from."""
    return min(rows, max(1, bounds - 1) * ROWS_A_BUCKET)


def even_out(shares: Sequence[float], widths: Sequence[float], sampled: float) -> list[float]:
    """The shares (of all rows) of neighbouring ranges of these widths, each nearer to its neighbours' density.

    The sum stays the same. Ranges of no width or no rows stay as they are.
    """
    whole = [n for n, width in enumerate(widths) if width > 0 and shares[n] > 0]
    evened = list(shares)
    for place, number in enumerate(whole):
        near = whole[max(0, place - NEIGHBOURS) : place + NEIGHBOURS + 1]
        if len(near) < FEWEST:
            continue
        density = shares[number] / widths[number]
        mean = fmean(shares[n] / widths[n] for n in near)
        seen = pvariance([shares[n] / widths[n] for n in near], mean)
        by_chance = mean / (widths[number] * max(sampled, 1.0))
        drawn = min(1.0, by_chance / seen) if seen > 0 else 1.0
        evened[number] = widths[number] * (density + drawn * (mean - density))
    before, after = sum(shares), sum(evened)
    return [share * before / after for share in evened] if after > 0 else evened
