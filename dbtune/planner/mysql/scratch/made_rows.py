"""Rows made from statistics, where no row may leave production: as many distinct values, spread as the histograms say.

Columns are made one by one: what they have to do with each other is not in the statistics.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from dbtune.model.mysql import Histogram
from dbtune.model.schema import Column, Table
from dbtune.planner.mysql.scratch.rows import stored_columns

_ENUM = re.compile(r"'((?:[^']|'')*)'")
_NUMBERS = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "float", "double", "year", "bit"})
_DATES = frozenset({"date", "datetime", "timestamp"})
_TEXTS = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext"})
_BINARY = frozenset({"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"})
_EPOCH = date(1970, 1, 1)
_USUAL_SPAN_DAYS = 730
"""Of dates of which nothing is known: the two years before the statistics were read."""

UNKNOWN_DISTINCT = 10.0
"""Where nothing is known: what MySQL's optimiser believes of a column then. Too few promise too little, not much."""

Value = object


def made_rows(
    table: Table, rows: float, wanted: int, collected: str, parents: Mapping[str, float] | None = None
) -> Sequence[Sequence[Value]]:
    """``wanted`` rows for a table of ``rows`` rows.

    ``collected`` is the snapshot's date (ISO 8601), ``parents`` the rows of the table that a column references.
    """
    chance = random.Random(f"{table.name.schema}.{table.name.name}")
    today = datetime.fromisoformat(collected).date() if collected else date(2025, 1, 1)
    columns = [
        _Maker(table, column, rows, today, (parents or {}).get(column.name)).values(wanted, chance)
        for column in stored_columns(table)
    ]
    return list(zip(*columns, strict=True)) if columns else []


class _Maker:
    """Values of one column."""

    def __init__(self, table: Table, column: Column, rows: float, today: date, parents: float | None) -> None:
        self._table = table
        self._column = column
        self._rows = rows
        self._today = today
        self._kind = column.type_name.name
        known = distinct_values(table, column, rows)
        self._distinct = known or min(rows, parents or UNKNOWN_DISTINCT)

    def values(self, wanted: int, chance: random.Random) -> list[Value]:
        histogram = self._column.mysql.histogram if self._column.mysql else None
        nulls = self._column.statistics.null_frac if self._column.statistics else 0.0
        if self._column.not_null:
            nulls = 0.0
        if histogram is not None and histogram.buckets:
            made = [self._from_histogram(histogram, share) for share in _spread(wanted, chance)]
        else:
            made = [self._evenly(share) for share in _spread(wanted, chance)]
        return [None if nulls and chance.random() < nulls else value for value in made]

    def _from_histogram(self, histogram: Histogram, share: float) -> Value:
        reached, target = 0.0, share * sum(bucket.fraction for bucket in histogram.buckets)
        for bucket in histogram.buckets:
            if reached + bucket.fraction >= target:
                within = (target - reached) / bucket.fraction if bucket.fraction else 0.0
                steps = max(1.0, bucket.distinct)
                within = int(within * steps) / steps
                return (
                    bucket.lower if bucket.lower == bucket.upper else self._between(bucket.lower, bucket.upper, within)
                )
            reached += bucket.fraction
        return histogram.buckets[-1].upper

    def _between(self, lower: str, upper: str, share: float) -> Value:
        """A value between two texts of the column's type."""
        low, high = self._number(lower), self._number(upper)
        if low is not None and high is not None:
            return self._value(low + (high - low) * share)
        # after the lower bound in any order of text; the bounds differ before their ends nearly always
        return lower if share <= 0 else f"{lower}{int(share * 100_000):05d}"

    def _evenly(self, share: float) -> Value:
        """The share's place among the distinct values, from the least to the greatest."""
        place = int(share * self._distinct)
        mysql = self._column.mysql
        if mysql is not None and mysql.minimum is not None and mysql.maximum is not None:
            return self._between(mysql.minimum, mysql.maximum, place / max(1.0, self._distinct - 1))
        if self._kind in _DATES:
            return self._value(self._day(self._today) - _USUAL_SPAN_DAYS * (1 - place / max(1.0, self._distinct)))
        last = self._table.mysql.auto_increment if self._table.mysql is not None else None
        if "auto_increment" in (mysql.extra if mysql is not None else "") and last:
            return 1 + int(share * max(1, last - 1))
        return self._value(float(place + 1))

    def _number(self, text: str) -> float | None:
        """Numbers and dates on one line: a date is its days since 1970."""
        if self._kind in _NUMBERS:
            try:
                return float(text)
            except ValueError:
                return None
        if self._kind in _DATES:
            try:
                moment = datetime.fromisoformat(text.strip("'"))
            except ValueError:
                return None
            return (
                self._day(moment.date())
                + (moment - datetime.combine(moment.date(), datetime.min.time())).seconds / 86400
            )
        return None

    @staticmethod
    def _day(day: date) -> float:
        return float((day - _EPOCH).days)

    def _value(self, number: float) -> Value:
        """The number as a value of the column's type."""
        for kinds, make in _MAKERS:
            if self._kind in kinds:
                return make(number)
        if self._kind in ("enum", "set"):
            words = [word.replace("''", "'") for word in _ENUM.findall(self._column.type)]
            return words[int(number) % len(words)] if words else None
        return f"{int(number)}"


def _fitting(number: float) -> Value:
    return int(number) if number == int(number) else round(number, 6)


def _date(number: float) -> Value:
    return (datetime(1970, 1, 1) + timedelta(days=number)).replace(microsecond=0)


_MAKERS: tuple[tuple[frozenset[str], Callable[[float], Value]], ...] = (
    (frozenset({"decimal", "float", "double"}), _fitting),
    (frozenset({"year"}), lambda number: 1970 + int(number) % 80),
    (frozenset({"bit"}), lambda number: int(number) % 2),
    (_NUMBERS, int),
    (frozenset({"date"}), lambda number: _EPOCH + timedelta(days=int(number))),
    (_DATES, _date),
    (frozenset({"time"}), lambda number: timedelta(seconds=int(number) % 86400)),
    (_TEXTS, lambda number: f"v{int(number):09d}"),
    (_BINARY, lambda number: int(number).to_bytes(8, "big", signed=True)),
    (frozenset({"json"}), lambda number: f'{{"n": {int(number)}}}'),
    (frozenset({"uuid"}), lambda number: f"{int(number):032x}"),
)


def distinct_values(table: Table, column: Column, rows: float) -> float | None:
    """As an index that begins with the column counts them, or the column's statistics; None where nothing is known."""
    for index in table.indexes:
        mysql = index.facts.mysql if index.facts is not None else None
        if index.keys[0].column == column.name and index.keys[0].prefix_length is None and mysql and mysql.n_diff:
            return max(1.0, float(mysql.n_diff[0]))
    if column.statistics is not None and column.statistics.n_distinct:
        return column.statistics.distinct_values(rows)
    return None


def _spread(wanted: int, chance: random.Random) -> Iterator[float]:
    """Shares from 0 to 1, each part of the way met as often as any other, in no order."""
    places = list(range(wanted))
    chance.shuffle(places)
    for place in places:
        yield (place + chance.random()) / wanted
