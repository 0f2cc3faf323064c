"""The partitions that come after the last one: as wide, and named like it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from dbtune.ddl.partitions import part_name
from dbtune.model.partitioning import Part
from dbtune.planner.partitions.axis import Axis
from dbtune.planner.partitions.ranges import suffix_like
from dbtune.rules.partition_parts import Partition, PartitionedTable

WANTED = 4
"""Partitions that should lie ahead, as pg_partman makes them (``premake``)."""


def last_range(found: PartitionedTable) -> Partition | None:
    """The last range; None where there are too few to tell a width, or one has no upper limit."""
    limited = [part for part in found.parts if not part.is_default]
    fewest = 1 if found.table.mysql is not None else 2  # the first range of MySQL has no lower limit
    if len(found.ranges) < fewest or limited[-1].upper is None:
        return None
    return found.ranges[-1]


def next_parts(found: PartitionedTable, last: Partition, wanted: int = WANTED) -> Iterator[Part]:
    """So many after the last one, with names that are not taken. Limits are texts of the axis."""
    axis = found.axis
    assert axis is not None and last.lower is not None and last.upper is not None
    taken = {part.name for part in found.parts}
    edges = list(_edges(axis, last.lower, last.upper, wanted))
    for lower, upper in pairwise(edges):
        name = _name(found, last, axis, (lower, upper))
        if name in taken:
            name = _other_name(found, axis, lower)
        while name in taken:
            name += "_"
        taken.add(name)
        yield Part(name, axis.text(lower), axis.text(upper))


def _edges(axis: Axis, lower: float, upper: float, wanted: int) -> Iterator[float]:
    """The limits of the next partitions, by calendar months where the last one begins and ends with a month."""
    months = _whole_months(axis, lower, upper) if axis.is_time else 0
    for number in range(wanted + 1):
        if months:
            moment = axis.moment(upper)
            count = moment.year * 12 + moment.month - 1 + months * number
            yield axis.of_moment(datetime(count // 12, count % 12 + 1, 1))
        else:
            yield upper + number * (upper - lower)


def _whole_months(axis: Axis, lower: float, upper: float) -> int:
    """How many months the stretch is; 0 where it does not begin and end with one."""
    begin, end = axis.moment(lower), axis.moment(upper)
    midnights = all(
        one.day == 1 and one - one.replace(hour=0, minute=0, second=0, microsecond=0) == timedelta()
        for one in (begin, end)
    )
    return (end.year - begin.year) * 12 + end.month - begin.month if midnights else 0


FORMS: Sequence[str] = (
    "%Y%m%d_%H%M%S",
    "%Y_%m_%d",
    "%Y-%m-%d",
    "%Y%m%d",
    "y%Ym%md%d",
    "y%Ym%m",
    "%Y_%m",
    "%Y-%m",
    "%Y%m",
    "y%Y",
    "%Y",
)
"""How the beginning of a partition may be written at the end of its name."""


def _name(found: PartitionedTable, last: Partition, axis: Axis, limits: tuple[float, float]) -> str:
    """Like the last one's: with its own beginning where the last one's name ends with its beginning.

    MySQL tells nothing but the upper limits, and many name their partitions by these.
    """
    assert last.lower is not None and last.upper is not None
    places = [(last.lower, limits[0]), (last.upper, limits[1])]
    for old, new in places if found.table.mysql is not None else places[:1]:
        name = _ending_with(last.name, axis, old, new)
        if name is not None:
            return name
    return _other_name(found, axis, limits[0])


def _ending_with(name: str, axis: Axis, old: float, new: float) -> str | None:
    """The name with ``new`` where ``old`` was at its end; None where it was not."""
    if axis.is_time:
        for form in FORMS:
            ending = axis.moment(old).strftime(form)
            if name.endswith(ending) and axis.moment(new).strftime(form) != ending:
                return name.removesuffix(ending) + axis.moment(new).strftime(form)
    elif name.endswith(str(int(old))):
        return name.removesuffix(str(int(old))) + str(int(new))
    return None


def _other_name(found: PartitionedTable, axis: Axis, lower: float) -> str:
    """Of MySQL's partitions, whose names are the table's own affair, without the table's."""
    ending = suffix_like(axis, lower)
    return ending if found.table.mysql is not None else part_name(found.table.name.name, ending)
