"""Partitioned tables as they are: key, bounds and leaves, read from what the server prints of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dbtune.model.partitioning import PartitionKind
from dbtune.model.schema import Column, Table
from dbtune.model.snapshot import Snapshot
from dbtune.planner.partitions.axis import Axis, axis_of, zone_of

KEY = re.compile(r"(?P<kind>RANGE|LIST|HASH) \((?P<columns>.*)\)\Z")
RANGE = re.compile(r"FOR VALUES FROM \((?P<lower>[^()]*)\) TO \((?P<upper>[^()]*)\)\Z")
DEFAULT = "DEFAULT"


@dataclass(frozen=True)
class Partition:
    """A partition one level below. Points lie on the key's axis; None: no limit, or no axis."""

    table: Table
    lower: float | None = None
    upper: float | None = None
    is_default: bool = False


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


def partitioned_table(snapshot: Snapshot, table: Table) -> PartitionedTable | None:
    """What the table's key and bounds say; None where the table is not partitioned or its key could not be seen."""
    found = KEY.match(table.partition_key or "")
    if found is None:
        return None
    kind: PartitionKind = "range" if found["kind"] == "RANGE" else "list" if found["kind"] == "LIST" else "hash"
    name = found["columns"].strip()
    column = table.column(name[1:-1].replace('""', '"') if name.startswith('"') else name)
    axis = axis_of(column, zone_of(snapshot)) if column is not None and kind == "range" else None
    parts = [_partition(child, axis) for child in snapshot.children(table.name) if child.is_partition]
    parts.sort(key=lambda part: (part.is_default, part.lower if part.lower is not None else float("-inf")))
    return PartitionedTable(table, kind, column, axis, tuple(parts))


def leaves(snapshot: Snapshot, table: Table) -> Iterator[Table]:
    """All partitions below, at any depth, that hold rows themselves."""
    for child in snapshot.children(table.name):
        if child.kind == "partitioned":
            yield from leaves(snapshot, child)
        else:
            yield child


def has_rows(table: Table) -> bool:
    """Whether the table, or what was seen of it, is not empty."""
    live = table.activity.live_tuples if table.activity is not None else 0
    return table.rows > 0 or live > 0 or (table.tuples < 0 and table.file_pages > 0)


def _partition(child: Table, axis: Axis | None) -> Partition:
    if (child.partition_bound or "").strip() == DEFAULT:
        return Partition(child, is_default=True)
    found = RANGE.match(child.partition_bound or "")
    if found is None or axis is None:
        return Partition(child)
    return Partition(child, _point(axis, found["lower"]), _point(axis, found["upper"]))


def _point(axis: Axis, text: str) -> float | None:
    """Of ``'2026-01-01'`` or ``100``; None for MINVALUE and MAXVALUE."""
    return axis.point(text.strip().strip("'"))
