"""What rules know of a partitioned table, whichever server it is on."""

from __future__ import annotations

from dataclasses import dataclass

from dbtune.model.partitioning import PartitionKind
from dbtune.model.schema import Column, Table
from dbtune.planner.partitions.axis import Axis


@dataclass(frozen=True)
class Partition:
    """A partition one level below. Points lie on the key's axis; None: no limit, or no axis."""

    table: Table
    """Of MySQL and MariaDB it stands for the partition, which no statement reads by a name of its own."""
    lower: float | None = None
    upper: float | None = None
    is_default: bool = False
    """DEFAULT, or the range up to MAXVALUE of MySQL and MariaDB."""
    own_name: str = ""
    """Where the table's is not what the server calls it."""

    @property
    def name(self) -> str:
        """Without its schema."""
        return self.own_name or self.table.name.name


@dataclass(frozen=True)
class PartitionedTable:
    """A partitioned table by one column or, where ``column`` is None, by something else."""

    table: Table
    kind: PartitionKind
    column: Column | None
    axis: Axis | None
    """Of a range's key."""
    parts: tuple[Partition, ...]
    """Ranges in order, the default last."""

    @property
    def default(self) -> Partition | None:
        return next((part for part in self.parts if part.is_default), None)

    @property
    def ranges(self) -> tuple[Partition, ...]:
        """Parts with both limits, in order."""
        return tuple(part for part in self.parts if part.lower is not None and part.upper is not None)


def has_rows(table: Table) -> bool:
    """Whether the table, or what was seen of it, is not empty."""
    live = table.activity.live_tuples if table.activity is not None else 0
    return table.rows > 0 or live > 0 or (table.tuples < 0 and table.file_pages > 0)
