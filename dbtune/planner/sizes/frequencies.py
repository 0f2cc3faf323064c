"""How many rows share one key: classes of equally frequent values, from the statistics of the key's columns.

A class holds ``values`` values each of which any row has with ``probability``; how many rows a value really has is
Poisson distributed around rows times probability. So the same classes serve the whole table, a part of its rows (a
partial index), and, multiplied with those of further columns taken as independent, a key of several columns.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeVar

from dbtune.model.schema import ColumnStatistics
from dbtune.planner.sizes.skew import Skew
from dbtune.planner.sizes.tuples import Attribute, Layout, value_width

T = TypeVar("T")

LAYOUTS_KEPT = 64
"""Entry layouts that stand for all of a class."""
BUCKETS_PER_OCTAVE = 3
"""Classes of a product are put together where their probabilities differ by less than a third of an octave."""
NORMAL_PARTS = tuple(NormalDist().inv_cdf((part + 0.5) / 15) for part in range(15))
"""Middles of equal parts of the normal distribution, in standard deviations."""
GOLDEN_RATIO = 0.6180339887498949
NEVER_REPEATED = 1e-7
"""Rows expected of one value of a column that has no value twice."""


@dataclass(frozen=True)
class KeyClass:
    """Keys that are equally frequent."""

    probability: float
    values: float
    layouts: tuple[Layout, ...]

    @property
    def share(self) -> float:
        """Share of all rows."""
        return self.probability * self.values


def column_classes(
    statistics: ColumnStatistics | None, attribute: Attribute, rows: float, distinct: float, skew: Skew | None = None
) -> tuple[KeyClass, ...]:
    """Classes of one column's values in a relation of ``rows`` rows with ``distinct`` non-null values.

    ``skew``, where it is known, tells better than ``distinct`` what the values are that are not among the common ones.
    """
    if statistics is None:
        width = attribute.length if attribute.length > 0 else attribute.usual_width
        return (_repeated(1.0, rows, distinct, ((width,),)),)
    nulls = min(1.0, statistics.null_frac)
    classes = [KeyClass(nulls, 1.0, ((None,),))] if nulls > 0 else []
    adjust = _width_adjustment(statistics, attribute)
    common = list(zip(statistics.most_common_vals, statistics.most_common_freqs, strict=False))
    for text, frequency in common:
        classes.append(KeyClass(frequency, 1.0, ((_width(statistics, attribute, text, adjust),),)))
    # where the values themselves were withheld, their frequencies still count
    for frequency in statistics.most_common_freqs[len(common) :]:
        classes.append(KeyClass(frequency, 1.0, ((_width(statistics, attribute, None, adjust),),)))
    rest = 1.0 - nulls - sum(statistics.most_common_freqs)
    others = distinct - len(statistics.most_common_freqs)
    if rest > 1e-9 and skew is not None:
        widths = ((_width(statistics, attribute, None, adjust),),)
        share = rest / len(skew.values)
        classes += _merged(KeyClass(share / count, count, widths) for count in skew.values)
    elif rest > 1e-9 and (others >= 1 or not classes or rest * rows >= 0.5):
        layouts = tuple(
            (_width(statistics, attribute, text, adjust),)
            for text in _spread(statistics.histogram_bounds, LAYOUTS_KEPT)
        )
        typical = ((_width(statistics, attribute, None, adjust),),)
        classes.append(_repeated(rest, rows, max(1.0, others), layouts or typical))
    return tuple(classes)


def never_repeated(classes: Sequence[KeyClass], rows: float) -> tuple[KeyClass, ...]:
    """The same entries, each key once: the columns are known to be unique together."""
    return tuple(
        KeyClass(NEVER_REPEATED / max(rows, 1.0), c.share * max(rows, 1.0) / NEVER_REPEATED, c.layouts) for c in classes
    )


def independent(left: Sequence[KeyClass], right: Sequence[KeyClass]) -> tuple[KeyClass, ...]:
    """Classes of the keys made of a key of each side, where neither says anything about the other."""
    return _merged(
        KeyClass(a.probability * b.probability, a.values * b.values, _combined(a.layouts, b.layouts))
        for a in left
        for b in right
    )


def distinct_keys(classes: Iterable[KeyClass], rows: float) -> float:
    """Keys that ``rows`` rows are expected to have."""
    return sum(c.values * -math.expm1(-rows * c.probability) for c in classes)


def with_distinct(classes: Sequence[KeyClass], rows: float, wanted: float) -> tuple[KeyClass, ...]:
    """The classes made more frequent and fewer, so that ``rows`` rows have only ``wanted`` keys; never more keys."""
    if wanted >= distinct_keys(classes, rows):
        return tuple(classes)
    low, high = 1.0, max(2.0, rows)
    for _ in range(50):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if distinct_keys(_scaled(classes, middle), rows) > wanted else (low, middle)
    return _scaled(classes, high)


def _scaled(classes: Iterable[KeyClass], factor: float) -> tuple[KeyClass, ...]:
    return tuple(KeyClass(c.probability * factor, c.values / factor, c.layouts) for c in classes)


def groups(classes: Iterable[KeyClass], rows: float) -> Iterator[tuple[int, float, tuple[Layout, ...]]]:
    """(rows sharing a key, how many such keys, entry layouts) for ``rows`` rows."""
    for c in classes:
        mean = rows * c.probability
        if mean >= 40:
            yield from _around(mean, c)
            continue
        if mean < 1e-4:
            yield 1, c.values * mean, c.layouts
            continue
        chance = math.exp(-mean)
        for size in range(1, int(mean + 6 * math.sqrt(mean)) + 6):
            chance *= mean / size
            yield size, c.values * chance, c.layouts


def _around(mean: float, c: KeyClass) -> Iterator[tuple[int, float, tuple[Layout, ...]]]:
    """The Poisson distribution of a great mean by equally likely values; few keys are taken at their mean."""
    if c.values < len(NORMAL_PARTS):
        yield round(mean), c.values * mean / round(mean), c.layouts
        return
    for deviation in NORMAL_PARTS:
        yield round(mean + deviation * math.sqrt(mean)), c.values / len(NORMAL_PARTS), c.layouts


def _repeated(share: float, rows: float, distinct: float, layouts: tuple[Layout, ...]) -> KeyClass:
    """A class whose seen values number ``distinct``: rows a value are Poisson distributed, given that there is one."""
    rows = max(rows, 1.0)
    seen_mean = share * rows / max(distinct, 1e-9)
    mean = _untruncated_mean(seen_mean)
    return KeyClass(mean / rows, share * rows / mean, layouts)


def _untruncated_mean(seen: float) -> float:
    """The Poisson mean whose distribution without zero has the mean ``seen``."""
    if seen <= 1.0 + NEVER_REPEATED:
        return NEVER_REPEATED if seen <= 1.0 else 2 * (seen - 1.0)
    if seen > 30:
        return seen
    mean = seen
    for _ in range(60):
        mean = seen * -math.expm1(-mean)
    return max(mean, NEVER_REPEATED)


def _merged(classes: Iterable[KeyClass]) -> tuple[KeyClass, ...]:
    buckets: dict[int, list[KeyClass]] = {}
    for c in classes:
        if c.share > 0:
            buckets.setdefault(round(math.log2(c.probability) * BUCKETS_PER_OCTAVE), []).append(c)
    return tuple(_one(members) for members in buckets.values())


def _one(members: Sequence[KeyClass]) -> KeyClass:
    if len(members) == 1:
        return members[0]
    values = sum(c.values for c in members)
    probability = sum(c.share for c in members) / values
    layouts: list[Layout] = []
    cumulated = 0.0
    for c in members:  # each as often among those kept as it is in the class
        before = round(LAYOUTS_KEPT * cumulated / values)
        cumulated += c.values
        # from another place of each: members often have the same layouts in the same order
        turns = range(before, round(LAYOUTS_KEPT * cumulated / values))
        layouts += [c.layouts[int(turn * GOLDEN_RATIO % 1.0 * len(c.layouts))] for turn in turns]
    return KeyClass(probability, values, tuple(layouts or members[0].layouts))


def _combined(left: Sequence[Layout], right: Sequence[Layout]) -> tuple[Layout, ...]:
    if len(left) == 1 or len(right) == 1:
        return tuple((*a, *b) for a in left for b in right)
    # each of the left with a right one from another place of the order, so that short does not always meet short
    return tuple((*left[i % len(left)], *right[i * 7 % len(right)]) for i in range(LAYOUTS_KEPT))


def _spread(items: Sequence[T], wanted: int) -> list[T]:
    """At most ``wanted`` of them, evenly."""
    if len(items) <= wanted:
        return list(items)
    return [items[int((i + 0.5) * len(items) / wanted)] for i in range(wanted)]


def _width(statistics: ColumnStatistics, attribute: Attribute, text: str | None, adjustment: int) -> int:
    width = value_width(attribute, text) if text is not None else None
    if width is not None:
        return max(1, width + adjustment)
    return attribute.length if attribute.length > 0 else max(1, statistics.avg_width or attribute.usual_width)


def _width_adjustment(statistics: ColumnStatistics, attribute: Attribute) -> int:
    """What the values known lack on the average width: ANALYZE keeps no value of more than 1 kB."""
    if attribute.length > 0 or statistics.avg_width <= 0:
        return 0
    weighted: list[tuple[int, float]] = []
    for text, frequency in zip(statistics.most_common_vals, statistics.most_common_freqs, strict=False):
        width = value_width(attribute, text)
        if width is not None:
            weighted.append((width, frequency))
    bounds = [width for text in statistics.histogram_bounds if (width := value_width(attribute, text)) is not None]
    rest = max(0.0, 1.0 - statistics.null_frac - sum(statistics.most_common_freqs))
    weighted += [(width, rest / len(bounds)) for width in bounds]
    total = sum(weight for _, weight in weighted)
    if total <= 0:
        return 0
    mean = sum(width * weight for width, weight in weighted) / total
    if statistics.avg_width - 1e-6 <= mean < statistics.avg_width + 1:  # ANALYZE cuts the fraction off
        return 0
    return round(statistics.avg_width + 0.5 - mean)
