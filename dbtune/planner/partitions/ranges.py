"""Ranges of equal width that cover a column's values: calendar months, weeks from Monday, round numbers.

Names are those that pg_partman 5 gives (``orders_p20260101``, ``orders_p20260101_130000``, ``orders_p1000000``), so
that it can take the partitions over. Source: pg_partman, doc/pg_partman.md, "Naming".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from dbtune.ddl.partitions import part_name
from dbtune.model.names import QualifiedName
from dbtune.model.partitioning import Part, PartitionScheme, Width
from dbtune.planner.partitions.axis import Axis

MONTHS = {"month": 1, "quarter": 3, "year": 12}
STEPS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}
A_MONDAY = datetime(2000, 1, 3)

MOST_PARTS = 2000
"""More are never listed."""


def range_scheme(
    table: QualifiedName, column: str, axis: Axis, width: Width, first: float, last: float
) -> PartitionScheme:
    """Partitions from the one that holds the point ``first`` to the one that holds ``last``, and a default.

    Raises ValueError where there would be thousands.
    """
    edges = list(_edges(axis, width, first, last))
    parts = [
        Part(
            part_name(table.name, suffix(axis, width, lower)),
            axis.text(lower),
            None if upper > axis.greatest else axis.text(upper),
        )
        for lower, upper in pairwise(edges)
    ]
    default = Part(part_name(table.name, "default"), is_default=True)
    return PartitionScheme(table, column, "range", (*parts, default), width)


def count_of(axis: Axis, width: Width, first: float, last: float) -> float:
    """About how many partitions of that width the stretch takes."""
    if width.unit == "number":
        return (last - first) / width.count + 1
    days = (last - first) if axis.type_name == "date" else (last - first) / 86_400
    return days / (DAYS[width.unit] * width.count) + 1


DAYS = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 30.44, "quarter": 91.31, "year": 365.24}


def beginning(axis: Axis, width: Width, point: float) -> float:
    """Where the partition begins that holds the point."""
    if width.unit == "number":
        return float(point // width.count * width.count)
    moment = axis.moment(point)
    if width.unit in MONTHS:
        months = (moment.year * 12 + moment.month - 1) // (MONTHS[width.unit] * width.count)
        return axis.of_moment(_month(months * MONTHS[width.unit] * width.count))
    step = STEPS[width.unit] * width.count
    return axis.of_moment(A_MONDAY + (moment - A_MONDAY) // step * step)


def following(axis: Axis, width: Width, beginning_point: float) -> float:
    """Where the next partition begins."""
    if width.unit == "number":
        return beginning_point + width.count
    moment = axis.moment(beginning_point)
    if width.unit in MONTHS:
        return axis.of_moment(_month(moment.year * 12 + moment.month - 1 + MONTHS[width.unit] * width.count))
    return axis.of_moment(moment + STEPS[width.unit] * width.count)


def suffix(axis: Axis, width: Width, point: float) -> str:
    """What a partition's name ends with: ``p20260101``."""
    if width.unit == "number":
        return f"p{int(point)}" if point >= 0 else f"pm{-int(point)}"
    return axis.moment(point).strftime("p%Y%m%d_%H%M%S" if width.unit == "hour" else "p%Y%m%d")


def suffix_like(axis: Axis, point: float) -> str:
    """The same where the width is not known: with the time of day only where it is not midnight."""
    midnight = axis.is_time and axis.moment(point).time() == datetime.min.time()
    return suffix(axis, Width("day" if midnight else "hour" if axis.is_time else "number"), point)


def _edges(axis: Axis, width: Width, first: float, last: float) -> Iterator[float]:
    edge = beginning(axis, width, first)
    yield edge
    for _ in range(MOST_PARTS):
        edge = following(axis, width, edge)
        yield edge
        if edge > last:
            return
    raise ValueError(f"more than {MOST_PARTS:,} partitions of a {width} each")


def _month(number: int) -> datetime:
    """The beginning of a month, counted from the year 0."""
    return datetime(number // 12, number % 12 + 1, 1)
