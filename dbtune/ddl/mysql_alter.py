"""ALTER TABLE of MySQL and MariaDB with the algorithm and the lock written out: it fails rather than stops writers.

Which algorithm each change takes was tried on MySQL 9.7, MariaDB 10.11 and 11.8; the manuals, "Online DDL Operations"
(MySQL) and "ALTER TABLE: ALGORITHM, LOCK" (MariaDB), say the same of the versions between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dbtune.ddl.mysql_indexes import add_index, alter_table
from dbtune.ddl.mysql_quoting import identifier, qualified
from dbtune.model.migration import WAITING_WRITERS, AlterAlgorithm, AlterLock
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Index

Algorithm = AlterAlgorithm | Literal["DEFAULT"]
"""DEFAULT: INPLACE where the server can, else COPY."""

DROP_PRIMARY_KEY = "DROP PRIMARY KEY"

COPYING_ENGINES = frozenset({"MyISAM", "Aria", "MEMORY", "CSV", "ARCHIVE"})
"""Engines that build and drop indexes by a copy of the table."""

_LOCKING_METHODS = frozenset({"fulltext", "spatial", "rtree"})
"""Indexes whose build refuses LOCK=NONE (error 1846)."""


@dataclass(frozen=True)
class AlterTable:
    """One ALTER TABLE. ``lock`` SHARED: reads go on, writes wait until it is done."""

    table: QualifiedName
    clauses: tuple[str, ...]
    algorithm: Algorithm = "INPLACE"
    lock: AlterLock = "NONE"
    ending: str = ""
    """What stands behind everything else, without a comma: ``PARTITION BY …``."""
    may_refuse_rows: bool = False
    """Whether there may be rows with no place in it: then the server refuses the change as a whole."""

    @property
    def body(self) -> str:
        """The clauses alone, as the tools for online schema changes take them."""
        return _spaced(", ".join(self.clauses), self.ending)

    @property
    def sql(self) -> str:
        """The statement, without a semicolon."""
        clauses = (*self.clauses, *way_clauses(self.algorithm, self.lock))
        return _spaced(alter_table(self.table, *clauses), self.ending)

    @property
    def stops_writers(self) -> bool:
        return self.lock in WAITING_WRITERS


def build_index(index: Index, engine: str, *, replaced: Index | None = None) -> AlterTable:
    """Builds a new index; ``replaced`` is dropped by the same statement."""
    clauses = (add_index(index), *(() if replaced is None else (drop_clause(replaced.name),)))
    return AlterTable(index.table, clauses, *_way(index, engine, is_build=True))


def drop_index(index: Index, engine: str, *, restored: Index | None = None) -> AlterTable:
    """Drops the index: InnoDB does it at once. ``restored``, of columns alone, is built by the same statement."""
    clauses = (*(() if restored is None else (add_index(restored),)), drop_clause(index.name))
    return AlterTable(index.table, clauses, *_way(index, engine, is_build=False))


def drop_named_index(
    table: QualifiedName, name: str, *, algorithm: Algorithm = "INPLACE", lock: AlterLock = "NONE"
) -> AlterTable:
    """What DROP INDEX does, which takes no ALGORITHM and LOCK everywhere."""
    return AlterTable(table, (drop_clause(name),), algorithm, lock)


def restore_index(index: Index, engine: str) -> AlterTable:
    """Builds a collected index again, by the server's own clause. Raises ValueError for one that does not exist."""
    if index.facts is None:
        raise ValueError(f"{index.name} does not exist, so there is nothing to restore")
    clause = index.facts.definition.removeprefix(f"ALTER TABLE {qualified(index.table)} ")
    return AlterTable(index.table, (clause,), *_way(index, engine, is_build=True))


def show_index(index: Index, word: str) -> AlterTable:
    """Hides or shows an index: ``word`` is INVISIBLE or VISIBLE, of MariaDB IGNORED or NOT IGNORED."""
    return AlterTable(index.table, (show_clause(index.name, word),))


def show_clause(index: str, word: str) -> str:
    """The clause that hides or shows an index; the words as in ``show_index``."""
    return f"ALTER INDEX {identifier(index)} {word}"


def drop_clause(index: str) -> str:
    """The clause that drops an index."""
    return f"DROP INDEX {identifier(index)}"


def modify_column(
    table: QualifiedName, clauses: Sequence[str], *, algorithm: Algorithm = "COPY", lock: AlterLock = "SHARED"
) -> AlterTable:
    """Columns given their definitions anew. A change of type is a COPY in every version."""
    return AlterTable(table, tuple(f"MODIFY COLUMN {clause}" for clause in clauses), algorithm, lock)


def add_row_id(table: QualifiedName, name: str, *, hidden: bool) -> AlterTable:
    """A primary key of numbers in a new column. The server numbers the rows there are: writers wait meanwhile."""
    word = " INVISIBLE" if hidden else ""
    clause = f"ADD COLUMN {identifier(name)} bigint unsigned NOT NULL AUTO_INCREMENT{word} PRIMARY KEY"
    return AlterTable(table, (clause,), "INPLACE", "SHARED")


def drop_key_column(table: QualifiedName, name: str) -> AlterTable:
    """Drops the column that is the primary key, which is a copy: no other key takes its place."""
    return AlterTable(table, (f"DROP COLUMN {identifier(name)}",), "COPY", "SHARED")


def change_engine(table: QualifiedName, engine: str, row_format: str = "") -> AlterTable:
    """Moves the table to another engine. ``row_format``: DYNAMIC, FIXED, …; empty: as it is."""
    clauses = [f"ENGINE={identifier(engine)}", *([f"ROW_FORMAT={row_format}"] if row_format else [])]
    return AlterTable(table, tuple(clauses), "COPY", "SHARED")


def drop_foreign_key(table: QualifiedName, name: str) -> AlterTable:
    """Drops the constraint; its index stays."""
    return AlterTable(table, (f"DROP FOREIGN KEY {identifier(name)}",))


def add_foreign_key_clause(name: str, definition: str) -> str:
    """The clause that makes the constraint. Rows are only checked by a COPY (with foreign_key_checks on)."""
    return f"ADD CONSTRAINT {identifier(name)} {definition}"


def way_clauses(algorithm: str, lock: str) -> tuple[str, ...]:
    """``ALGORITHM=…`` and ``LOCK=…``, each where it is not empty."""
    return tuple(f"{name}={value}" for name, value in (("ALGORITHM", algorithm), ("LOCK", lock)) if value)


def with_way(
    text: str, at: int, *, comma: bool | None, algorithm: Algorithm | Literal[""], lock: AlterLock = ""
) -> str:
    """A statement as it was written, with ALGORITHM and LOCK (empty: neither) at that place in it.

    ``comma``: whether one stands behind them, and between them; None: neither (CREATE INDEX).
    """
    clauses = way_clauses(algorithm, lock)
    if not clauses:
        return text
    words = (" " if comma is None else ", ").join(clauses) + ("," if comma else "")
    return f"{text[:at]} {words}{text[at:]}"


def _spaced(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _way(index: Index, engine: str, *, is_build: bool) -> tuple[Algorithm, AlterLock]:
    if engine in COPYING_ENGINES:
        return "COPY", "SHARED"
    if is_build and any(key.column is None for key in index.keys):
        # an expression becomes a hidden column together with its index, which MySQL does not do beside writers, and not
        # in place (error 1846) where the name comes before that of another such index of the table
        return "DEFAULT", "SHARED"
    return "INPLACE", "SHARED" if is_build and index.method in _LOCKING_METHODS else "NONE"
