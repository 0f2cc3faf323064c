"""Integer columns given a wider type together with all that foreign keys tie to them, and the way back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbtune.ddl.mysql_alter import AlterTable, add_foreign_key_clause, drop_foreign_key, modify_column
from dbtune.model.names import QualifiedName
from dbtune.model.recommendation import Change
from dbtune.model.schema import Constraint, Table
from dbtune.model.snapshot import Snapshot
from dbtune.rules.mysql_changes import altered
from dbtune.rules.mysql_types import IntegerType, integer_type
from dbtune.sql.mysql_definitions import Definition, with_type

ColumnName = tuple[QualifiedName, str]


def tied_columns(snapshot: Snapshot, table: Table, column: str) -> tuple[ColumnName, ...]:
    """The column and all that foreign keys tie to it, on either side and further on; the first is the column itself."""
    found: list[ColumnName] = [(table.name, column)]
    pairs = [pair for one in snapshot.tables for key in one.foreign_keys for pair in _pairs(one, key)]
    for name in found:  # grows while it is gone through
        for child, parent in pairs:
            if name in (child, parent):
                found += [other for other in (child, parent) if other not in found]
    return tuple(found)


def widened(snapshot: Snapshot, columns: Sequence[ColumnName], to: IntegerType | None = None) -> Change:
    """Every column as ``to`` (None: as bigint with the sign it has); none where a definition is not known.

    The server refuses another type for a column of a foreign key, whatever ``foreign_key_checks`` says (errors 3780,
    1833): the keys are dropped first, and made again with the new types, which checks all rows.
    """
    tables = _in_order(snapshot, {name for name, _ in columns})
    before: dict[QualifiedName, list[str]] = {}
    after: dict[QualifiedName, list[str]] = {}
    for table in tables:
        clauses = Definition(table.mysql.definition if table.mysql is not None else "").columns
        for name in (column for owner, column in columns if owner == table.name):
            column = table.column(name)
            type_ = integer_type(column) if column is not None else None
            if type_ is None or name not in clauses:
                return Change()
            before.setdefault(table.name, []).append(clauses[name])
            wanted = to or type_.widest
            after.setdefault(table.name, []).append(with_type(clauses[name], wanted.words))
    keys = [(table, key) for table in snapshot.tables for key in table.foreign_keys if _is_tied(table, key, columns)]
    up, down = (list(_steps(tables, clauses, keys)) for clauses in (after, before))
    return altered(snapshot, tables[0], up, down)


def _pairs(table: Table, key: Constraint) -> Iterator[tuple[ColumnName, ColumnName]]:
    parent = key.referenced_table
    if parent is not None:
        for column, referenced in zip(key.columns, key.referenced_columns, strict=True):
            yield (table.name, column), (parent, referenced)


def _is_tied(table: Table, key: Constraint, columns: Sequence[ColumnName]) -> bool:
    return any(child in columns for child, _ in _pairs(table, key))


def _steps(
    tables: Sequence[Table], clauses: dict[QualifiedName, list[str]], keys: Sequence[tuple[Table, Constraint]]
) -> Iterator[AlterTable]:
    yield from (drop_foreign_key(table.name, key.name) for table, key in keys)
    done: set[QualifiedName] = set()
    made: set[tuple[QualifiedName, str]] = set()
    for table in tables:
        step = modify_column(table.name, clauses[table.name])
        ready = [key for owner, key in keys if owner.name == table.name and key.referenced_table in done]
        made.update((table.name, key.name) for key in ready)
        # in the same copy of the table
        more = tuple(add_foreign_key_clause(key.name, key.definition) for key in ready)
        yield AlterTable(step.table, (*step.clauses, *more), step.algorithm, step.lock)
        done.add(table.name)
    for table, key in keys:
        if (table.name, key.name) not in made:
            yield AlterTable(table.name, (add_foreign_key_clause(key.name, key.definition),), "COPY", "SHARED")


def _in_order(snapshot: Snapshot, names: set[QualifiedName]) -> list[Table]:
    """Referenced tables first, as far as they do not refer to each other."""
    waiting = [table for table in snapshot.tables if table.name in names]
    ordered: list[Table] = []
    while waiting:
        left = {table.name for table in waiting}
        free = [t for t in waiting if not any(k.referenced_table in left - {t.name} for k in t.foreign_keys)]
        ordered += free or waiting[:1]
        waiting = [table for table in waiting if table not in ordered]
    return ordered
