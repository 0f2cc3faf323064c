"""Tables, columns, indexes and constraints, with the planner's statistics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from dbtune.model.attachments import Attachments
from dbtune.model.mysql import MySQLColumn, MySQLIndex, MySQLTable
from dbtune.model.names import QualifiedName

IndexMethod = str
"""Access method: ``btree``, ``hash``, ``gin``, ``gist``, ``spgist``, ``brin`` or an extension's; in MySQL also
``fulltext``, ``spatial`` and ``rtree``."""

RelationKind = Literal["table", "partitioned", "materialized view", "foreign table"]
ConstraintKind = Literal["primary key", "unique", "foreign key", "check", "exclusion", "not null"]


@dataclass(frozen=True)
class ColumnStatistics:
    """One row of ``pg_stats``. Values are the server's text forms, in the order the server keeps them.

    ``n_distinct`` is a count when positive, minus the fraction of rows when negative; ``avg_width`` is in bytes.
    """

    null_frac: float = 0.0
    avg_width: int = 0
    n_distinct: float = 0.0
    most_common_vals: tuple[str, ...] = ()
    most_common_freqs: tuple[float, ...] = ()
    histogram_bounds: tuple[str, ...] = ()
    correlation: float | None = None
    most_common_elems: tuple[str, ...] = ()
    most_common_elem_freqs: tuple[float, ...] = ()
    elem_count_histogram: tuple[float, ...] = ()
    range_length_histogram: tuple[str, ...] = ()
    range_empty_frac: float | None = None
    range_bounds_histogram: tuple[str, ...] = ()

    def distinct_values(self, rows: float) -> float:
        """Estimated number of distinct non-null values in a relation of ``rows`` rows (at least 1)."""
        if self.n_distinct < 0:
            return max(1.0, -self.n_distinct * rows)
        return max(1.0, self.n_distinct)


@dataclass(frozen=True)
class Column:
    """A column. ``type`` is ``format_type``'s text; ``length`` is ``attlen`` (-1 variable), ``align`` in bytes."""

    name: str
    type: str
    position: int
    not_null: bool = False
    default: str | None = None
    generated: Literal["", "stored", "virtual"] = ""
    identity: Literal["", "always", "by default"] = ""
    collation: QualifiedName | None = None
    """Set only where it differs from the type's default collation."""
    type_name: QualifiedName = QualifiedName("pg_catalog", "unknown")
    """Schema and name of the base type (``pg_type.typname``: ``int4``, ``_text``, an enum's own)."""
    type_category: str = "X"
    """``pg_type.typcategory``: N numeric, S string, D date/time, B boolean, A array, E enum, U user-defined, ..."""
    length: int = -1
    align: int = 4
    storage: str = "x"
    compression: str = ""
    statistics_target: int | None = None
    statistics: ColumnStatistics | None = None
    inherited_statistics: ColumnStatistics | None = None
    """Statistics over the whole inheritance or partition tree (``pg_stats.inherited``)."""
    comment: str | None = None
    mysql: MySQLColumn | None = None


@dataclass(frozen=True)
class IndexKey:
    """One key of an index: a column or an expression, with its order, operator class and collation."""

    column: str | None = None
    expression: str | None = None
    descending: bool = False
    nulls_first: bool = False
    opclass: QualifiedName | None = None
    """Set only where it is not the type's default for the access method."""
    collation: QualifiedName | None = None
    """Set only where it differs from the column's."""
    prefix_length: int | None = None
    """MySQL: only so many characters (of binary columns: bytes) of the column are in the index."""

    @property
    def text(self) -> str:
        """The column's name or the expression, for people."""
        return self.column if self.column is not None else f"({self.expression})"


@dataclass(frozen=True)
class IndexFacts:
    """What the server says of an existing index. Sizes in pages and bytes of the main fork."""

    definition: str
    """``pg_get_indexdef``: the exact CREATE INDEX, used as it stands for the way back. MySQL: ALTER TABLE ... ADD."""
    pages: int = 0
    tuples: float = -1.0
    bytes: int = 0
    tree_height: int | None = None
    """Levels above the leaf of a B-tree, where it could be read."""
    valid: bool = True
    ready: bool = True
    live: bool = True
    constraint: str | None = None
    """Name of the constraint that owns this index, if one does."""
    clustered: bool = False
    replica_identity: bool = False
    scans: int | None = None
    tuples_read: int | None = None
    last_scan: str | None = None
    partition_of: QualifiedName | None = None
    """The partitioned index this one is attached to."""
    key_statistics: tuple[ColumnStatistics | None, ...] = ()
    """For expression keys: statistics by key position (``None`` for plain columns)."""
    comment: str | None = None
    mysql: MySQLIndex | None = None


@dataclass(frozen=True)
class Index:
    """An index, existing (``facts`` set) or what-if (``facts`` is None). Equality ignores ``facts``."""

    name: str
    table: QualifiedName
    keys: tuple[IndexKey, ...]
    method: IndexMethod = "btree"
    include: tuple[str, ...] = ()
    unique: bool = False
    primary: bool = False
    exclusion: bool = False
    nulls_not_distinct: bool = False
    predicate: str | None = None
    """WHERE of a partial index, as SQL without the word WHERE."""
    options: tuple[tuple[str, str], ...] = ()
    """Storage parameters: ``(("fillfactor", "70"),)``."""
    facts: IndexFacts | None = None

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Index) and self.identity == other.identity)

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(self.identity)

    def __getstate__(self) -> dict[str, object]:
        """Without the hash, which is another one in another process."""
        return {name: value for name, value in self.__dict__.items() if name != "_hash"}

    @cached_property
    def identity(self) -> tuple[object, ...]:
        """All that defines the index, its name included and its facts left out."""
        return (self.name, *self.shape)

    @cached_property
    def shape(self) -> tuple[object, ...]:
        """All that defines what the index holds, its name left out: two indexes of one shape are duplicates."""
        return (
            self.table,
            self.method,
            self.keys,
            self.include,
            self.unique,
            self.exclusion,
            self.nulls_not_distinct,
            self.predicate,
        )

    @property
    def qualified_name(self) -> QualifiedName:
        """An index lives in its table's schema."""
        return QualifiedName(self.table.schema, self.name)

    @property
    def full_name(self) -> QualifiedName:
        """The name by which a configuration drops it: in MySQL and MariaDB other tables may have one of its name."""
        if self.facts is not None and self.facts.mysql is not None:
            return QualifiedName(self.table.schema, f"{self.table.name}.{self.name}")
        return self.qualified_name

    @property
    def columns(self) -> tuple[str, ...]:
        """Key columns by name; an expression key stands as its text in parentheses."""
        return tuple(key.text for key in self.keys)

    @property
    def is_plain(self) -> bool:
        """Neither partial nor on an expression."""
        return self.predicate is None and all(key.column is not None for key in self.keys)


@dataclass(frozen=True)
class Constraint:
    """A constraint. ``definition`` is ``pg_get_constraintdef``'s text."""

    name: str
    kind: ConstraintKind
    columns: tuple[str, ...]
    definition: str
    index: str | None = None
    referenced_table: QualifiedName | None = None
    referenced_columns: tuple[str, ...] = ()
    on_delete: str = "no action"
    on_update: str = "no action"
    validated: bool = True
    deferrable: bool = False
    inherited: bool = False
    """True where the constraint comes from a parent table and must not be made again."""


@dataclass(frozen=True)
class TableActivity:
    """Cumulative counters of ``pg_stat_user_tables`` and ``pg_statio_user_tables`` since the statistics' reset."""

    sequential_scans: int = 0
    sequential_tuples_read: int = 0
    index_scans: int | None = None
    inserts: int = 0
    updates: int = 0
    hot_updates: int = 0
    deletes: int = 0
    live_tuples: int = 0
    dead_tuples: int = 0
    modified_since_analyze: int = 0
    last_vacuum: str | None = None
    last_analyze: str | None = None
    """ISO 8601, the later of the manual and the automatic one."""
    heap_blocks_read: int | None = None
    heap_blocks_hit: int | None = None


@dataclass(frozen=True)
class Table:
    """A table, partitioned table, materialised view or foreign table."""

    name: QualifiedName
    columns: tuple[Column, ...]
    kind: RelationKind = "table"
    persistence: Literal["permanent", "unlogged", "temporary"] = "permanent"
    constraints: tuple[Constraint, ...] = ()
    indexes: tuple[Index, ...] = ()
    tuples: float = -1.0
    """``pg_class.reltuples``: rows as of the last VACUUM or ANALYZE; -1 never."""
    pages: int = 0
    """``pg_class.relpages``: pages as of the last VACUUM or ANALYZE."""
    all_visible_pages: int = 0
    file_pages: int = 0
    """Length of the main fork now, in pages: what the planner multiplies the density with."""
    total_bytes: int = 0
    """Main fork, TOAST, free space and visibility maps, without indexes."""
    toast_bytes: int = 0
    options: tuple[tuple[str, str], ...] = ()
    partition_key: str | None = None
    """``pg_get_partkeydef`` of a partitioned table, e.g. ``RANGE (created_at)``."""
    partition_bound: str | None = None
    """Of a partition, e.g. ``FOR VALUES FROM (...) TO (...)`` or ``DEFAULT``."""
    parents: tuple[QualifiedName, ...] = ()
    """The partitioned table this is a partition of, or the tables it inherits from."""
    view_definition: str | None = None
    """Query of a materialised view."""
    row_security: bool = False
    activity: TableActivity | None = None
    comment: str | None = None
    mysql: MySQLTable | None = None
    attachments: Attachments | None = None
    """None: not known, as in snapshots of former versions."""

    def column(self, name: str) -> Column | None:
        """The column of that name, or None."""
        return self._columns_by_name.get(name)

    @cached_property
    def _columns_by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    @property
    def rows(self) -> float:
        """Rows as the planner believes: density at the last ANALYZE times the file's present length."""
        if self.tuples < 0:
            return 0.0
        if self.pages > 0 and self.file_pages > 0:
            return self.tuples / self.pages * self.file_pages
        return self.tuples

    @property
    def is_partition(self) -> bool:
        return self.partition_bound is not None

    @property
    def primary_key(self) -> Constraint | None:
        return next((c for c in self.constraints if c.kind == "primary key"), None)

    @property
    def foreign_keys(self) -> tuple[Constraint, ...]:
        return tuple(c for c in self.constraints if c.kind == "foreign key")

    def index(self, name: str) -> Index | None:
        """The index of that name, or None."""
        return next((index for index in self.indexes if index.name == name), None)

    def has_index_on(self, columns: Iterable[str]) -> bool:
        """Whether a valid, whole (not partial) B-tree begins with these columns, in any order among themselves, each
        with its whole value."""
        wanted = set(columns)
        return any(
            index.method == "btree"
            and index.predicate is None
            and all(key.prefix_length is None for key in index.keys[: len(wanted)])
            and (index.facts is None or index.facts.valid)
            and set(index.columns[: len(wanted)]) == wanted
            for index in self.indexes
        )
