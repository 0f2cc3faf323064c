"""How many rows share one key: classes of equally frequent values, from the statistics of the key's columns.

A class holds ``values`` values each of which any row has with ``probability``; how many rows a value really has is
Poisson distributed around rows times probability. So the same classes serve the whole table, a part of its rows (a
partial index), and, multiplied with those of further columns taken as independent, a key of several columns.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from dbtune.model.schema import ColumnStatistics
from dbtune.planner.sizes.classes import LAYOUTS_KEPT, NEVER_REPEATED, Classes, merged
from dbtune.planner.sizes.skew import Skew
from dbtune.planner.sizes.tuples import NULL, Attribute, value_width

T = TypeVar("T")


def column_classes(
    statistics: ColumnStatistics | None, attribute: Attribute, rows: float, distinct: float, skew: Skew | None = None
) -> Classes:
    """Classes of one column's values in a relation of ``rows`` rows with ``distinct`` non-null values.

    ``skew``, where it is known, tells better than ``distinct`` what the values are that are not among the common ones.
    """
    if statistics is None:
        width = attribute.length if attribute.length > 0 else attribute.usual_width
        return _classes([(*_repeated(1.0, rows, distinct), [width])])
    nulls = min(1.0, statistics.null_frac)
    classes = [(nulls, 1.0, [NULL])] if nulls > 0 else []
    adjust = _width_adjustment(statistics, attribute)
    typical = _width(statistics, attribute, None, adjust)
    common = list(zip(statistics.most_common_vals, statistics.most_common_freqs, strict=False))
    for text, frequency in common:
        classes.append((frequency, 1.0, [_width(statistics, attribute, text, adjust)]))
    # where the values themselves were withheld, their frequencies still count
    for frequency in statistics.most_common_freqs[len(common) :]:
        classes.append((frequency, 1.0, [typical]))
    rest = 1.0 - nulls - sum(statistics.most_common_freqs)
    others = distinct - len(statistics.most_common_freqs)
    if rest > 1e-9 and skew is not None:
        return _joined(_classes(classes), _of_skew(skew, rest / len(skew.values), typical))
    if rest > 1e-9 and (others >= 1 or not classes or rest * rows >= 0.5):
        bounds = _spread(statistics.histogram_bounds, LAYOUTS_KEPT)
        fixed = [attribute.length] * len(bounds) if attribute.length > 0 else None
        widths = fixed or [_width(statistics, attribute, text, adjust) for text in bounds]
        classes.append((*_repeated(rest, rows, max(1.0, others)), widths or [typical]))
    return _classes(classes)


def _classes(described: Sequence[tuple[float, float, list[int]]]) -> Classes:
    """From probability, values and widths of each."""
    return Classes(
        np.array([probability for probability, _, _ in described], dtype=np.float64),
        np.array([values for _, values, _ in described], dtype=np.float64),
        np.array([width for _, _, widths in described for width in widths], dtype=np.int64),
        np.array([len(widths) for _, _, widths in described], dtype=np.int64),
    )


def _joined(first: Classes, second: Classes) -> Classes:
    return Classes(
        np.concatenate([first.probability, second.probability]),
        np.concatenate([first.values, second.values]),
        np.concatenate([first.layouts, second.layouts]),
        np.concatenate([first.lengths, second.lengths]),
    )


def _of_skew(skew: Skew, share: float, width: int) -> Classes:
    values = np.array(skew.values)
    lengths = np.ones(len(values), dtype=np.int64)
    return merged(share / values, values, lengths, lambda members, _: np.full(len(members), width))


def _repeated(share: float, rows: float, distinct: float) -> tuple[float, float]:
    """Probability and values of a class whose seen values number ``distinct``: rows a value are Poisson distributed,
    given that there is one."""
    rows = max(rows, 1.0)
    seen_mean = share * rows / max(distinct, 1e-9)
    mean = _untruncated_mean(seen_mean)
    return mean / rows, share * rows / mean


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
