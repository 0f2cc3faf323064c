"""The snapshot with one table of MySQL or MariaDB in partitions, each with its share of what is counted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from dbtune.ddl.mysql_partitions import DEFAULT, MAXVALUE, column_bound, widened_key
from dbtune.ddl.mysql_quoting import identifier, literal
from dbtune.model.mysql import IndexPartition, Partition, Partitioning
from dbtune.model.partitioning import Part, PartitionScheme
from dbtune.model.schema import Column, Index, Table
from dbtune.model.snapshot import Snapshot
from dbtune.planner.partitions.axis import WHOLE_NUMBERS, axis_of
from dbtune.planner.partitions.what_if import part_shares

SINGLE_PAGES, EXTENT, ROOT = 32, 64, 1
"""A segment takes pages one by one at first, then extents (``FSEG_FRAG_ARR_N_SLOTS``, ``FSP_EXTENT_SIZE`` of pages of
16 KiB, ``storage/innobase/include/fsp0fsp.h``)."""


def mysql_partitioned(snapshot: Snapshot, scheme: PartitionScheme) -> Snapshot:
    """Raises ValueError where the table has no such column, or is partitioned already."""
    table = snapshot.table(scheme.table)
    if table is None or table.mysql is None or table.mysql.partitioning is not None:
        raise ValueError(f"{scheme.table} is not an ordinary table")
    partitioning = partitioning_of(table, scheme)
    changed = replace(table, mysql=replace(table.mysql, partitioning=partitioning))
    keys = widened_key(table, partitioning)
    if keys:
        changed = replace(
            changed, indexes=tuple(replace(one, keys=keys) if one.primary else one for one in table.indexes)
        )
    return replace(snapshot, tables=tuple(changed if one is table else one for one in snapshot.tables))


def partitioning_of(table: Table, scheme: PartitionScheme) -> Partitioning:
    """The scheme as ``information_schema.PARTITIONS`` would have it, statistics included.

    Raises ValueError where the table has no such column, or no ranges of it.
    """
    column = table.column(scheme.column)
    if column is None:
        raise ValueError(f"{scheme.table} has no column {scheme.column}")
    shares = part_shares(table, scheme)
    parts = [
        _partition(table, scheme.column, Partition(part.name, number, _description(column, scheme, part)), share.rows)
        for number, (part, share) in enumerate(zip(scheme.parts, shares, strict=True), 1)
    ]
    return Partitioning(_method(column, scheme), identifier(scheme.column), partitions=tuple(parts))


def _method(column: Column, scheme: PartitionScheme) -> str:
    if scheme.kind == "hash":
        return "HASH" if column.type_name.name in WHOLE_NUMBERS else "KEY"
    return f"{scheme.kind.upper()} COLUMNS"


def _description(column: Column, scheme: PartitionScheme, part: Part) -> str | None:
    """As ``information_schema.PARTITIONS`` has it; None for hashes."""
    if scheme.kind == "hash":
        return None
    if scheme.kind == "list":
        is_number = column.type_name.name in WHOLE_NUMBERS
        return DEFAULT if part.is_default else ",".join(v if is_number else literal(v) for v in part.values)
    axis = axis_of(column)
    if axis is None:
        raise ValueError(f"{scheme.table} has no ranges of {scheme.column}")
    return MAXVALUE if part.upper is None else column_bound(part.upper, is_time=axis.is_time)


def spread(table: Table, shares: Sequence[float]) -> Table:
    """The table, whose partitions hold these shares of its rows, in their order."""
    mysql = table.mysql
    partitioning = mysql.partitioning if mysql is not None else None
    if mysql is None or partitioning is None:
        return table
    key = partitioning.expression.strip("`").replace("``", "`")
    pairs = zip(partitioning.partitions, shares, strict=True)
    parts = tuple(_partition(table, key, part, share) for part, share in pairs)
    return replace(table, mysql=replace(mysql, partitioning=replace(partitioning, partitions=parts)))


def _partition(table: Table, key: str, part: Partition, share: float) -> Partition:
    """With what it holds of the table's rows."""
    mysql = table.mysql
    assert mysql is not None
    rows = round(table.rows * share)
    return replace(
        part,
        rows=rows,
        data_bytes=round(mysql.data_bytes * share),
        index_bytes=round(mysql.index_bytes * share),
        statistics_rows=rows,
        clustered_pages=_allocated(_clustered_leaves(table) * share),
        other_pages=max(1, round((mysql.other_pages or 0) * share)),
        indexes=tuple(_index(index, key, rows, share) for index in table.indexes),
    )


def _clustered_leaves(table: Table) -> float:
    """Pages with rows; where that is not counted, those of the whole clustered index."""
    assert table.mysql is not None
    key = next((index for index in table.indexes if index.primary), None)
    facts = key.facts.mysql if key is not None and key.facts is not None else None
    return (facts.leaf_pages if facts is not None else None) or table.mysql.clustered_pages or table.pages


def _allocated(leaves: float) -> int:
    """Pages that a partition takes for so many with rows, which the optimiser counts as read by a scan."""
    beyond = math.ceil(leaves) - SINGLE_PAGES
    if beyond <= 0:
        return max(1, math.ceil(leaves))
    return ROOT + SINGLE_PAGES + math.ceil(beyond / EXTENT) * EXTENT


def _index(index: Index, key: str, rows: float, share: float) -> IndexPartition:
    """Distinct values of what holds the key are those of its stretch; of anything else, those that its rows meet."""
    facts = index.facts.mysql if index.facts is not None else None
    if facts is None:
        return IndexPartition(index.name)
    counts = []
    for place, value in enumerate(facts.n_diff, start=1):
        met = value * share if key in facts.n_diff_columns[:place] else _met(value, rows)
        counts.append(round(min(max(1.0, met), max(1.0, rows))))
    return IndexPartition(
        index.name,
        tuple(counts),
        facts.sampled_pages,
        max(1, round((facts.leaf_pages or 1) * share)),
        max(1, round((facts.pages or 1) * share)),
    )


def _met(distinct: float, rows: float) -> float:
    """Of so many values, those that are met at least once in rows drawn at random."""
    return float(distinct * (1 - (1 - 1 / distinct) ** rows)) if distinct > 1 else float(distinct)
