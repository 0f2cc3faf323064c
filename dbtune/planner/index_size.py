"""The size of an index as CREATE INDEX would build it now, from statistics alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Generic, TypeVar

from dbtune.connect.abilities import Abilities, Ability
from dbtune.model.schema import Column, Index, IndexKey, Table
from dbtune.model.snapshot import Snapshot
from dbtune.planner.sizes import other_methods
from dbtune.planner.sizes.btree import LEAF_FILLFACTOR, btree_pages
from dbtune.planner.sizes.distinct import distinct_values, most_distinct_together, skew_seen, unique_together
from dbtune.planner.sizes.expressions import expression_column
from dbtune.planner.sizes.frequencies import (
    KeyClass,
    column_classes,
    distinct_keys,
    independent,
    never_repeated,
    with_distinct,
)
from dbtune.planner.sizes.gin import gin_pages
from dbtune.planner.sizes.predicates import Part, part_of
from dbtune.planner.sizes.tuples import attribute_of

Noun = TypeVar("Noun")

BLOCK_SIZE = 8192

EQUAL_MEANS_IDENTICAL = frozenset(
    """
    bit bool bytea char cidr date inet int2 int4 int8 macaddr macaddr8 money name oid oidvector pg_lsn text tid
    time timestamp timestamptz timetz uuid varbit varchar xid8
    """.split()
)
"""Types whose B-tree operator class has an ``equalimage`` function (``pg_amproc``, support function 4), enums beside.

Not numeric, float, interval, jsonb, arrays, ranges, records: equal values may look different, so they are kept apart.
"""


@dataclass(frozen=True)
class IndexSize:
    """Predicted size: pages and bytes of the main fork, levels above the leaves (B-tree), rows indexed."""

    pages: int
    height: int
    tuples: float
    bytes: int


def index_pages(index: Index, table: Table, snapshot: Snapshot, *, rows: float | None = None) -> IndexSize:
    """Predicted size of an index on ``table`` (for a partition: the partition, with the parent's index).

    ``rows``: how many rows a partial index holds, where that is known better than from its predicate. A partitioned
    table's own index has no file: its size is that of all leaves together, its height the greatest.
    """
    return _remembered(index, index.options, index.facts is None, _Same(table), _Same(snapshot), rows)


def upper_bytes(index: Index, table: Table, snapshot: Snapshot) -> int:
    """What a budget has to hold for the index: an estimate in bytes from above, that of ``index_pages`` at least.

    It differs where the size is a guess: for the rows of a partial index that its conditions could leave at most (see
    ``sizes.predicates`` and ``sizes.comparisons`` for the bounds), for columns that are only taken to depend on each
    other, and, by a margin, for methods whose sizes are rough (``sizes.other_methods``).
    """
    if table.kind == "partitioned":
        return sum(upper_bytes(index, child, snapshot) for child in snapshot.children(table.name))
    rows = believed_rows(table)
    part = part_of(table, index.predicate, rows)
    part = replace(part, share=part.most)
    expected = index_pages(index, table, snapshot).bytes
    if index.method != "btree":
        most = _other_pages(index, table, rows * part.share, snapshot) * BLOCK_SIZE
        return max(expected, int(most * other_methods.MARGINS.get(index.method, 1.0)))
    return max(expected, _Btree(index, table, snapshot, part, rows, guessing=False).size().bytes)


@dataclass(frozen=True, eq=False)
class _Same(Generic[Noun]):
    """A noun that is a key by being the same object: comparing whole snapshots would take longer than a prediction."""

    noun: Noun

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.noun is other.noun

    def __hash__(self) -> int:
        return id(self.noun)


@lru_cache(maxsize=65_536)
def _remembered(
    index: Index,
    options: tuple[tuple[str, str], ...],
    is_what_if: bool,
    table: _Same[Table],
    snapshot: _Same[Snapshot],
    rows: float | None,
) -> IndexSize:
    """The same sizes are asked for again and again; an index's equality leaves its options and facts out."""
    return _predicted(index, table.noun, snapshot.noun, rows)


def _predicted(index: Index, table: Table, snapshot: Snapshot, rows: float | None) -> IndexSize:
    if table.kind == "partitioned":
        leaves = [index_pages(index, child, snapshot) for child in snapshot.children(table.name)]
        pages = sum(leaf.pages for leaf in leaves)
        height = max((leaf.height for leaf in leaves), default=0)
        return IndexSize(pages, height, sum(leaf.tuples for leaf in leaves), pages * BLOCK_SIZE)
    table_rows = believed_rows(table)
    part = part_of(table, index.predicate, table_rows)
    if rows is not None:
        part = replace(part, share=min(1.0, rows / table_rows) if table_rows > 0 else 0.0)
    indexed = table_rows * part.share
    if index.method != "btree":
        pages = _other_pages(index, table, indexed, snapshot)
        return IndexSize(pages, 0, indexed, pages * BLOCK_SIZE)
    size = _Btree(index, table, snapshot, part, table_rows).size()
    return replace(size, tuples=indexed)


def believed_rows(table: Table) -> float:
    """Rows as the planner believes; for a table never analysed, as many as its pages can hold."""
    if table.tuples >= 0 and (table.tuples > 0 or table.pages > 0 or table.file_pages == 0):
        return table.rows
    width = 28.0 + sum(attribute_of(column).usual_width for column in table.columns)
    return table.file_pages * (BLOCK_SIZE - 24) // width


class _Btree:
    """One prediction: the classes of the key's values, combined column by column."""

    def __init__(
        self, index: Index, table: Table, snapshot: Snapshot, part: Part, rows: float, *, guessing: bool = True
    ) -> None:
        self.index, self.table, self.snapshot, self.part, self.rows = index, table, snapshot, part, rows
        self.guessing = guessing
        included = tuple(IndexKey(column=name) for name in index.include)
        self.columns = tuple(self._column(position, key) for position, key in enumerate((*index.keys, *included)))
        self.attributes = tuple(attribute_of(column) for column in self.columns)

    def size(self) -> IndexSize:
        prefixes: list[tuple[KeyClass, ...]] = []
        classes: tuple[KeyClass, ...] = ()
        for number in range(1, len(self.columns) + 1):
            classes = self._with_next(classes, number)
            if number <= len(self.index.keys):
                prefixes.append(classes)
        options = dict(self.index.options)
        predicted = btree_pages(
            self.attributes,
            classes,
            prefixes,
            self.rows * self.part.share,
            deduplicate=self._deduplicates(options),
            fillfactor=int(options.get("fillfactor", LEAF_FILLFACTOR)),
        )
        return IndexSize(predicted.pages, predicted.height, self.rows, predicted.pages * BLOCK_SIZE)

    def _with_next(self, before: tuple[KeyClass, ...], number: int) -> tuple[KeyClass, ...]:
        """Classes of the first ``number`` columns, given those of one less."""
        column, attribute = self.columns[number - 1], self.attributes[number - 1]
        distinct = self._distinct(column)
        skew = None if column.name in self.part.statistics else skew_seen(column, self.rows, self.snapshot)
        rows = self.rows * self.part.shares.get(column.name, 1.0)
        own = column_classes(column.statistics, attribute, rows, distinct, skew)
        if not before:
            return own
        together = independent(before, own)
        columns = [c for c in self.columns[:number] if c.name not in self.part.pinned and self.table.column(c.name)]
        if unique_together(self.table, (c.name for c in columns)) and all(c.not_null for c in columns):
            return never_repeated(together, self.rows)
        if len(columns) < 2:
            return together
        bound = most_distinct_together(
            self.table, columns, [self._distinct(c) for c in columns], self.rows, self.snapshot, self.guessing
        )
        if bound < distinct_keys(together, self.rows):
            return with_distinct(together, self.rows, bound)
        return together

    def _distinct(self, column: Column) -> float:
        if column.name in self.part.statistics and column.statistics is not None:
            return column.statistics.distinct_values(self.rows * self.part.shares[column.name])
        if self.table.column(column.name) is None:
            return column.statistics.distinct_values(self.rows) if column.statistics else max(1.0, self.rows / 10)
        return distinct_values(self.table, column, self.rows, self.snapshot)

    def _column(self, position: int, key: IndexKey) -> Column:
        """The key's column, with the statistics of the indexed part; an expression as a column of its own."""
        column = self.table.column(key.column) if key.column is not None else None
        if column is None:
            return expression_column(self.index, position, key, self.table)
        restricted = self.part.statistics.get(column.name)
        if restricted is not None:
            return replace(column, statistics=restricted)
        if column.statistics is None and column.inherited_statistics is not None:
            return replace(column, statistics=column.inherited_statistics)
        return column

    def _deduplicates(self, options: dict[str, str]) -> bool:
        return (
            Abilities(self.snapshot.server.major).has(Ability.DEDUPLICATION)
            and not self.index.unique
            and not self.index.include
            and options.get("deduplicate_items", "on").lower() in ("on", "true", "1", "yes")
            and all(_identical_when_equal(column, self.snapshot) for column in self.columns)
        )


def _identical_when_equal(column: Column, snapshot: Snapshot) -> bool:
    if column.collation is not None:
        collation = next((c for c in snapshot.collations if c.name == column.collation), None)
        if collation is not None and not collation.deterministic:
            return False
    if column.type_name.name == "bpchar":
        return snapshot.server.char_deduplicates
    return column.type_name.name in EQUAL_MEANS_IDENTICAL or column.type_category == "E"


def _other_pages(index: Index, table: Table, rows: float, snapshot: Snapshot) -> int:
    columns = [table.column(key.column) if key.column is not None else None for key in index.keys]
    widths = [_mean_width(column) for column in columns]
    options = dict(index.options)
    if index.method == "brin":
        per_range = int(options.get("pages_per_range", other_methods.BRIN_PAGES_PER_RANGE))
        return other_methods.brin_pages(max(table.file_pages, table.pages), sum(widths), per_range)
    if index.method == "hash":
        column = columns[0]
        distinct = distinct_values(table, column, rows, snapshot) if column is not None else rows
        return other_methods.hash_pages(rows, distinct, int(options.get("fillfactor", other_methods.HASH_FILLFACTOR)))
    if index.method == "gin":
        named = [key.opclass.name if key.opclass is not None else "" for key in index.keys]
        pairs = zip(columns, named, strict=True)
        return 1 + sum(gin_pages(table, column, name, rows) - 1 for column, name in pairs)
    return other_methods.gist_pages(rows, sum(widths))


def _mean_width(column: Column | None) -> int:
    if column is None:
        return 32
    if column.length > 0:
        return column.length
    if column.statistics is not None and column.statistics.avg_width > 0:
        return column.statistics.avg_width
    return attribute_of(column).usual_width
