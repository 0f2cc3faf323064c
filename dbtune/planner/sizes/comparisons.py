"""How many rows meet comparisons between columns of one table: ``l_commitdate < l_receiptdate``.

Statistics describe each column alone, so the columns count as independent: points that cover all combinations of their
quantiles evenly are held against all the comparisons at once (``a < b AND b < c`` is a sixth, not a quarter). Columns
that are compared are seldom independent, though: a delivery follows its order (which two times are taken to do). How
far off the share can be is known, too: of all the ways in which two columns with these distributions can go together,
``most`` is the largest share that any has (G. D. Makarov, "Estimates for the distribution function of a sum of two
random variables when the marginal distributions are fixed", 1981: P(a < b) is at most 1 less the most by which the
distribution of b is ahead of a's).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from dbtune.model.schema import Column, Table

Numbers = NDArray[np.float64]

OPERATORS: Mapping[type[exp.Expression], Callable[[Numbers, Numbers], Any]] = {
    exp.LT: np.less,
    exp.LTE: np.less_equal,
    exp.GT: np.greater,
    exp.GTE: np.greater_equal,
    exp.EQ: np.equal,
    exp.NEQ: np.not_equal,
}
TURNED: Mapping[type[exp.Expression], type[exp.Expression]] = {exp.GT: exp.LT, exp.GTE: exp.LTE}
WHOLE = frozenset({"int2", "int4", "int8", "date"})
TIMES = frozenset({"date", "timestamp", "timestamptz"})
SECONDS_A_DAY = 86400
TENTHS = np.linspace(0.1, 0.9, 9)
USUAL_LAG_DAYS = 90
"""Between two dates of one course of events; a guess."""

POINTS = 4096
"""A share is off by less than a hundredth with so many."""
BASES = (2, 3, 5, 7, 11, 13)
"""Of the Halton sequence, one a column (J. H. Halton, 1960): the same points in every run."""


@dataclass(frozen=True)
class Comparison:
    """``left`` and ``right`` are names of columns, ``operator`` is one of ``OPERATORS``."""

    left: str
    operator: type[exp.Expression]
    right: str


@dataclass(frozen=True)
class Share:
    """Of the rows without NULLs: as it is if the columns are independent, and the most that they allow."""

    expected: float
    most: float


def comparison_of(tree: exp.Expression, table: Table) -> Comparison | None:
    """The comparison of two columns that this condition is, if it is one."""
    if type(tree) not in OPERATORS:
        return None
    left, right = (_column_name(side, table) for side in (tree.this, tree.expression))
    return Comparison(left, type(tree), right) if left and right and left != right else None


def is_time(column: Column) -> bool:
    """Whether its values are days or moments."""
    return column.type_name.name in TIMES


def linked(comparisons: Sequence[Comparison]) -> list[list[Comparison]]:
    """The comparisons in groups that have no column in common."""
    groups: list[tuple[set[str], list[Comparison]]] = []
    for one in comparisons:
        names, members = {one.left, one.right}, [one]
        for group in [g for g in groups if g[0] & names]:
            groups.remove(group)
            names, members = names | group[0], [*group[1], *members]
        groups.append((names, members))
    return [members for _, members in groups]


def share_of(comparisons: Sequence[Comparison], columns: Mapping[str, Column]) -> Share | None:
    """Rows that meet all of them, of those without NULLs; None where a column has no statistics to be compared by.

    ``columns``, by name, have the statistics of the rows in question.
    """
    names = tuple(dict.fromkeys(name for one in comparisons for name in (one.left, one.right)))
    kinds = {is_time(columns[name]) for name in names}
    if len(names) > len(BASES) or len(kinds) > 1:
        return None
    known: dict[str, _Distribution] = {}
    for name in names:
        distribution = _distribution(columns[name])
        if distribution is None:
            return None
        known[name] = distribution
    values = {name: known[name].at(_halton(base)) for name, base in zip(names, BASES, strict=False)}
    met = np.ones(POINTS, dtype=bool)
    for one in comparisons:
        met &= OPERATORS[one.operator](values[one.left], values[one.right])
    expected = float(met.mean())
    if len(comparisons) == 1 and kinds == {True}:
        one = comparisons[0]
        followed = _share_of_followers(known[one.left], one.operator, known[one.right])
        expected = expected if followed is None else followed
    most = min(_most(known[one.left], one.operator, known[one.right]) for one in comparisons)
    return Share(expected, max(expected, most))


@dataclass(frozen=True)
class _Distribution:
    """Parts from ``low`` to ``high`` that hold a ``share`` of the rows each; a common value is a part of no length."""

    low: Numbers
    high: Numbers
    share: Numbers
    whole: bool

    def at(self, quantiles: Numbers) -> Numbers:
        """Values that are met as often as in the column."""
        ends = np.cumsum(self.share)
        part = np.minimum(np.searchsorted(ends, quantiles, side="right"), len(ends) - 1)
        inside = 1.0 - (ends[part] - quantiles) / self.share[part]
        values = self.low[part] + inside * (self.high[part] - self.low[part])
        return np.round(values) if self.whole else values

    def below(self, value: float) -> float:
        """Share of the rows with less."""
        length = np.maximum(self.high - self.low, 1e-12)
        return float(self.share @ np.clip((value - self.low) / length, 0.0, 1.0))


def _share_of_followers(left: _Distribution, operator: type[exp.Expression], right: _Distribution) -> float | None:
    """Of two times of one course of events, spread over the years alike, one follows the other: by a lag that is taken
    to be spread evenly over a quarter of a year around the mean one. None for times that are not spread alike."""
    if operator in TURNED:
        left, operator, right = right, TURNED[operator], left
    lags = right.at(TENTHS) - left.at(TENTHS)
    if operator not in (exp.LT, exp.LTE) or np.abs(lags).max() > USUAL_LAG_DAYS:
        return None
    return float(np.clip(0.5 + lags.mean() / USUAL_LAG_DAYS, 0.0, 1.0))


def _most(left: _Distribution, operator: type[exp.Expression], right: _Distribution) -> float:
    if operator in TURNED:
        left, operator, right = right, TURNED[operator], left
    places = np.unique(np.concatenate([left.low, left.high, right.low, right.high]))
    ahead = [right.below(place) - left.below(place) for place in places]
    if operator in (exp.LT, exp.LTE):
        return 1.0 - max(0.0, *ahead)
    if operator is exp.EQ:
        return 1.0 - max(map(abs, ahead))
    return 1.0


def _distribution(column: Column) -> _Distribution | None:
    statistics = column.statistics
    if statistics is None:
        return None
    try:
        common = [_number(text, column) for text in statistics.most_common_vals]
        bounds = [_number(text, column) for text in statistics.histogram_bounds]
    except ValueError:
        return None
    frequencies = list(statistics.most_common_freqs[: len(common)])
    rest = max(0.0, 1.0 - statistics.null_frac - sum(frequencies))
    parts = max(0, len(bounds) - 1)
    share = np.array(frequencies + [rest / max(1, parts)] * parts)
    kept = share > 0
    if not kept.any():
        return None
    low, high = np.array(common + bounds[:parts]), np.array(common + bounds[1:])
    share = share[kept] / share[kept].sum()
    return _Distribution(low[kept], high[kept], share, column.type_name.name in WHOLE)


def _number(text: str, column: Column) -> float:
    """Days for dates and times. Raises ValueError for what is neither a number nor a time."""
    name = column.type_name.name
    if name == "date":
        return float(date.fromisoformat(text).toordinal())
    if name in TIMES:
        moment = datetime.fromisoformat(text)
        time = (moment.hour * 60 + moment.minute) * 60 + moment.second + moment.microsecond / 1e6
        return moment.toordinal() + time / SECONDS_A_DAY
    if column.type_category != "N":
        raise ValueError(text)
    return float(text)


def _halton(base: int) -> Numbers:
    """The van der Corput sequence: the digits of 1, 2, 3, ... mirrored at the point."""
    numbers, mirrored, unit = np.arange(1, POINTS + 1), np.zeros(POINTS), 1.0
    while numbers.any():
        unit /= base
        mirrored += unit * (numbers % base)
        numbers //= base
    return mirrored


def _column_name(tree: object, table: Table) -> str | None:
    while isinstance(tree, exp.Paren | exp.Cast):
        tree = tree.this
    return tree.name if isinstance(tree, exp.Column) and table.column(tree.name) is not None else None
