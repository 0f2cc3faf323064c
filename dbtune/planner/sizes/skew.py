"""Skew of whole numbers and dates, read from the histogram: where its bounds lie close, values have many rows each.

ANALYZE estimates the number of values as if all had about as many rows (Haas and Stokes, "Sampling-Based Estimation of
the Number of Distinct Values of an Attribute", Duj1; ``src/backend/commands/analyze.c``). References follow a power law
more often than not: few customers order most, and of many an order or none is in the sample, so that the estimate is
too low, by half where the rows of the k-th customer go with the power -0.6 of k. The histogram still shows the skew:
each of its parts holds as many rows, but not as many possible values. The share of the possible values that occur is
chosen so that Duj1, asked about such a column, would answer what ANALYZE did.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from dbtune.model.schema import Column
from dbtune.planner.sizes.duj1 import duj1

WHOLE_NUMBERS = frozenset({"int2", "int4", "int8"})
FEWEST_PARTS = 10
DENSE = 0.25
"""Share of the possible values that occur, from which on the distance of two bounds tells how many lie between them."""


@dataclass(frozen=True)
class Skew:
    """Values in each part of the histogram, NULLs and most common values aside; each part has as many rows.

    ``values`` are those that could occur: how many rows one really has is Poisson distributed, none included.
    """

    values: tuple[float, ...]

    def distinct(self, rows_a_part: float) -> float:
        """Values expected to occur."""
        return sum(count * -math.expm1(-rows_a_part / count) for count in self.values)


def skew_of(column: Column, rows: float, sampled: float) -> Skew | None:
    """The skew of a column of a table of ``rows`` rows of which ANALYZE looked at ``sampled``; None where none is seen.

    Not for columns that follow the rows' physical order: their samples are none of single rows.
    """
    statistics = column.statistics
    if statistics is None or statistics.n_distinct in (-1.0, 0.0) or len(statistics.histogram_bounds) <= FEWEST_PARTS:
        return None
    possible = _possible_values(column)
    if possible is None or max(possible) < 2 * min(possible):
        return None
    present = rows * (1.0 - statistics.null_frac)
    looked_at = min(present, sampled * (1.0 - statistics.null_frac))
    common = sum(statistics.most_common_freqs) / max(1e-9, 1.0 - statistics.null_frac)
    if present <= looked_at * 1.01:  # nothing was estimated
        return None
    sample = _Sample(present, looked_at, present * (1.0 - common) / len(possible), len(statistics.most_common_freqs))
    wanted = statistics.distinct_values(rows)
    if sample.duj1(_thinned(possible, DENSE)) > wanted:
        return None
    low, high = DENSE, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (low, middle) if sample.duj1(_thinned(possible, middle)) > wanted else (middle, high)
    return Skew(_thinned(possible, high))


@dataclass(frozen=True)
class _Sample:
    rows: float
    sampled: float
    rows_a_part: float
    common: int

    def duj1(self, values: Sequence[float]) -> float:
        """What ANALYZE is expected to answer for a column with so many values in each part."""
        taken = self.rows_a_part * self.sampled / self.rows
        seen, once = float(self.common), 0.0
        for count in values:
            mean = taken / count
            seen += count * -math.expm1(-mean)
            once += count * mean * math.exp(-mean)
        return duj1(self.rows, self.sampled, seen, once)


def _thinned(possible: Sequence[float], share: float) -> tuple[float, ...]:
    return tuple(count * share for count in possible)


def _possible_values(column: Column) -> tuple[float, ...] | None:
    statistics = column.statistics
    if statistics is None:
        return None
    try:
        if column.type_name.name in WHOLE_NUMBERS:
            bounds = [int(text) for text in statistics.histogram_bounds]
        elif column.type_name.name == "date":
            bounds = [date.fromisoformat(text).toordinal() for text in statistics.histogram_bounds]
        else:
            return None
    except ValueError:
        return None
    return tuple(max(1.0, float(after - before)) for before, after in pairwise(bounds))
