"""Partitioned tables of MySQL and MariaDB, from ``information_schema.PARTITIONS``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from dbtune.ddl.mysql_partitions import FUNCTIONS, MAXVALUE, Bound, Function, bound_expression
from dbtune.model.mysql import Partition as Described
from dbtune.model.mysql import partition_table
from dbtune.model.partitioning import Part, PartitionKind
from dbtune.model.schema import Column, Table
from dbtune.model.snapshot import Snapshot
from dbtune.planner.partitions.axis import EPOCH, SECONDS_A_DAY, Axis, axis_of, zone_of
from dbtune.rules.partition_parts import Partition, PartitionedTable

KEY = re.compile(r"(?:(?P<function>\w+)\()?`(?P<column>(?:[^`]|``)+)`\)?\Z")
KINDS: dict[str, PartitionKind] = {"RANGE": "range", "LIST": "list", "HASH": "hash", "KEY": "hash"}

DAY_OF_EPOCH = EPOCH.toordinal() + 365
"""``TO_DAYS('2000-01-01')``, which counts from the year 0."""


@dataclass(frozen=True)
class RangeKey:
    """The column that ranges are of, and the function around it."""

    column: Column
    axis: Axis
    function: Function = ""

    def point(self, description: str | None) -> float | None:
        """Of a bound as the server prints it; None for MAXVALUE, and for what is no value of the axis, as the day 0."""
        point = self._point(description)
        if point is None or not self.axis.is_time:
            return point
        try:
            self.axis.moment(point)
        except OverflowError:
            return None
        return point

    def _point(self, description: str | None) -> float | None:
        text = (description or "").strip().strip("'")
        if not self.function:
            return self.axis.point(text)
        try:
            number = int(text)
        except ValueError:
            return None
        if self.function == "to_days":
            return (number - DAY_OF_EPOCH) * self._day
        if self.function == "to_seconds":
            return (number / SECONDS_A_DAY - DAY_OF_EPOCH) * self._day
        if self.function == "year":
            return self.axis.point(f"{number:04}-01-01")
        return float(number - self._unix_epoch)

    def expression(self, point: float) -> str:
        """The bound at the point, as ``VALUES LESS THAN`` takes it."""
        number = None
        if self.function == "year":
            number = self.axis.moment(point).year
        elif self.function == "unix_timestamp":
            number = round(point) + self._unix_epoch
        elif not self.axis.is_time:
            number = round(point)
        text = self.axis.moment(point).isoformat(sep=" ") if self.axis.is_time else ""
        return bound_expression(self.function, text.removesuffix(" 00:00:00"), number)

    @property
    def _day(self) -> float:
        return 1.0 if self.axis.type_name == "date" else float(SECONDS_A_DAY)

    @property
    def _unix_epoch(self) -> int:
        """Seconds from 1970 to the axis' own beginning."""
        return 10_957 * SECONDS_A_DAY


def range_key(snapshot: Snapshot, table: Table) -> RangeKey | None:
    """None where the table is not in ranges of one column by a known function."""
    partitioning = table.mysql.partitioning if table.mysql is not None else None
    found = KEY.match(partitioning.expression) if partitioning is not None else None
    if partitioning is None or found is None or not partitioning.method.startswith("RANGE"):
        return None
    column = table.column(found["column"].replace("``", "`"))
    axis = axis_of(column, zone_of(snapshot)) if column is not None else None
    function = next((one for one in FUNCTIONS if one == (found["function"] or "").lower()), None)
    if column is None or axis is None or function is None:
        return None
    fits = (axis.is_time and axis.type_name != "timestamptz") if function != "unix_timestamp" else axis.is_time
    return RangeKey(column, axis, function) if fits or not function else None


def mysql_partitioned_table(snapshot: Snapshot, table: Table) -> PartitionedTable | None:
    """See ``partitioned_table``. None also for versions of rows (``SYSTEM_TIME``), which have no key."""
    partitioning = table.mysql.partitioning if table.mysql is not None else None
    kind = KINDS.get(partitioning.method.removeprefix("LINEAR ").split(" ")[0]) if partitioning is not None else None
    if partitioning is None or kind is None:
        return None
    key = range_key(snapshot, table)
    found = KEY.match(partitioning.expression)
    column = table.column(found["column"].replace("``", "`")) if found is not None else None
    parts = [_part(table, key, name, list(own)) for name, own in groupby(partitioning.partitions, lambda p: p.name)]
    lower: float | None = None
    limited = []
    for part, upper in parts:
        limited.append(Partition(part.table, lower, upper, part.is_default, part.own_name))
        lower = upper
    limited.sort(key=lambda part: part.is_default)
    return PartitionedTable(table, kind, column, key.axis if key is not None else None, tuple(limited))


def mysql_leaves(table: Table) -> Iterator[Table]:
    """Partitions, or their subpartitions, by the names that EXPLAIN gives them."""
    partitioning = table.mysql.partitioning if table.mysql is not None else None
    for part in partitioning.partitions if partitioning is not None else ():
        name = part.name if part.subpartition is None else f"{part.name}_{part.subpartition}"
        yield _stand_in(table, name, (part,))


def bounds(key: RangeKey, parts: Iterable[Part]) -> list[Bound]:
    """Of parts whose upper limits are texts of the axis."""
    found = []
    for part in parts:
        point = key.axis.point(part.upper) if part.upper is not None else None
        found.append(Bound(part.name, MAXVALUE if point is None else key.expression(point)))
    return found


def _part(table: Table, key: RangeKey | None, name: str, own: list[Described]) -> tuple[Partition, float | None]:
    described = own[0].description
    is_default = described in (MAXVALUE, "DEFAULT")
    upper = key.point(described) if key is not None and not is_default else None
    return Partition(_stand_in(table, name, own), is_default=is_default, own_name=name), upper


def _stand_in(table: Table, name: str, own: Iterable[Described]) -> Table:
    rows, pages, size = 0.0, 0, 0
    for part in own:
        rows += part.rows if part.statistics_rows is None else part.statistics_rows
        pages += part.clustered_pages or 0
        size += part.data_bytes
    block = max(1, table.total_bytes // max(1, table.file_pages))
    pages = pages or -(-size // block)
    return Table(partition_table(table.name, name), (), tuples=rows, pages=pages, file_pages=pages, total_bytes=size)
