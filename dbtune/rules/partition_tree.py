"""Partitioned tables as they are: key, bounds and leaves, read from what the server prints of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbtune.model.partitioning import PartitionKind
from dbtune.model.schema import Table
from dbtune.model.snapshot import Snapshot
from dbtune.planner.partitions.axis import Axis, axis_of, zone_of
from dbtune.rules.mysql_partitions import mysql_leaves, mysql_partitioned_table
from dbtune.rules.partition_parts import Partition, PartitionedTable

KEY = re.compile(r"(?P<kind>RANGE|LIST|HASH) \((?P<columns>.*)\)\Z")
RANGE = re.compile(r"FOR VALUES FROM \((?P<lower>[^()]*)\) TO \((?P<upper>[^()]*)\)\Z")
DEFAULT = "DEFAULT"


def partitioned_table(snapshot: Snapshot, table: Table) -> PartitionedTable | None:
    """What the table's key and bounds say; None where the table is not partitioned or its key could not be seen."""
    if table.mysql is not None:
        return mysql_partitioned_table(snapshot, table)
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
    yield from mysql_leaves(table)
    for child in snapshot.children(table.name):
        if child.kind == "partitioned":
            yield from leaves(snapshot, child)
        else:
            yield child


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
