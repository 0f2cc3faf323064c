"""The size of an index as CREATE INDEX would build it now, from statistics alone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import RLock

from dbtune.connect.abilities import Abilities, Ability
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Column, Index, Table
from dbtune.model.snapshot import Snapshot
from dbtune.planner.sizes import other_methods
from dbtune.planner.sizes.btree import LEAF_FILLFACTOR, btree_pages
from dbtune.planner.sizes.distinct import Counts, distinct_values
from dbtune.planner.sizes.gin import gin_pages
from dbtune.planner.sizes.keys import KeyColumn, TableKeys
from dbtune.planner.sizes.tuples import attribute_of

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

TABLES_WITH_LISTS = 32
"""Of so many tables the lists of key columns are kept: some MB each where there are hundreds of candidates."""


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
    return snapshot.derived(_Sizes).of(index, table, rows)


def upper_bytes(index: Index, table: Table, snapshot: Snapshot) -> int:
    """What a budget has to hold for the index: an estimate in bytes from above, that of ``index_pages`` at least.

    It differs where the size is a guess: for the rows of a partial index that its conditions could leave at most (see
    ``sizes.predicates`` and ``sizes.comparisons`` for the bounds), for columns that are only taken to depend on each
    other, and, by a margin, for methods whose sizes are rough (``sizes.other_methods``).
    """
    if table.kind == "partitioned":
        return sum(upper_bytes(index, child, snapshot) for child in snapshot.children(table.name))
    keys = snapshot.derived(_Sizes).keys(table)
    share = keys.part(index.predicate).most
    expected = index_pages(index, table, snapshot).bytes
    if index.method != "btree":
        most = _other_pages(index, table, keys.counts.rows * share, snapshot) * BLOCK_SIZE
        return max(expected, int(most * other_methods.MARGINS.get(index.method, 1.0)))
    return max(expected, _btree_size(index, keys, share, snapshot, guessing=False).bytes)


class _Sizes:
    """The sizes of one snapshot's indexes: the same ones are asked for again and again.

    Kept are the answers, what is known of each table's columns, and the lists of columns of the tables that were asked
    about last. That goes for the snapshot's own tables: of another one nothing is kept.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._answers: dict[tuple[object, ...], IndexSize] = {}
        self._keys: dict[QualifiedName, TableKeys] = {}
        self._last: OrderedDict[QualifiedName, TableKeys] = OrderedDict()
        self._working = RLock()

    def of(self, index: Index, table: Table, rows: float | None) -> IndexSize:
        """See ``index_pages``."""
        if not self._is_own(table):
            return self._predicted(index, table, rows)
        # an index's equality leaves its options and facts out
        question = (table.name, index, index.options, index.facts is None, rows)
        # planners that work at the same time ask for the same sizes: one works it out, the others have the answer
        with self._working:
            if question not in self._answers:
                self._answers[question] = self._predicted(index, table, rows)
            return self._answers[question]

    def keys(self, table: Table) -> TableKeys:
        """What the columns of a table's indexes hold."""
        if not self._is_own(table):
            return self._new_keys(table)
        if table.name not in self._keys:
            self._keys[table.name] = self._new_keys(table)
        keys = self._last[table.name] = self._keys[table.name]
        self._last.move_to_end(table.name)
        if len(self._last) > TABLES_WITH_LISTS:
            self._last.popitem(last=False)[1].forget_lists()
        return keys

    def _new_keys(self, table: Table) -> TableKeys:
        return TableKeys(table, Counts(table, believed_rows(table), self._snapshot))

    def _is_own(self, table: Table) -> bool:
        return self._snapshot.table(table.name) is table

    def _predicted(self, index: Index, table: Table, rows: float | None) -> IndexSize:
        if table.kind == "partitioned":
            leaves = [self.of(index, child, None) for child in self._snapshot.children(table.name)]
            pages = sum(leaf.pages for leaf in leaves)
            height = max((leaf.height for leaf in leaves), default=0)
            return IndexSize(pages, height, sum(leaf.tuples for leaf in leaves), pages * BLOCK_SIZE)
        keys = self.keys(table)
        table_rows = keys.counts.rows
        share = keys.part(index.predicate).share
        if rows is not None:
            share = min(1.0, rows / table_rows) if table_rows > 0 else 0.0
        if index.method != "btree":
            pages = _other_pages(index, table, table_rows * share, self._snapshot)
            return IndexSize(pages, 0, table_rows * share, pages * BLOCK_SIZE)
        return _btree_size(index, keys, share, self._snapshot)


def believed_rows(table: Table) -> float:
    """Rows as the planner believes; for a table never analysed, as many as its pages can hold."""
    if table.tuples >= 0 and (table.tuples > 0 or table.pages > 0 or table.file_pages == 0):
        return table.rows
    width = 28.0 + sum(attribute_of(column).usual_width for column in table.columns)
    return table.file_pages * (BLOCK_SIZE - 24) // width


def _btree_size(index: Index, keys: TableKeys, share: float, snapshot: Snapshot, *, guessing: bool = True) -> IndexSize:
    """Size of a B-tree on that share of the table's rows."""
    lists = keys.lists(index, guessing=guessing)
    options = dict(index.options)
    rows = keys.counts.rows * share
    predicted = btree_pages(
        lists[-1].classes,
        [one.classes for one in lists[: len(index.keys)]],
        rows,
        deduplicate=_deduplicates(index, options, lists[-1].columns, snapshot),
        fillfactor=int(options.get("fillfactor", LEAF_FILLFACTOR)),
    )
    return IndexSize(predicted.pages, predicted.height, rows, predicted.pages * BLOCK_SIZE)


def _deduplicates(index: Index, options: Mapping[str, str], columns: Iterable[KeyColumn], snapshot: Snapshot) -> bool:
    return (
        Abilities(snapshot.server.major).has(Ability.DEDUPLICATION)
        and not index.unique
        and not index.include
        and options.get("deduplicate_items", "on").lower() in ("on", "true", "1", "yes")
        and all(_identical_when_equal(one.column, snapshot) for one in columns)
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
        distinct = distinct_values(table, column, rows, snapshot) if column is not None else max(1.0, rows)
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
