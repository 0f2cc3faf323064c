"""Points on a column's line, calendar ranges, and their names."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.model.names import QualifiedName
from dbtune.model.partitioning import PartitionScheme, Width
from dbtune.planner.partitions.axis import Axis
from dbtune.planner.partitions.ranges import beginning, following, range_scheme

EVENTS = QualifiedName("public", "events")
TIMES = ("date", "timestamp", "timestamptz")


def scheme(axis: Axis, width: Width, first: str, last: str, table: QualifiedName = EVENTS) -> PartitionScheme:
    ends = axis.point(first), axis.point(last)
    assert ends[0] is not None and ends[1] is not None
    return range_scheme(table, "at", axis, width, ends[0], ends[1])


@pytest.mark.parametrize(
    ("type_name", "width", "first", "last", "bounds", "names"),
    [
        (
            "date",
            Width("month"),
            "2025-11-30",
            "2026-01-01",
            ["2025-11-01", "2025-12-01", "2026-01-01", "2026-02-01"],
            ["p20251101", "p20251201", "p20260101"],
        ),
        ("date", Width("week"), "2026-03-08", "2026-03-09", ["2026-03-02", "2026-03-09", "2026-03-16"], None),
        ("date", Width("quarter"), "2026-02-01", "2026-04-01", ["2026-01-01", "2026-04-01", "2026-07-01"], None),
        (
            "timestamp",
            Width("hour"),
            "2026-01-01 00:59:59.5",
            "2026-01-01 01:00:00",
            ["2026-01-01 00:00:00", "2026-01-01 01:00:00", "2026-01-01 02:00:00"],
            ["p20260101_000000", "p20260101_010000"],
        ),
        ("int8", Width("number", 1000), "-1", "1999", ["-1000", "0", "1000", "2000"], ["pm1000", "p0", "p1000"]),
    ],
)
def test_ranges(
    type_name: str, width: Width, first: str, last: str, bounds: list[str], names: list[str] | None
) -> None:
    found = scheme(Axis(type_name), width, first, last)
    ranges = [part for part in found.parts if not part.is_default]
    assert [part.lower for part in ranges] == bounds[:-1]
    assert [part.upper for part in ranges] == bounds[1:]
    assert found.parts[-1].is_default and found.parts[-1].name == "events_default"
    if names is not None:
        assert [part.name for part in ranges] == [f"events_{name}" for name in names]


def test_months_begin_in_the_servers_zone() -> None:
    axis = Axis("timestamptz", ZoneInfo("Europe/Zurich"))
    found = scheme(axis, Width("month"), "2026-03-15 12:00:00+00", "2026-04-15 12:00:00+00")
    assert [part.lower for part in found.parts[:-1]] == ["2026-02-28 23:00:00+00", "2026-03-31 22:00:00+00"]
    assert [part.name for part in found.parts[:-1]] == ["events_p20260301", "events_p20260401"]


def test_a_long_name_is_cut_and_stays_different() -> None:
    one, other = QualifiedName("public", "x" * 63), QualifiedName("public", "x" * 62 + "y")
    names = [
        scheme(Axis("date"), Width("year"), "2026-01-01", "2026-01-02", table).parts[0].name for table in (one, other)
    ]
    assert all(len(name) <= 63 and name.endswith("_p20260101") for name in names)
    assert names[0] != names[1]


def test_what_a_type_can_hold() -> None:
    assert Axis("int2").greatest == 32767 and Axis("int4").greatest == 2147483647
    assert Axis("date").greatest == float("inf")
    last = scheme(Axis("int4"), Width("number", 10**9), "0", "2147000000").parts[-2]
    assert (last.lower, last.upper) == ("2000000000", None)


def test_thousands_of_partitions_are_refused() -> None:
    with pytest.raises(ValueError, match="more than"):
        scheme(Axis("date"), Width("day"), "1900-01-01", "2026-01-01")


moments = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)).map(lambda one: one.replace(microsecond=0))
widths = st.sampled_from([Width("day"), Width("week"), Width("month"), Width("quarter"), Width("year")])
zones = st.sampled_from([UTC, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")])


@given(moments, st.sampled_from(TIMES), widths, zones)
def test_a_value_lies_in_its_range(moment: datetime, type_name: str, width: Width, zone: ZoneInfo) -> None:
    axis = Axis(type_name, zone)
    point = axis.of_moment(moment)
    start = beginning(axis, width, point)
    assert start <= point < following(axis, width, start)
    assert beginning(axis, width, start) == start
    assert axis.point(axis.text(start)) == start


@given(st.lists(moments, min_size=2, max_size=2, unique=True).map(sorted), widths)
def test_ranges_lie_side_by_side(ends: list[datetime], width: Width) -> None:
    axis = Axis("date")
    first, last = (axis.of_moment(moment) for moment in ends)
    if (last - first) / 28 > 1900 or (width.unit in ("day", "week") and last - first > 1900):
        return
    ranges = range_scheme(EVENTS, "at", axis, width, first, last).parts[:-1]
    assert all(one.upper == other.lower for one, other in pairwise(ranges))
    assert axis.point(ranges[0].lower or "") is not None
    assert len({part.name for part in ranges}) == len(ranges)


@pytest.mark.parametrize("text", ["infinity", "-infinity", "0044-03-15 BC", "20000-01-01"])
def test_what_has_no_point(text: str) -> None:
    assert Axis("date").point(text) is None
    assert Axis("timestamptz").point(text) is None
