"""The SQL that makes the next ranges of a partitioned table of MySQL or MariaDB, there and back."""

from __future__ import annotations

from dbtune.ddl.mysql_partitions import MAXVALUE, Bound, add_ranges, drop_ranges, merge_ranges, split_range
from dbtune.model.partitioning import Part
from dbtune.model.recommendation import Change
from dbtune.model.snapshot import Snapshot
from dbtune.rules.mysql_changes import there_and_back
from dbtune.rules.mysql_partitions import bounds, range_key
from dbtune.rules.partition_next import WANTED, last_range, next_parts
from dbtune.rules.partition_parts import Partition, PartitionedTable
from dbtune.rules.partition_times import moment_of

MOST_MADE = 100
"""At once: where more are missing, narrow ranges were given up long ago."""


NULL_FOR_NO_DATE = ("to_days", "to_seconds")
NAMES_FOR_NULLS = ("p_null", *(f"p_null_{number}" for number in range(2, 8193)))


def ranges_ahead(snapshot: Snapshot, found: PartitionedTable, last: Partition) -> Change:
    """The next ones, cut from an empty MAXVALUE partition where there is one."""
    return _made(snapshot, found, tuple(next_parts(found, last)), found.default)


def emptied_maxvalue(snapshot: Snapshot, found: PartitionedTable, default: Partition) -> Change:
    """Ranges up to now, and some ahead, for the rows of the MAXVALUE partition; empty where nobody knows how many."""
    last = last_range(found)
    if last is None or last.upper is None or last.lower is None or found.axis is None or not found.axis.is_time:
        return Change()
    missing = _missing(last.lower, last.upper, found.axis.of_moment(moment_of(snapshot)))
    if missing > MOST_MADE:
        return Change()
    return _made(snapshot, found, tuple(next_parts(found, last, missing + WANTED)), default)


def empty_first_range(snapshot: Snapshot, found: PartitionedTable) -> Change | None:
    """An empty range before the first one of ``TO_DAYS`` or ``TO_SECONDS``; None for other ranges."""
    key = range_key(snapshot, found.table)
    if key is None or key.function not in NULL_FOR_NO_DATE or found.parts[0].upper is None:
        return None
    name, family, first = found.table.name, snapshot.server.dialect, found.parts[0]
    assert first.upper is not None
    same = Bound(first.name, key.expression(first.upper))
    nulls = Bound(next(n for n in NAMES_FOR_NULLS if n not in {p.name for p in found.parts}), "0")
    up = split_range(name, first.name, (nulls, same), family)
    return there_and_back([up], [merge_ranges(name, (nulls.name, first.name), same, family)])


def _missing(lower: float, upper: float, now: float) -> int:
    """Ranges as wide as the last one, from its end to the one that holds now."""
    return max(0, int((now - upper) // (upper - lower)) + 1)


def _made(snapshot: Snapshot, found: PartitionedTable, parts: tuple[Part, ...], default: Partition | None) -> Change:
    key = range_key(snapshot, found.table)
    if key is None:
        return Change()
    name, family = found.table.name, snapshot.server.dialect
    new = bounds(key, parts)
    if default is None:
        return there_and_back([add_ranges(name, new, family)], [drop_ranges(name, [one.name for one in new], family)])
    rest = Bound(default.name, MAXVALUE)
    up = split_range(name, default.name, (*new, rest), family)
    return there_and_back([up], [merge_ranges(name, [*(one.name for one in new), default.name], rest, family)])
