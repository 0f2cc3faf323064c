"""How a column's rows lie along its line, and what of them lies between two points: from common values and histogram.

The histogram is read as the planner reads it: each bucket holds as many rows, evenly spread within it
(``ineq_histogram_selectivity`` in ``src/backend/utils/adt/selfuncs.c``), but for the first and the last one. Where
these are far wider than their neighbours the rows thin out towards the end, and are taken to do so steadily.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from dbtune.model.schema import ColumnStatistics
from dbtune.planner.partitions.axis import Axis

MOST_LISTED = 100
"""``default_statistics_target``: as many values at most are listed as common ones."""


@dataclass(frozen=True)
class Distribution:
    """Where the non-null rows of a column are. Shares are of all rows, those with NULL included."""

    axis: Axis
    statistics: ColumnStatistics
    common: tuple[tuple[float, str, float], ...]
    """Point, text and frequency of the common values, in order of the points."""
    bounds: tuple[float, ...]
    """Points of the histogram's bounds."""

    @classmethod
    def of(cls, axis: Axis, statistics: ColumnStatistics) -> Distribution:
        pairs = zip(statistics.most_common_vals, statistics.most_common_freqs, strict=False)
        common = [(point, text, freq) for text, freq in pairs if (point := axis.point(text)) is not None]
        bounds = [point for text in statistics.histogram_bounds if (point := axis.point(text)) is not None]
        return cls(axis, statistics, tuple(sorted(common)), tuple(sorted(bounds)))

    @property
    def ends(self) -> tuple[float, float] | None:
        """The least and the greatest point known; None where nothing is known."""
        points = [point for point, _, _ in self.common] + list(self.bounds)
        return (min(points), max(points)) if points else None

    @property
    def in_histogram(self) -> float:
        """Share of the rows that the histogram is of."""
        if len(self.bounds) < 2:
            return 0.0
        return max(0.0, 1.0 - self.statistics.null_frac - sum(self.statistics.most_common_freqs))

    def below(self, point: float) -> float:
        """Share of the histogram's rows below a point, 0 to 1."""
        bounds = self.bounds
        if len(bounds) < 2 or point <= bounds[0]:
            return 0.0
        # whole steps: the last bound is a value of its own, and so all below it are one step short of the end
        if point > bounds[-1]:
            return 1.0
        bucket = bisect_left(bounds, point) - 1
        low, high = bounds[bucket], bounds[bucket + 1]
        inside = (point - low) / (high - low) if high > low else 0.0
        first, last = self._thinning
        if bucket == 0 and first > 1.0:
            inside = inside**first
        elif bucket == len(bounds) - 2 and last > 1.0:
            inside = 1.0 - (1.0 - inside) ** last
        return (bucket + inside) / (len(bounds) - 1)

    @cached_property
    def _thinning(self) -> tuple[float, float]:
        """How much denser the rows are at the inner end of the first and the last bucket than on average there.

        With density ``n * t ** (n - 1)`` (t from the outer end, 0, to the inner end, 1) the share below t is
        ``t ** n``.
        At the inner end it is taken to be half way to the neighbour's. 1: even.
        """
        widths = [high - low for low, high in pairwise(self.bounds)]
        if len(widths) < 3 or min(widths[0], widths[1], widths[-2], widths[-1]) <= 0:
            return 1.0, 1.0
        first, last = widths[0] / widths[1], widths[-1] / widths[-2]
        return max(1.0, (1.0 + first) / 2), max(1.0, (1.0 + last) / 2)

    def share(self, lower: float, upper: float) -> float:
        """Share of all rows from ``lower`` (included) up to ``upper`` (excluded)."""
        common = sum(freq for point, _, freq in self.common if lower <= point < upper)
        return common + self.in_histogram * (self.below(upper) - self.below(lower))

    def at(self, share: float, *, past_end: bool = False) -> float:
        """The point below which this share of the histogram's rows lies; ``past_end``: behind the last for all."""
        if past_end and share >= 1.0:
            return self.bounds[-1] + 1.0
        return self._in_histogram_at(share)

    def cut(self, lower: float, upper: float, rows: float) -> ColumnStatistics:
        """The statistics of the rows between two points alone, as ANALYZE would find them; ``rows``: of the table."""
        share = self.share(lower, upper)
        if share <= 0:
            return replace(
                self.statistics,
                null_frac=0.0,
                n_distinct=0.0,
                most_common_vals=(),
                most_common_freqs=(),
                histogram_bounds=(),
            )
        common = [(text, freq / share) for point, text, freq in self.common if lower <= point < upper]
        in_histogram = max(0.0, 1.0 - sum(freq for _, freq in common))
        distinct = self._distinct(lower, upper, rows, len(common))
        bounds: tuple[str, ...] = ()
        values = self._all_listed(lower, upper, distinct, share * rows, common)
        if values is not None:
            distinct = float(len(values))
        else:
            values = common
            bounds = self._bounds(lower, upper) if in_histogram > 0 else ()
        values.sort(key=lambda one: -one[1])
        part_rows = share * rows
        return replace(
            self.statistics,
            null_frac=0.0,
            n_distinct=as_kept(distinct, part_rows),
            most_common_vals=tuple(text for text, _ in values),
            most_common_freqs=tuple(freq for _, freq in values),
            histogram_bounds=bounds,
        )

    def _distinct(self, lower: float, upper: float, rows: float, common: int) -> float:
        """Distinct values between two points: those of the histogram are spread as its rows are."""
        all_values = self.statistics.distinct_values(rows)
        spread = max(0.0, all_values - len(self.statistics.most_common_vals))
        found = common + spread * (self.below(upper) - self.below(lower))
        if self.axis.is_whole:
            ends = self._inside(lower, upper)
            found = min(found, ends[1] - ends[0]) if ends else found
        return max(1.0, found)

    def _inside(self, lower: float, upper: float) -> tuple[float, float] | None:
        """The stretch between the points in which there are rows; the end is excluded for whole steps."""
        ends = self.ends
        if ends is None:
            return None
        last = ends[1] + 1.0 if self.axis.is_whole else ends[1]
        return max(lower, ends[0]), min(upper, last)

    def _all_listed(
        self, lower: float, upper: float, distinct: float, rows: float, common: list[tuple[str, float]]
    ) -> list[tuple[str, float]] | None:
        """Every whole step between the points as a common value, where ANALYZE would list them all.

        It does so where the sample holds no value that it did not see twice, and there are not too many of them
        (``compute_scalar_stats`` in ``src/backend/commands/analyze.c``).
        """
        ends = self._inside(lower, upper)
        if not self.axis.is_whole or ends is None:
            return None
        steps = round(ends[1] - ends[0])
        if not 1 <= steps <= MOST_LISTED or distinct < 0.9 * steps or rows < 10 * steps:
            return None
        points = [ends[0] + step for step in range(steps)]
        known = dict(common)
        weights = [self.below(point + 1.0) - self.below(point) for point in points]
        rest, total = max(0.0, 1.0 - sum(known.values())), sum(weights)
        listed = []
        for point, weight in zip(points, weights, strict=True):
            text = self.axis.text(point)
            even = rest * weight / total if total > 0 else 0.0
            if text in known or even > 0:
                listed.append((text, known.get(text, even)))
        return listed or None

    def _bounds(self, lower: float, upper: float) -> tuple[str, ...]:
        ends = self._inside(lower, upper)
        if ends is None or len(self.bounds) < 2:
            return ()
        first = max(ends[0], self.bounds[0])
        last = min(ends[1] - 1.0 if self.axis.is_whole else ends[1], self.bounds[-1])
        if last < first:
            return ()
        # as many buckets as a histogram of its own would have, at even shares of the rows
        start, end = self.below(first), self.below(last)
        buckets = MOST_LISTED
        points = [first, *(self._in_histogram_at(start + (end - start) * n / buckets) for n in range(1, buckets)), last]
        texts = [self.axis.text(min(max(point, first), last)) for point in points]
        return tuple(texts) if len(set(texts)) > 1 else ()

    def _in_histogram_at(self, below: float) -> float:
        """The point that this share of the histogram's rows lies below."""
        position = below * (len(self.bounds) - 1)
        bucket = min(int(position), len(self.bounds) - 2)
        low, high = self.bounds[bucket], self.bounds[bucket + 1]
        return low + (high - low) * (position - bucket)


def as_kept(distinct: float, rows: float) -> float:
    """A number of distinct values as ``pg_statistic`` keeps it: minus a share of the rows where it grows with them."""
    return -min(1.0, distinct / rows) if rows > 0 and distinct > 0.1 * rows else distinct


def in_part(distinct: float, share: float, rows: float) -> float:
    """Distinct values among a share of the rows that are a random part of all ``rows`` (Cardenas 1975)."""
    each = rows / max(distinct, 1.0)
    return float(min(share * rows, max(1.0, distinct * (1.0 - (1.0 - share) ** each))))
