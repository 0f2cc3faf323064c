"""A way to partition a table: by which column, how, and into which partitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dbtune.model.names import QualifiedName

PartitionKind = Literal["range", "list", "hash"]
WidthUnit = Literal["hour", "day", "week", "month", "quarter", "year", "number"]


@dataclass(frozen=True)
class Width:
    """How much of a range one partition holds: so many months, or so many numbers."""

    unit: WidthUnit
    count: int = 1

    def __str__(self) -> str:
        if self.unit == "number":
            return f"{self.count:,}"
        return self.unit if self.count == 1 else f"{self.count} {self.unit}s"


@dataclass(frozen=True)
class Part:
    """One partition. Values are the server's text forms."""

    name: str
    """Of the partition's table, in the schema of the partitioned one."""
    lower: str | None = None
    """Of a range: included. None: no limit."""
    upper: str | None = None
    """Of a range: excluded. None: no limit."""
    values: tuple[str, ...] = ()
    """Of a list."""
    remainder: int | None = None
    """Of a hash."""
    is_default: bool = False


@dataclass(frozen=True)
class PartitionScheme:
    """A table in partitions by one column. The parts do not overlap; a range's are in order, the default is last."""

    table: QualifiedName
    column: str
    kind: PartitionKind
    parts: tuple[Part, ...]
    width: Width | None = None
    """Of ranges that are all as wide."""

    @property
    def title(self) -> str:
        """For people: ``by month of created_at``, ``by ranges of 1,000,000 of id``, ``by hash of user_id``."""
        if self.kind == "range" and self.width is not None:
            if self.width.unit == "number":
                return f"by ranges of {self.width} of {self.column}"
            return f"by {self.width} of {self.column}"
        return f"by {self.kind} of {self.column}"
