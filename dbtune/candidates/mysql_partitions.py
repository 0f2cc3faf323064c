"""Ways to partition a table of MySQL or MariaDB: ranges, lists and hashes, with names as are usual there.

A list of MySQL refuses every value that it does not name, so that one is only thought of where all are known; MariaDB
has a partition for the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, tzinfo

from dbtune.candidates.partitions import KeyUse, partition_candidates
from dbtune.model.partitioning import Part, PartitionScheme
from dbtune.model.schema import Column, Table
from dbtune.planner.partitions.axis import WHOLE_NUMBERS

MOST_TRIED = 120
"""Partitions: each one is made on the scratch server, with statistics of its own."""

NOT_IN_RANGES = "timestamp"
"""RANGE COLUMNS takes no such column (error 1659)."""

LISTED_TYPES = frozenset({*WHOLE_NUMBERS, "char", "varchar"})
HASHED_TYPES = frozenset({*WHOLE_NUMBERS, "char", "varchar", "binary", "varbinary", "decimal", "uuid"})

HISTOGRAM_CHARACTERS = 42
"""As much of a string as MySQL's histograms keep (``HISTOGRAM_MAX_COMPARE_LENGTH``)."""

ALL = 1e-6
"""Share of the rows that may be missing where all values are known, for the sake of rounding."""


def mysql_partition_candidates(
    table: Table, uses: Mapping[str, KeyUse], least_cost: float, now: datetime, zone: tzinfo, *, has_default: bool
) -> tuple[PartitionScheme, ...]:
    """See ``partition_candidates``. What is behind the last range goes to ``pmax``.

    ``has_default``: whether a list can have a partition for all other values.
    """
    found = []
    for scheme in partition_candidates(table, uses, least_cost, now, zone):
        column = table.column(scheme.column)
        if column is None or len(scheme.parts) > MOST_TRIED or not _takes(column, scheme):
            continue
        if scheme.kind == "list" and not has_default:
            if not _names_all(column, scheme):
                continue
            scheme = replace(scheme, parts=tuple(part for part in scheme.parts if not part.is_default))
        found.append(replace(scheme, parts=tuple(_named(table, scheme, part) for part in scheme.parts)))
    return tuple(found)


def _takes(column: Column, scheme: PartitionScheme) -> bool:
    type_name = column.type_name.name
    if scheme.kind == "range":
        return type_name != NOT_IN_RANGES
    if scheme.kind == "hash":
        return type_name in HASHED_TYPES
    whole = all(len(value) < HISTOGRAM_CHARACTERS for part in scheme.parts for value in part.values)
    return type_name in LISTED_TYPES and whole


def _names_all(column: Column, scheme: PartitionScheme) -> bool:
    """Whether the list has every value that there is, as far as the statistics say."""
    statistics = column.statistics
    if statistics is None or statistics.histogram_bounds:
        return False
    frequency = dict(zip(statistics.most_common_vals, statistics.most_common_freqs, strict=False))
    named = sum(frequency.get(value, 0.0) for part in scheme.parts for value in part.values)
    return named >= 1.0 - statistics.null_frac - ALL


def _named(table: Table, scheme: PartitionScheme, part: Part) -> Part:
    if part.is_default:
        return replace(part, name="pmax" if scheme.kind == "range" else "pdefault")
    return replace(part, name=part.name.rpartition(f"{table.name.name}_")[2])
