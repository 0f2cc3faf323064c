"""Ways to partition a table that the workload gives a reason for: by the columns that its statements fix.

Ranges of time or of numbers for a column that is compared with ranges, a list for few values that are asked for one by
one, a hash for many. Which of them pays, if any, the planner tells; this only says what is worth asking about.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from dbtune.ddl.partitions import part_name
from dbtune.model.access import Predicate, RelationUse
from dbtune.model.partitioning import Part, PartitionScheme, Width
from dbtune.model.schema import Column, Table
from dbtune.planner.gate import PlannedStatement
from dbtune.planner.partitions.axis import Axis, axis_of
from dbtune.planner.partitions.distribution import Distribution
from dbtune.planner.partitions.hashing import is_hashable
from dbtune.planner.partitions.ranges import beginning, count_of, following, range_scheme

FEWEST_PARTS, MOST_PARTS = 4, 400
"""Planning a statement that prunes nothing takes 0.4 ms with 100 partitions, 8 ms with 1,000 (docs/partitioning.md)."""

LEAST_PAGES = 128
"""Of a partition on average: 1 MiB; smaller ones are not worth a file of their own."""

MOST_LISTED = 50
LEAST_SHARE = 0.005
"""Of the rows, for a value to have a partition of its own; the others share the default."""

WIDEST_DEFAULT = 0.1
"""Share of the rows that a list may leave to the default."""

HASH_PARTS = 16
MANY_VALUES = 1000

AHEAD = 4
"""Empty partitions made for the time to come, as pg_partman does (``premake``)."""

FEW_AHEAD = 2
"""Where nothing is to come: the last value of a sample is not the last there is."""

TIME_WIDTHS = tuple(Width(unit) for unit in ("hour", "day", "week", "month", "quarter", "year"))
NUMBER_STEPS = (1, 2, 5)
NUMBER_COUNTS = (10.0, 30.0, 100.0)

RANGE_KINDS = frozenset({"range"})
POINT_KINDS = frozenset({"equal", "in"})


@dataclass(frozen=True)
class KeyUse:
    """How much of the cost of a table's statements fixes a column, by ranges and by single values (planner units)."""

    by_range: float = 0.0
    by_value: float = 0.0

    @property
    def total(self) -> float:
        return self.by_range + self.by_value


def key_uses(table: Table, statements: Iterable[PlannedStatement], cost: Mapping[str, float]) -> Mapping[str, KeyUse]:
    """Of each column that some statement fixes. ``cost``: calls times cost by fingerprint."""
    ranges: dict[str, float] = defaultdict(float)
    values: dict[str, float] = defaultdict(float)
    for planned in statements:
        uses = [use for use in planned.facts.uses if use.table == table.name]
        for column in {p.column for use in uses for p in _fixing(use) if p.column is not None}:
            kinds = {p.kind for use in uses for p in _fixing(use) if p.column == column}
            target = ranges if kinds & RANGE_KINDS else values
            target[column] += cost.get(planned.fingerprint, 0.0)
    return {name: KeyUse(ranges[name], values[name]) for name in sorted({*ranges, *values})}


def partition_candidates(
    table: Table, uses: Mapping[str, KeyUse], least_cost: float, now: datetime, zone: tzinfo = UTC
) -> tuple[PartitionScheme, ...]:
    """Schemes for the columns that statements of at least ``least_cost`` fix, the most used column first.

    ``now`` tells whether the table still grows, ``zone`` where days and months begin.
    """
    found: list[PartitionScheme] = []
    for name, use in sorted(uses.items(), key=lambda item: (-item[1].total, item[0])):
        column = table.column(name)
        if column is not None and column.statistics is not None and use.total >= least_cost:
            found += _schemes(table, column, use, now, zone)
    return tuple(found)


def _fixing(use: RelationUse) -> Iterator[Predicate]:
    for predicate in use.predicates:
        must_hold = predicate.constant and not predicate.disjunct
        if must_hold and predicate.column is not None and predicate.kind in RANGE_KINDS | POINT_KINDS:
            yield predicate


def _schemes(table: Table, column: Column, use: KeyUse, now: datetime, zone: tzinfo) -> Iterator[PartitionScheme]:
    axis = axis_of(column, zone)
    if axis is not None and (use.by_range > 0 or axis.is_time):
        yield from _ranges(table, column, axis, now)
    if use.by_value >= use.by_range and not (axis is not None and axis.is_time):
        listed = _listed(table, column)
        if listed is not None:
            yield listed
        elif _is_hashed(table, column):
            yield _hashed(table, column)


def _ranges(table: Table, column: Column, axis: Axis, now: datetime) -> Iterator[PartitionScheme]:
    assert column.statistics is not None
    ends = Distribution.of(axis, column.statistics).ends
    if ends is None or ends[1] <= ends[0]:
        return
    most = min(MOST_PARTS, table.file_pages / LEAST_PAGES)
    widths = TIME_WIDTHS if axis.is_time else tuple(_number_widths(ends[1] - ends[0]))
    for width in widths:
        if FEWEST_PARTS <= count_of(axis, width, *ends) <= most and (width.unit != "hour" or axis.type_name != "date"):
            # no calendar goes beyond the year 9999, which some take for infinity
            with suppress(ValueError, OverflowError):
                yield range_scheme(table.name, column.name, axis, width, ends[0], _end(axis, width, ends[1], now))


def _end(axis: Axis, width: Width, last: float, now: datetime) -> float:
    """Where the last partition begins: some ahead of now where the table is still growing, else of the last value."""
    edge = beginning(axis, width, last)
    growing = is_growing(axis, width, last, now)
    if growing and axis.is_time:
        edge = max(edge, beginning(axis, width, axis.of_moment(now)))
    for _ in range(AHEAD if growing else FEW_AHEAD):
        after = following(axis, width, edge)
        if following(axis, width, after) > axis.greatest:
            break
        edge = after
    return edge


def is_growing(axis: Axis, width: Width, last: float, now: datetime) -> bool:
    """Whether rows still come at the end: the last time is about now; of numbers it is taken for granted."""
    if not axis.is_time:
        return True
    edge = beginning(axis, width, last)
    present = beginning(axis, width, axis.of_moment(now))
    return edge <= present <= following(axis, width, following(axis, width, edge))


def _number_widths(stretch: float) -> Iterator[Width]:
    """Round widths that make about 10, 30 and 100 partitions."""
    seen = set()
    for count in NUMBER_COUNTS:
        wanted = stretch / count
        power = 1
        while power * 10 <= wanted:
            power *= 10
        width = max(step * power for step in NUMBER_STEPS if step * power <= max(wanted, 1.0))
        if width > 1 and width not in seen:
            seen.add(width)
            yield Width("number", int(width))


def _listed(table: Table, column: Column) -> PartitionScheme | None:
    """A partition for each common value, where these are nearly all there are."""
    statistics = column.statistics
    if statistics is None or column.type_category == "B":
        return None
    pairs = zip(statistics.most_common_vals, statistics.most_common_freqs, strict=False)
    own = [(value, freq) for value, freq in pairs if freq >= LEAST_SHARE]
    rest = 1.0 - statistics.null_frac - sum(freq for _, freq in own)
    if not FEWEST_PARTS <= len(own) <= MOST_LISTED or rest > WIDEST_DEFAULT:
        return None
    parts = [Part(part_name(table.name.name, f"p{n}"), values=(v,)) for n, (v, _) in enumerate(sorted(own), start=1)]
    default = Part(part_name(table.name.name, "default"), is_default=True)
    return PartitionScheme(table.name, column.name, "list", (*parts, default))


def _is_hashed(table: Table, column: Column) -> bool:
    """Many values, of which somebody knows in which partitions they would be."""
    known = column.mysql is not None or is_hashable(column)
    many = column.statistics is not None and column.statistics.distinct_values(table.rows) >= MANY_VALUES
    return known and many


def _hashed(table: Table, column: Column) -> PartitionScheme:
    parts = (Part(part_name(table.name.name, f"p{n}"), remainder=n) for n in range(HASH_PARTS))
    return PartitionScheme(table.name, column.name, "hash", tuple(parts))
