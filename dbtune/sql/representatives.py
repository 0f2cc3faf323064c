"""Values of a column that stand for what parameters are given: from its statistics, with their share of the calls.

A parameter compared by equality is assumed to ask for a value as often as the column holds it: a common value with
its own frequency, an uncommon one (from the histogram, which holds only those that are not common) with the rest. For
a range the histogram's quantiles give bounds of a known selectivity: narrow, medium and wide. A column without common
values needs one value only, since the planner gives all of them the same selectivity.

Source of the statistics' meaning: the manual, ``pg_stats``; ``src/backend/utils/adt/selfuncs.c``.
"""

from __future__ import annotations

from typing import NamedTuple

from dbtune.model.schema import Column, ColumnStatistics
from dbtune.model.snapshot import Snapshot
from dbtune.sql.type_defaults import default_text

COMMON_VALUES = 2
"""The most common value, and one from the middle of the common ones, stand for all of them."""

LOWER_BOUNDS = ((0.99, 0.4), (0.9, 0.4), (0.5, 0.2))
"""Quantile and weight for ``column > $1``: the newest hundredth, tenth and half."""

UPPER_BOUNDS = ((0.01, 0.4), (0.1, 0.4), (0.5, 0.2))
"""The same for ``column < $1``."""

WINDOWS = (((0.5, 0.51), 0.4), ((0.45, 0.55), 0.4), ((0.25, 0.75), 0.2))
"""Quantiles and weight for a lower and an upper bound together."""


class Representative(NamedTuple):
    """A value's text, and its share of the calls."""

    text: str
    weight: float


def statistics_of(column: Column) -> ColumnStatistics | None:
    """Statistics over the whole tree where there are some: a query names the parent."""
    return column.inherited_statistics or column.statistics


def for_equality(column: Column, snapshot: Snapshot) -> list[Representative]:
    """Common values and an uncommon one, weighted by how often the column holds them."""
    found = statistics_of(column)
    if found is None or not (found.most_common_vals or found.histogram_bounds):
        return _default(column.type, snapshot)
    common = list(zip(found.most_common_vals, found.most_common_freqs, strict=False))
    common_share = sum(share for _, share in common)
    chosen: list[Representative] = []
    if common:
        chosen.append(Representative(*common[0]))
    if len(common) > COMMON_VALUES:
        chosen.append(Representative(common[len(common) // 2][0], common_share - common[0][1]))
    rest = max(0.0, 1.0 - found.null_frac - common_share)
    if found.histogram_bounds:
        chosen.append(Representative(quantile(found.histogram_bounds, 0.5), max(rest, 0.01)))
    return chosen


def pool(column: Column, snapshot: Snapshot) -> list[str]:
    """Distinct values, common and uncommon ones in turn: members for lists and arrays."""
    found = statistics_of(column)
    if found is None:
        return [each.text for each in _default(column.type, snapshot)]
    bounds = found.histogram_bounds
    step = max(1, len(bounds) // 10)
    uncommon = list(bounds[step // 2 :: step])
    mixed: list[str] = []
    for at in range(max(len(found.most_common_vals), len(uncommon))):
        mixed += found.most_common_vals[at : at + 1]
        mixed += uncommon[at : at + 1]
    return list(dict.fromkeys(mixed)) or [each.text for each in _default(column.type, snapshot)]


def for_lower_bound(column: Column, snapshot: Snapshot) -> list[Representative]:
    """Values for ``column > $1``."""
    return _at_quantiles(column, LOWER_BOUNDS, snapshot)


def for_upper_bound(column: Column, snapshot: Snapshot) -> list[Representative]:
    """Values for ``column < $1``."""
    return _at_quantiles(column, UPPER_BOUNDS, snapshot)


def for_window(column: Column, snapshot: Snapshot, *, lower: bool) -> list[Representative]:
    """Values for one end of ``column BETWEEN $1 AND $2``; the other end's have the same places in its list."""
    quantiles = tuple((window[0] if lower else window[1], weight) for window, weight in WINDOWS)
    return _at_quantiles(column, quantiles, snapshot)


def elements(column: Column, snapshot: Snapshot) -> list[Representative]:
    """Members of an array column (or words of a tsvector): common ones, and the least common known one."""
    found = statistics_of(column)
    members = found.most_common_elems if found else ()
    if found is None or not members:
        return _default(column.type.removesuffix("[]"), snapshot)
    shares = found.most_common_elem_freqs
    first = Representative(members[0], shares[0] if shares else 0.5)
    if len(members) < 2:
        return [first]
    least = min(range(len(members)), key=lambda at: shares[at] if at < len(shares) else 0.0)
    return [first, Representative(members[least], max(0.05, 1.0 - first.weight))]


def _at_quantiles(
    column: Column, quantiles: tuple[tuple[float, float], ...], snapshot: Snapshot
) -> list[Representative]:
    found = statistics_of(column)
    if found is None:
        return _default(column.type, snapshot)
    bounds = found.histogram_bounds
    if not bounds:
        if not found.most_common_vals:
            return _default(column.type, snapshot)
        # few values, all common: their order is the server's to know, so each one may be the bound
        values = found.most_common_vals
        return [
            Representative(values[at % len(values)], weight) for at, (_, weight) in enumerate(quantiles[: len(values)])
        ]
    return [Representative(quantile(bounds, at), weight) for at, weight in quantiles]


def quantile(bounds: tuple[str, ...], fraction: float) -> str:
    """The histogram's bound below which that fraction of the uncommon values lies."""
    return bounds[min(len(bounds) - 1, max(0, round(fraction * (len(bounds) - 1))))]


def _default(type_name: str, snapshot: Snapshot) -> list[Representative]:
    text = default_text(type_name, snapshot)
    return [] if text is None else [Representative(text, 1.0)]
