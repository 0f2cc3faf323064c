"""What share of a table's rows a condition leaves, by a snapshot's statistics; else what MySQL's optimiser guesses.

Source of the guesses: ``COND_FILTER_EQUALITY``, ``COND_FILTER_INEQUALITY``, ``COND_FILTER_BETWEEN`` in MySQL's
``sql/item.h``, ``MATCHING_ROWS_IN_OTHER_TABLE`` in ``sql/sql_planner.cc``.
"""

from __future__ import annotations

from datetime import datetime

from dbtune.model.mysql import Histogram
from dbtune.model.schema import Column, Table
from dbtune.planner.mysql.conditions import Condition

EQUALITY = 0.1
OPEN_RANGE = 1 / 3
CLOSED_RANGE = 1 / 9
MATCHING_ROWS = 10.0
"""Of a row of another table, where nothing is known (MATCHING_ROWS_IN_OTHER_TABLE)."""


def selectivity(condition: Condition, table: Table, rows: float) -> float:
    """The share (0 to 1)."""
    column = table.column(condition.column)
    if column is None:
        return 1.0
    histogram = column.mysql.histogram if column.mysql is not None else None
    if condition.kind == "range":
        return _range(condition, column, histogram)
    if condition.joins:
        return 1 / distinct(table, column.name, rows, guess=max(1.0, rows / MATCHING_ROWS))
    single = 1 / distinct(table, column.name, rows)
    if not condition.values:
        return single
    shares = [_of_value(value, histogram, single) for value in condition.values]
    return min(1.0, sum(shares))


def distinct(table: Table, column: str, rows: float, guess: float = 1 / EQUALITY) -> float:
    """Distinct values: as an index counts them, as column statistics do, else the guess."""
    for index in table.indexes:
        mysql = index.facts.mysql if index.facts is not None else None
        if (
            mysql is not None
            and mysql.n_diff
            and index.keys[0].column == column
            and index.keys[0].prefix_length is None
        ):
            return max(1.0, float(mysql.n_diff[0]))
    found = table.column(column)
    if found is not None and found.statistics is not None and found.statistics.n_distinct:
        return found.statistics.distinct_values(rows)
    return guess


def _of_value(value: str, histogram: Histogram | None, otherwise: float) -> float:
    if histogram is None or not histogram.buckets:
        return otherwise
    for bucket in histogram.buckets:
        if bucket.lower == bucket.upper == value:
            return bucket.fraction
        if _compare(bucket.lower, value) <= 0 <= _compare(bucket.upper, value):
            return bucket.fraction / max(1.0, bucket.distinct)
    return otherwise


def _range(condition: Condition, column: Column, histogram: Histogram | None) -> float:
    lower, upper = condition.values
    if histogram is not None and histogram.buckets:
        below = _share_below(upper, histogram) if upper else 1.0 - histogram.null_fraction
        return max(0.0, below - (_share_below(lower, histogram) if lower else 0.0))
    mysql = column.mysql
    if mysql is not None and mysql.minimum is not None and mysql.maximum is not None:
        least, most = _number(mysql.minimum), _number(mysql.maximum)
        low, high = _number(lower or mysql.minimum), _number(upper or mysql.maximum)
        if least is not None and most is not None and low is not None and high is not None and most > least:
            return min(1.0, max(0.0, (min(high, most) - max(low, least)) / (most - least)))
    return CLOSED_RANGE if lower and upper else OPEN_RANGE


def _share_below(value: str, histogram: Histogram) -> float:
    total = 0.0
    for bucket in histogram.buckets:
        if _compare(bucket.upper, value) < 0:
            total += bucket.fraction
            continue
        low, high, at = _number(bucket.lower), _number(bucket.upper), _number(value)
        if low is not None and high is not None and at is not None and high > low:
            total += bucket.fraction * min(1.0, max(0.0, (at - low) / (high - low)))
        elif _compare(bucket.lower, value) < 0:
            total += bucket.fraction / 2
        break
    return total


def _compare(one: str, other: str) -> int:
    first, second = _number(one), _number(other)
    if first is not None and second is not None:
        return (first > second) - (first < second)
    return (one > other) - (one < other)


def _number(text: str) -> float | None:
    """Numbers, and dates as seconds, on one line."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None
