"""Partitions of MySQL and MariaDB: the ALTER TABLE that makes them, adds, splits and drops them, and the way back.

Algorithms and locks were tried on MySQL 9.7, MariaDB 10.11 and 11.8. MariaDB takes neither word beside these clauses
(a syntax error in 10.11). Source: MySQL manual, "Online DDL Operations", "Partitioning Operations".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from dbtune.ddl.mysql_alter import DROP_PRIMARY_KEY, AlterTable
from dbtune.ddl.mysql_indexes import key_expression
from dbtune.ddl.mysql_quoting import identifier, literal, qualified
from dbtune.model.mysql import Partitioning
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Index, IndexKey, Table

Function = Literal["", "to_days", "to_seconds", "year", "unix_timestamp"]
"""What stands around the column in ``PARTITION BY RANGE``. Empty: nothing, as always in ``RANGE COLUMNS``."""

FUNCTIONS: tuple[Function, ...] = get_args(Function)


@dataclass(frozen=True)
class Bound:
    """``VALUES LESS THAN`` of a range; ``expression``: SQL text."""

    name: str
    expression: str

    @property
    def sql(self) -> str:
        return f"PARTITION {identifier(self.name)} VALUES LESS THAN ({self.expression})"


@dataclass(frozen=True)
class Values:
    """``VALUES IN`` of a list; ``expression``: SQL text, or DEFAULT for all others, which MariaDB alone has."""

    name: str
    expression: str

    @property
    def sql(self) -> str:
        if self.expression == DEFAULT:
            return f"PARTITION {identifier(self.name)} DEFAULT"
        return f"PARTITION {identifier(self.name)} VALUES IN ({self.expression})"


MAXVALUE = "MAXVALUE"
DEFAULT = "DEFAULT"


def bound_expression(function: Function, value: str, number: int | None) -> str:
    """Of a time, as text, and as a number where the function makes one of it that depends on no calendar's zone."""
    if function in ("to_days", "to_seconds"):
        return f"{function.upper()}({literal(value)})"
    return str(number) if number is not None else literal(value)


def column_bound(text: str, *, is_time: bool) -> str:
    """Of ``RANGE COLUMNS``, from the text of the axis."""
    return literal(text.removesuffix(" 00:00:00")) if is_time else text


def add_ranges(table: QualifiedName, bounds: Sequence[Bound | Values], family: str) -> str:
    """At the end, where there is no MAXVALUE or DEFAULT partition: nothing is copied, nobody waits."""
    return f"{_alter(table, family, 'NONE')}ADD PARTITION ({_listed(bounds)})"


def split_range(table: QualifiedName, old: str, bounds: Sequence[Bound | Values], family: str) -> str:
    """One partition becomes several: its rows are copied, and writers of the table wait."""
    return f"{_alter(table, family, 'SHARED')}REORGANIZE PARTITION {identifier(old)} INTO ({_listed(bounds)})"


def merge_ranges(table: QualifiedName, old: Sequence[str], bound: Bound, family: str) -> str:
    """Several become one: their rows are copied, and writers of the table wait."""
    names = ", ".join(map(identifier, old))
    return f"{_alter(table, family, 'SHARED')}REORGANIZE PARTITION {names} INTO ({bound.sql})"


def drop_ranges(table: QualifiedName, names: Sequence[str], family: str) -> str:
    """With their rows."""
    return f"{_alter(table, family, 'NONE')}DROP PARTITION {', '.join(map(identifier, names))}"


def partition_clause(partitioning: Partitioning) -> str:
    """``PARTITION BY RANGE COLUMNS (…) (…)`` and the like, of partitions as ``information_schema`` describes them.

    Hashed ones are told by their number, and are named ``p0`` and so on by the server.
    """
    by = f"PARTITION BY {partitioning.method} ({partitioning.expression})"
    if partitioning.method in ("HASH", "KEY"):
        return f"{by} PARTITIONS {len(partitioning.partitions)}"
    is_list = partitioning.method.startswith("LIST")
    listed = [
        Values(part.name, part.description or DEFAULT).sql
        if is_list
        else Bound(part.name, part.description or MAXVALUE).sql
        for part in partitioning.partitions
    ]
    return f"{by} ({', '.join(listed)})"


def partition_alter(table: Table, partitioning: Partitioning) -> AlterTable:
    """The table in these partitions, by one column, which becomes part of the primary key. A copy: writers wait."""
    widened = widened_key(table, partitioning)
    clauses = (DROP_PRIMARY_KEY, _primary_key(widened)) if widened else ()
    bounded = partitioning.method.startswith("LIST") and not any(
        part.description == DEFAULT for part in partitioning.partitions
    )
    return AlterTable(table.name, clauses, "COPY", "SHARED", partition_clause(partitioning), may_refuse_rows=bounded)


def unpartition_alter(table: Table, partitioning: Partitioning) -> AlterTable:
    """The table as it was before ``partition_alter``."""
    key = primary_index(table)
    clauses = (DROP_PRIMARY_KEY, _primary_key(key.keys)) if key and widened_key(table, partitioning) else ()
    return AlterTable(table.name, clauses, "COPY", "SHARED", "REMOVE PARTITIONING")


def primary_index(table: Table) -> Index | None:
    return next((index for index in table.indexes if index.primary), None)


def widened_key(table: Table, partitioning: Partitioning) -> tuple[IndexKey, ...]:
    """The primary key with the column in it; empty where it holds the column, or there is none."""
    key = primary_index(table)
    column = partitioning.expression.strip("`").replace("``", "`")
    return (*key.keys, IndexKey(column)) if key is not None and column not in key.columns else ()


def _primary_key(keys: Sequence[IndexKey]) -> str:
    return f"ADD PRIMARY KEY ({', '.join(map(key_expression, keys))})"


def _alter(table: QualifiedName, family: str, lock: str) -> str:
    words = f"ALGORITHM=INPLACE, LOCK={lock}, " if family == "mysql" else ""
    return f"ALTER TABLE {qualified(table)} {words}"


def _listed(bounds: Sequence[Bound | Values]) -> str:
    return ", ".join(bound.sql for bound in bounds)
