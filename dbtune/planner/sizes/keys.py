"""The keys of a table's indexes, worked out once for all indexes that begin alike.

Candidates of one table are made of the same few columns, and many begin with the same ones: (a), (a, b), (a, b, c),
(a) INCLUDE (b). So what is known of a column and of a list of columns is kept, each list with what follows it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

from dbtune.model.schema import Column, Index, IndexKey, Table
from dbtune.planner.sizes.classes import (
    Classes,
    distinct_keys,
    first_column,
    independent,
    never_repeated,
    with_distinct,
)
from dbtune.planner.sizes.distinct import Counts
from dbtune.planner.sizes.expressions import expression_column
from dbtune.planner.sizes.frequencies import column_classes
from dbtune.planner.sizes.predicates import Part, part_of
from dbtune.planner.sizes.tuples import Attribute, attribute_of


class KeyColumn:
    """A column of an index, or an expression: its values on the rows that are indexed."""

    def __init__(self, column: Column, counts: Counts, part: Part) -> None:
        self.column = column
        self._counts, self._part = counts, part
        self.is_own = counts.table.column(column.name) is not None
        """Whether it is the table's column, and no expression."""
        self.has_one_value = column.name in part.pinned
        self._is_restricted = column.name in part.statistics

    @cached_property
    def attribute(self) -> Attribute:
        return attribute_of(self.column)

    @cached_property
    def distinct(self) -> float:
        """How many values it has."""
        statistics, rows = self.column.statistics, self._counts.rows
        if self._is_restricted and statistics is not None:
            return statistics.distinct_values(rows * self._part.shares[self.column.name])
        if not self.is_own:
            return statistics.distinct_values(rows) if statistics else max(1.0, rows / 10)
        return self._counts.distinct(self.column)

    @cached_property
    def classes(self) -> Classes:
        """Of its values; the layouts are widths."""
        skew = None if self._is_restricted else self._counts.skew(self.column)
        rows = self._counts.rows * self._part.shares.get(self.column.name, 1.0)
        return column_classes(self.column.statistics, self.attribute, rows, self.distinct, skew)


@dataclass(frozen=True, eq=False)
class KeyList:
    """The first columns of indexes: the classes of their keys, and the lists that go on with one more column.

    ``guessing``: columns that only seem to depend on each other are taken to.
    """

    counts: Counts
    guessing: bool
    columns: tuple[KeyColumn, ...] = ()
    before: Classes | None = None
    _longer: dict[KeyColumn, KeyList] = field(default_factory=dict)

    def then(self, column: KeyColumn) -> KeyList:
        """The list with that column behind."""
        known = self._longer.get(column)
        if known is None:
            before = self.classes if self.columns else None
            known = self._longer[column] = KeyList(self.counts, self.guessing, (*self.columns, column), before)
        return known

    @cached_property
    def classes(self) -> Classes:
        """Of the values of all the columns together."""
        last = self.columns[-1]
        if self.before is None or not len(self.before):
            return first_column(last.classes, last.attribute)
        rows = self.counts.rows
        together = independent(self.before, last.classes, last.attribute)
        several = [c for c in self.columns if c.is_own and not c.has_one_value]
        columns = [c.column for c in several]
        if self.counts.unique_together({c.name for c in columns}) and all(c.not_null for c in columns):
            return never_repeated(together, rows)
        if len(columns) < 2:
            return together
        bound = self.counts.most_together(columns, [c.distinct for c in several], self.guessing)
        if bound < distinct_keys(together, rows):
            return with_distinct(together, rows, bound)
        return together


class TableKeys:
    """Columns and lists of columns of one table's indexes, and the parts of it that partial ones hold."""

    def __init__(self, table: Table, counts: Counts) -> None:
        self.table, self.counts = table, counts
        self._first: dict[bool, KeyList] = {}
        self._columns: dict[tuple[str | None, str], KeyColumn] = {}
        self._expressions: dict[str | None, KeyColumn] = {}
        self._parts: dict[str | None, Part] = {None: Part()}

    def part(self, predicate: str | None) -> Part:
        """The part of the table where it holds."""
        if predicate not in self._parts:
            self._parts[predicate] = part_of(self.table, predicate, self.counts.rows)
        return self._parts[predicate]

    def forget_lists(self) -> None:
        """Give the memory of all lists of columns back; columns and parts, which need little, are kept."""
        self._first = {}

    def lists(self, index: Index, *, guessing: bool) -> list[KeyList]:
        """Of the index: its first column, the first two, ..., those of INCLUDE after the keys."""
        if guessing not in self._first:
            self._first[guessing] = KeyList(self.counts, guessing)
        found = [self._first[guessing]]
        included = (IndexKey(column=name) for name in index.include)
        for position, key in enumerate((*index.keys, *included)):
            found.append(found[-1].then(self._column(index, position, key)))
        return found[1:]

    def _column(self, index: Index, position: int, key: IndexKey) -> KeyColumn:
        column = self.table.column(key.column) if key.column is not None else None
        part = self.part(index.predicate)
        if column is None:
            return self._expression(index, position, key)
        # but for the columns of its conditions, a part of the table is like the whole
        is_like_the_whole = column.name not in part.statistics
        place = (None if is_like_the_whole else index.predicate, column.name)
        if place not in self._columns:
            described = _with_statistics_of(column, part)
            self._columns[place] = KeyColumn(described, self.counts, Part() if is_like_the_whole else part)
        return self._columns[place]

    def _expression(self, index: Index, position: int, key: IndexKey) -> KeyColumn:
        if index.facts is not None:  # it may have statistics of its own
            return KeyColumn(expression_column(index, position, key, self.table), self.counts, Part())
        if key.expression not in self._expressions:
            column = expression_column(index, position, key, self.table)
            self._expressions[key.expression] = KeyColumn(column, self.counts, Part())
        return self._expressions[key.expression]


def _with_statistics_of(column: Column, part: Part) -> Column:
    """The column with the statistics of the indexed part."""
    restricted = part.statistics.get(column.name)
    if restricted is not None:
        return replace(column, statistics=restricted)
    if column.statistics is None and column.inherited_statistics is not None:
        return replace(column, statistics=column.inherited_statistics)
    return column
