"""What the width of a table's primary key costs: InnoDB puts it into every entry of every other index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dbtune.model.names import QualifiedName
from dbtune.model.schema import Column, Index, IndexKey, Table
from dbtune.planner.mysql.index_size import Measured, innodb_size

SURROGATE = "dbtune surrogate"
"""A name that no column has by chance."""


@dataclass(frozen=True)
class KeyCost:
    """Bytes of the table's secondary indexes, with its primary key as it is and with another one."""

    now: int
    then: int

    @property
    def saved(self) -> int:
        return self.now - self.then


def with_narrower_column(table: Table, name: str, rows: float, now: float, then: float, page_bytes: int) -> KeyCost:
    """The secondary indexes with the key's column taking ``then`` bytes in place of ``now``."""
    return KeyCost(
        _secondary_bytes(table, rows, page_bytes, {name: Measured(now, 0.0)}),
        _secondary_bytes(_fixed(table, name, round(then)), rows, page_bytes, {}),
    )


def with_surrogate(table: Table, rows: float, page_bytes: int) -> KeyCost:
    """The secondary indexes with a number of 8 bytes as the key; today's key is then one unique index more."""
    number = Column(SURROGATE, "bigint", 0, not_null=True, type_name=QualifiedName("", "bigint"), length=8)
    key = Index("PRIMARY", table.name, (IndexKey(SURROGATE),), unique=True, primary=True)
    former = tuple(replace(index, primary=False, name="was primary") for index in table.indexes if index.primary)
    others = tuple(index for index in table.indexes if not index.primary)
    altered = replace(table, columns=(*table.columns, number), indexes=(key, *former, *others))
    return KeyCost(_secondary_bytes(table, rows, page_bytes, {}), _secondary_bytes(altered, rows, page_bytes, {}))


def _fixed(table: Table, name: str, width: int) -> Table:
    """The table with the column of a type that always takes so many bytes."""
    binary = QualifiedName("", "bigint")
    columns = tuple(replace(c, type_name=binary, length=width) if c.name == name else c for c in table.columns)
    return replace(table, columns=columns)


def _secondary_bytes(table: Table, rows: float, page_bytes: int, measured: Mapping[str, Measured]) -> int:
    return sum(
        innodb_size(index, table, rows, measured=measured, page_bytes=page_bytes).bytes
        for index in table.indexes
        if not index.primary and index.method == "btree"
    )
