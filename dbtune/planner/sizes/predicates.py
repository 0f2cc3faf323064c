"""The rows of a partial index, and what is left of the statistics of its columns.

Simple conditions (equality, IN, ranges, IS NULL, LIKE 'abc%', booleans, and AND, OR, NOT of them) are held against the
most common values and the histogram, comparisons between columns against the columns' distributions; the rest gets the
planner's defaults (``src/include/utils/selfuncs.h``).

Beside the share that is expected stands the most that it can be. Conditions on different columns count as independent,
but rows that meet one may be just those that meet the other: the most is the least of them all (the bound of Fréchet).
ANALYZE sees a sample, so each share is itself uncertain by its standard error, of which two are added (a normal sample
lies beyond in one case of 40).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from dbtune.model.schema import Column, ColumnStatistics, Table
from dbtune.planner.sizes.comparisons import Comparison, comparison_of, is_time, linked, share_of

DEFAULT_EQUALITY = 0.005
DEFAULT_INEQUALITY = 1 / 3
DEFAULT_BOOLEAN = 0.5

_DEFAULTS_OF_COMPARISONS: Mapping[type[exp.Expression], float] = {
    exp.EQ: DEFAULT_EQUALITY,
    exp.NEQ: 1.0 - DEFAULT_EQUALITY,
}

ROWS_A_TARGET_STEP = 300
USUAL_TARGET = 100
"""``default_statistics_target``; ANALYZE samples 300 rows for each step."""

Test = Callable[[str], bool]
"""Whether a non-null value, in the server's text form, is kept."""


@dataclass(frozen=True)
class Part:
    """A part of a table: its share of the rows, and the statistics of columns that it changes."""

    share: float = 1.0
    most: float = 1.0
    """The share that the conditions leave however they go together."""
    statistics: Mapping[str, ColumnStatistics] = field(default_factory=dict)
    shares: Mapping[str, float] = field(default_factory=dict)
    """Of these columns: the share of the rows that the conditions on the column alone leave."""
    pinned: frozenset[str] = frozenset()
    """Columns that have one value only."""


def part_of(table: Table, predicate: str | None, rows: float) -> Part:
    """The part of a table of ``rows`` rows where ``predicate`` (SQL without WHERE) holds."""
    if predicate is None:
        return Part()
    try:
        tree = cast("exp.Expression", sqlglot.parse_one(predicate, dialect="postgres"))
    except SqlglotError:
        return Part(DEFAULT_INEQUALITY)
    part = _apply(tree, Part(), table, rows)
    share = min(1.0, max(part.share, 0.0))
    return replace(part, share=share, most=min(1.0, max(part.most, share)))


def _apply(tree: exp.Expression, part: Part, table: Table, rows: float) -> Part:
    compared: list[Comparison] = []
    for one in conjuncts_of(tree):
        comparison = comparison_of(one, table)
        if comparison is None:
            part = _apply_one(one, part, table, rows)
        else:
            compared.append(comparison)
    for group in linked(compared):
        part = _compared(group, part, table, rows)
    return part


def conjuncts_of(tree: exp.Expression) -> list[exp.Expression]:
    """The conditions that are joined by AND, without parentheses."""
    tree = bare(tree)
    if isinstance(tree, exp.And):
        return [*conjuncts_of(tree.this), *conjuncts_of(tree.expression)]
    return [tree]


def _apply_one(tree: exp.Expression, part: Part, table: Table, rows: float) -> Part:
    if isinstance(tree, exp.Or):
        sides = [_apply(side, part, table, rows) for side in (tree.this, tree.expression)]
        left, right = (side.share / max(part.share, 1e-12) for side in sides)
        most = min(part.most, sum(side.most for side in sides))
        return replace(part, share=part.share * (left + right - left * right), most=most)
    if isinstance(tree, exp.Not) and not isinstance(bare(tree.this), exp.Is | exp.Column):
        inside = _apply(tree.this, part, table, rows)
        left = max(0.0, part.share - inside.share)
        column = column_of(bare(tree.this), table)
        several = len({node.name for node in tree.find_all(exp.Column)}) > 1
        if column is None or column.statistics is None or several:
            return replace(part, share=left)
        return replace(
            part, share=left, most=min(part.most, left / max(part.share, 1e-12) + _margin(left, column, rows))
        )
    return _condition(tree, part, table, rows)


def _compared(group: list[Comparison], part: Part, table: Table, rows: float) -> Part:
    """Comparisons that hang together, after all conditions on single columns.

    Times of one row tell of one course of events, so that a condition on one of them moves them all: what they are
    compared by is the whole table.
    """
    columns: dict[str, Column] = {}
    for name in dict.fromkeys(name for one in group for name in (one.left, one.right)):
        column = table.column(name)
        assert column is not None
        statistics = part.statistics.get(name, column.statistics)
        if statistics is not None and statistics.null_frac > 0:
            part = _kept_not_null(part, column, statistics, rows)
        columns[name] = column if is_time(column) else replace(column, statistics=part.statistics.get(name, statistics))
    share = share_of(group, columns)
    if share is None:
        default = math.prod(_DEFAULTS_OF_COMPARISONS.get(one.operator, DEFAULT_INEQUALITY) for one in group)
        return replace(part, share=part.share * default)
    return replace(part, share=part.share * share.expected, most=min(part.most, share.most))


def _condition(tree: exp.Expression, part: Part, table: Table, rows: float) -> Part:
    column = column_of(tree, table)
    if column is None:
        equality = isinstance(tree, exp.EQ)
        return replace(part, share=part.share * (DEFAULT_EQUALITY if equality else DEFAULT_INEQUALITY))
    statistics = part.statistics.get(column.name, column.statistics)
    if statistics is None:
        return replace(part, share=part.share * _default(tree))
    nulls = _null_test(tree)
    if nulls is not None:
        return _kept_nulls(part, column, statistics, rows) if nulls else _kept_not_null(part, column, statistics, rows)
    values = _values(tree)
    if values is not None:
        return _kept_values(part, column, statistics, values, rows)
    test = _test(tree, column)
    withheld = not statistics.most_common_vals and not statistics.histogram_bounds
    if test is None or withheld:
        return replace(part, share=part.share * _default(tree))
    return _kept_by_test(part, column, statistics, test, rows)


def _kept_nulls(part: Part, column: Column, statistics: ColumnStatistics, rows: float) -> Part:
    only_nulls = replace(
        statistics, null_frac=1.0, most_common_vals=(), most_common_freqs=(), histogram_bounds=(), n_distinct=0.0
    )
    return _with(part, column, statistics.null_frac, only_nulls, rows, pinned=True)


def _kept_not_null(part: Part, column: Column, statistics: ColumnStatistics, rows: float) -> Part:
    share = 1.0 - statistics.null_frac
    if share <= 0:
        return _with(part, column, 0.0, statistics, rows)
    kept = replace(
        statistics,
        null_frac=0.0,
        n_distinct=-1.0 if statistics.n_distinct == -1.0 else statistics.distinct_values(rows),
        most_common_freqs=tuple(frequency / share for frequency in statistics.most_common_freqs),
    )
    return _with(part, column, share, kept, rows)


def _kept_values(part: Part, column: Column, statistics: ColumnStatistics, values: frozenset[str], rows: float) -> Part:
    values = frozenset(_as_stored(value, column) for value in values)
    known = dict(zip(statistics.most_common_vals, statistics.most_common_freqs, strict=False))
    rest = max(0.0, 1.0 - statistics.null_frac - sum(statistics.most_common_freqs))
    others = max(1.0, statistics.distinct_values(rows) - len(known))
    frequencies = {value: known.get(value, rest / others) for value in sorted(values)}  # alike in every process
    share = min(1.0, sum(frequencies.values()))
    kept = replace(
        statistics,
        null_frac=0.0,
        n_distinct=float(len(values)),
        most_common_vals=tuple(frequencies),
        most_common_freqs=tuple(frequency / share for frequency in frequencies.values()) if share > 0 else (),
        histogram_bounds=(),
    )
    return _with(part, column, share, kept, rows, pinned=len(values) == 1)


def _kept_by_test(part: Part, column: Column, statistics: ColumnStatistics, test: Test, rows: float) -> Part:
    pairs = list(zip(statistics.most_common_vals, statistics.most_common_freqs, strict=False))
    common = [(value, frequency) for value, frequency in pairs if test(value)]
    bounds = tuple(value for value in statistics.histogram_bounds if test(value))
    rest = max(0.0, 1.0 - statistics.null_frac - sum(statistics.most_common_freqs))
    of_rest = 0.0
    if statistics.histogram_bounds:
        all_bounds = len(statistics.histogram_bounds)
        # n bounds enclose n - 1 equal parts; a range that begins between two bounds holds half of that part
        of_rest = 1.0 if len(bounds) == all_bounds else min(1.0, max(len(bounds), 0.5) / all_bounds)
    share = sum(frequency for _, frequency in common) + rest * of_rest
    if share <= 0:
        return _with(part, column, 0.0, statistics, rows)
    others = max(0.0, statistics.distinct_values(rows) - len(pairs)) * of_rest
    unique = statistics.n_distinct == -1.0
    kept = replace(
        statistics,
        null_frac=0.0,
        n_distinct=-1.0 if unique else others + len(common),
        most_common_vals=tuple(value for value, _ in common),
        most_common_freqs=tuple(frequency / share for _, frequency in common),
        histogram_bounds=bounds,
    )
    return _with(part, column, share, kept, rows)


def _with(
    part: Part, column: Column, share: float, statistics: ColumnStatistics, rows: float, *, pinned: bool = False
) -> Part:
    of_column = part.shares.get(column.name, 1.0) * share
    return Part(
        part.share * share,
        min(part.most, of_column + _margin(of_column, column, rows)),
        {**part.statistics, column.name: statistics},
        {**part.shares, column.name: of_column},
        part.pinned | {column.name} if pinned else part.pinned,
    )


def _margin(share: float, column: Column, rows: float) -> float:
    """Two standard errors of a share seen in ANALYZE's sample; none where that was the whole table."""
    target = column.statistics_target if column.statistics_target and column.statistics_target > 0 else USUAL_TARGET
    sampled = ROWS_A_TARGET_STEP * target
    return 2.0 * math.sqrt(max(0.0, share * (1.0 - share)) / sampled) if rows > sampled else 0.0


def bare(tree: exp.Expression) -> exp.Expression:
    """The expression without parentheses and casts around it."""
    while isinstance(tree, exp.Paren | exp.Cast):
        tree = tree.this
    return tree


def column_of(tree: exp.Expression, table: Table) -> Column | None:
    """The column that a condition of one column is about."""
    inside = bare(tree.this) if isinstance(tree, exp.Not) else tree
    if isinstance(inside, exp.Is):
        inside = bare(inside.this)
    elif not isinstance(inside, exp.Column):
        inside = bare(inside.this) if isinstance(inside.this, exp.Expression) else inside
    return table.column(inside.name) if isinstance(inside, exp.Column) else None


def _null_test(tree: exp.Expression) -> bool | None:
    """True for IS NULL, False for IS NOT NULL, None for any other condition."""
    negated = isinstance(tree, exp.Not)
    inside = bare(tree.this) if negated else tree
    if isinstance(inside, exp.Is) and isinstance(bare(inside.expression), exp.Null):
        return negated == bool(inside.args.get("negate"))  # sqlglot 30 says IS NOT in one node, before it said NOT … IS
    return None


def _values(tree: exp.Expression) -> frozenset[str] | None:
    """The values of an equality, an IN list or a boolean condition."""
    if isinstance(tree, exp.Column):
        return frozenset({"t"})
    if isinstance(tree, exp.Not) and isinstance(bare(tree.this), exp.Column):
        return frozenset({"f"})
    if isinstance(tree, exp.Is):
        return _texts([tree.expression])
    if isinstance(tree, exp.In):
        return _texts(tree.expressions)
    if isinstance(tree, exp.EQ):
        other = bare(tree.expression)
        if isinstance(other, exp.Any):
            array = bare(other.this)
            return _texts(array.expressions) if isinstance(array, exp.Array) else None
        return _texts([other])
    return None


def _texts(trees: list[exp.Expression]) -> frozenset[str] | None:
    texts = [_text(tree) for tree in trees]
    return frozenset(text for text in texts if text is not None) if texts and None not in texts else None


def _text(tree: exp.Expression) -> str | None:
    tree = bare(tree)
    if isinstance(tree, exp.Literal):
        return str(tree.this)
    if isinstance(tree, exp.Boolean):
        return "t" if tree.this else "f"
    if isinstance(tree, exp.Neg):
        inside = _text(tree.this)
        return None if inside is None else f"-{inside}"
    return None


def _as_stored(value: str, column: Column) -> str:
    if column.type_name.name == "bpchar":
        declared = re.search(r"\((\d+)\)", column.type)
        return value.ljust(int(declared[1])) if declared else value
    return value


def _test(tree: exp.Expression, column: Column) -> Test | None:
    """A comparison with literals as a test of a value's text form."""
    if isinstance(tree, exp.Between):
        low, high = _text(tree.args["low"]), _text(tree.args["high"])
        if low is None or high is None:
            return None
        return lambda value: _order(low, column) <= _order(value, column) <= _order(high, column)
    text = _text(tree.expression) if isinstance(tree.args.get("expression"), exp.Expression) else None
    if text is None:
        return None
    bound = _order(text, column)
    tests: dict[type[exp.Expression], Test] = {
        exp.LT: lambda value: _order(value, column) < bound,
        exp.LTE: lambda value: _order(value, column) <= bound,
        exp.GT: lambda value: _order(value, column) > bound,
        exp.GTE: lambda value: _order(value, column) >= bound,
        exp.NEQ: lambda value: _order(value, column) != bound,
    }
    if isinstance(tree, exp.Like) and text.endswith("%") and not re.search(r"[%_\\]", text[:-1]):
        return lambda value: value.startswith(text[:-1])
    return tests.get(type(tree))


def _order(text: str, column: Column) -> tuple[float, str]:
    """What text forms are compared by: numbers as numbers, dates and strings as they stand."""
    if column.type_category == "N":
        try:
            return float(text), ""
        except ValueError:
            return 0.0, text
    return 0.0, text


def _default(tree: exp.Expression) -> float:
    if isinstance(tree, exp.EQ | exp.In):
        return DEFAULT_EQUALITY
    if isinstance(tree, exp.Column) or (isinstance(tree, exp.Not) and isinstance(bare(tree.this), exp.Column)):
        return DEFAULT_BOOLEAN
    return DEFAULT_INEQUALITY
