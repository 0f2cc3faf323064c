"""Partitions of MySQL and MariaDB: bounds, and the ALTER TABLE that adds, splits and drops ranges.

Algorithms and locks were tried on MySQL 9.7, MariaDB 10.11 and 11.8. MariaDB takes neither word beside these clauses
(a syntax error in 10.11). Source: MySQL manual, "Online DDL Operations", "Partitioning Operations".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from dbtune.ddl.mysql_quoting import identifier, literal, qualified
from dbtune.model.names import QualifiedName

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


MAXVALUE = "MAXVALUE"


def bound_expression(function: Function, value: str, number: int | None) -> str:
    """Of a time, as text, and as a number where the function makes one of it that depends on no calendar's zone."""
    if function in ("to_days", "to_seconds"):
        return f"{function.upper()}({literal(value)})"
    return str(number) if number is not None else literal(value)


def add_ranges(table: QualifiedName, bounds: Sequence[Bound], family: str) -> str:
    """At the end, where there is no MAXVALUE partition: nothing is copied, nobody waits."""
    return f"{_alter(table, family, 'NONE')}ADD PARTITION ({_listed(bounds)})"


def split_range(table: QualifiedName, old: str, bounds: Sequence[Bound], family: str) -> str:
    """One partition becomes several: its rows are copied, and writers of the table wait."""
    return f"{_alter(table, family, 'SHARED')}REORGANIZE PARTITION {identifier(old)} INTO ({_listed(bounds)})"


def merge_ranges(table: QualifiedName, old: Sequence[str], bound: Bound, family: str) -> str:
    """Several become one: their rows are copied, and writers of the table wait."""
    names = ", ".join(map(identifier, old))
    return f"{_alter(table, family, 'SHARED')}REORGANIZE PARTITION {names} INTO ({bound.sql})"


def drop_ranges(table: QualifiedName, names: Sequence[str], family: str) -> str:
    """With their rows."""
    return f"{_alter(table, family, 'NONE')}DROP PARTITION {', '.join(map(identifier, names))}"


def _alter(table: QualifiedName, family: str, lock: str) -> str:
    words = f"ALGORITHM=INPLACE, LOCK={lock}, " if family == "mysql" else ""
    return f"ALTER TABLE {qualified(table)} {words}"


def _listed(bounds: Sequence[Bound]) -> str:
    return ", ".join(bound.sql for bound in bounds)
