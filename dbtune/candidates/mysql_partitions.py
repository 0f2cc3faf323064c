"""Ways to partition a table of MySQL or MariaDB: ranges, with names as they are usual there.

Lists and hashes are left out: a list refuses all values that it does not name, and a hash prunes single values alone,
which an index finds as fast.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, tzinfo

from dbtune.candidates.partitions import KeyUse, partition_candidates
from dbtune.model.partitioning import Part, PartitionScheme
from dbtune.model.schema import Table

MOST_TRIED = 120
"""Partitions: each one is made on the scratch server, with statistics of its own."""

NOT_IN_RANGES = "timestamp"
"""RANGE COLUMNS takes no such column (error 1659)."""


def mysql_partition_candidates(
    table: Table, uses: Mapping[str, KeyUse], least_cost: float, now: datetime, zone: tzinfo
) -> tuple[PartitionScheme, ...]:
    """See ``partition_candidates``. What is behind the last range goes to ``pmax``."""
    found = []
    for scheme in partition_candidates(table, uses, least_cost, now, zone):
        column = table.column(scheme.column)
        few = len(scheme.parts) <= MOST_TRIED
        if few and scheme.kind == "range" and column is not None and column.type_name.name != NOT_IN_RANGES:
            found.append(replace(scheme, parts=tuple(_named(table, part) for part in scheme.parts)))
    return tuple(found)


def _named(table: Table, part: Part) -> Part:
    return replace(part, name="pmax" if part.is_default else part.name.rpartition(f"{table.name.name}_")[2])
