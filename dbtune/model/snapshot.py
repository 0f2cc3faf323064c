"""The snapshot: all that dbtune knows of a database, without a row of it. Everything above ``collect`` starts here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeVar, cast

from dbtune.model.mysql import MySQLServer
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Index, Table
from dbtune.model.schema_objects import Collation, ExtendedStatistics, Extension, Function, Sequence, UserType, View
from dbtune.model.workload import Limit, Workload

Dialect = Literal["postgres", "mysql", "mariadb"]
Derived = TypeVar("Derived")

SNAPSHOT_VERSION = 1
"""Raised when a reader of the former version could misread a file."""


@dataclass(frozen=True)
class Server:
    """The server a snapshot was taken from."""

    dialect: Dialect
    version: str
    """As people write it: ``15.8``."""
    version_number: int
    """``server_version_num``: 150008. MySQL and MariaDB: 80043 is 8.0.43, 101106 is 10.11.6."""
    database: str
    block_size: int = 8192
    encoding: str = "UTF8"
    collation: str = "C"
    character_type: str = "C"
    locale_provider: str = "c"
    """``c`` libc, ``i`` ICU, ``b`` builtin."""
    locale: str | None = None
    in_recovery: bool = False
    """Whether it is a standby. MySQL: whether it is read-only, as replicas are."""
    statistics_reset: str | None = None
    """ISO 8601; counters count from here."""
    char_deduplicates: bool = True
    """Whether B-trees on ``char(n)`` keep equal keys once; minor releases have switched it off (15.20 has)."""
    mysql: MySQLServer | None = None

    @property
    def major(self) -> int:
        return self.version_number // 10000


@dataclass(frozen=True)
class Snapshot:
    """Schema, statistics, settings and workload of one database at one time."""

    server: Server
    collected_at: str
    """ISO 8601, UTC."""
    dbtune: str
    """Version of dbtune that wrote it."""
    version: int = SNAPSHOT_VERSION
    settings: Mapping[str, str] = field(default_factory=dict)
    """``pg_settings``: name to value in the setting's own unit, as ``SET`` takes it."""
    search_path: tuple[str, ...] = ("public",)
    schemas: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    views: tuple[View, ...] = ()
    types: tuple[UserType, ...] = ()
    functions: tuple[Function, ...] = ()
    sequences: tuple[Sequence, ...] = ()
    extensions: tuple[Extension, ...] = ()
    collations: tuple[Collation, ...] = ()
    extended_statistics: tuple[ExtendedStatistics, ...] = ()
    workload: Workload = field(default_factory=Workload)
    limits: tuple[Limit, ...] = ()
    privacy: Literal["none", "hash", "drop"] = "none"

    @cached_property
    def _tables_by_name(self) -> dict[QualifiedName, Table]:
        return {table.name: table for table in self.tables}

    @cached_property
    def _views_by_name(self) -> dict[QualifiedName, View]:
        return {view.name: view for view in self.views}

    def table(self, name: QualifiedName) -> Table | None:
        """The table of that name, or None."""
        return self._tables_by_name.get(name)

    def view(self, name: QualifiedName) -> View | None:
        """The view of that name, or None."""
        return self._views_by_name.get(name)

    @property
    def indexes(self) -> tuple[Index, ...]:
        return tuple(index for table in self.tables for index in table.indexes)

    @cached_property
    def _children(self) -> dict[QualifiedName, tuple[Table, ...]]:
        children: dict[QualifiedName, tuple[Table, ...]] = {}
        for table in self.tables:
            for parent in table.parents:
                children[parent] = (*children.get(parent, ()), table)
        return children

    def children(self, name: QualifiedName) -> tuple[Table, ...]:
        """Partitions of, or tables that inherit from, the table of that name."""
        return self._children.get(name, ())

    def default_database(self, search_path: Iterable[str] = ()) -> str:
        """In which MySQL and MariaDB look names up: the statement's first one, else the snapshot's; may be empty."""
        return next(iter((*search_path, *self.search_path)), self.server.database)

    def derived(self, work_out: Callable[[Snapshot], Derived]) -> Derived:
        """What ``work_out`` makes of this snapshot: worked out once, and kept as long as the snapshot is.

        Another snapshot, an equal one too, has its own. ``work_out`` is a function or a class of a module.
        """
        known = self._derived.get(work_out)
        if known is None:
            known = self._derived.setdefault(work_out, work_out(self))
        return cast("Derived", known)

    @property
    def _derived(self) -> dict[object, object]:
        # by setdefault, here and above: threads that ask for the first time at once get the same
        return cast("dict[object, object]", vars(self).setdefault("_worked_out", {}))
