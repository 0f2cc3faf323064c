"""Integer types of MySQL and MariaDB: how far each counts, and the one to take in its place."""

from __future__ import annotations

from dataclasses import dataclass

from dbtune.model.schema import Column

_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}

_TEXTS = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext"})


@dataclass(frozen=True)
class IntegerType:
    name: str
    unsigned: bool

    @property
    def bits(self) -> int:
        return _BITS[self.name]

    @property
    def maximum(self) -> int:
        """The largest value. Source: MySQL manual, "Integer Types"."""
        return (1 << (self.bits if self.unsigned else self.bits - 1)) - 1

    @property
    def words(self) -> str:
        """As a definition has it."""
        return f"{self.name}{' unsigned' if self.unsigned else ''}"

    @property
    def widest(self) -> IntegerType:
        return IntegerType("bigint", self.unsigned)


def integer_type(column: Column) -> IntegerType | None:
    """The column's type, where it is an integer."""
    name = column.type_name.name
    return IntegerType(name, "unsigned" in column.type.lower()) if name in _BITS else None


def is_text(column: Column) -> bool:
    """Whether its values are text with a collation."""
    return column.mysql is not None and column.mysql.collation is not None and column.type_name.name in _TEXTS
