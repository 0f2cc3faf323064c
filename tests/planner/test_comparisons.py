"""Comparisons between columns of a row, by the columns' distributions alone."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.model.names import QualifiedName
from dbtune.model.schema import Column, ColumnStatistics, Table
from dbtune.planner.sizes.predicates import part_of


def _numbers(name: str, low: int, high: int, nulls: float = 0.0) -> Column:
    bounds = tuple(str(low + (high - low) * hundredth // 100) for hundredth in range(101))
    return _column(name, "int4", "N", ColumnStatistics(nulls, 4, -0.5, histogram_bounds=bounds))


def _days(name: str, first: date) -> Column:
    bounds = tuple((first + timedelta(days=10 * tenth)).isoformat() for tenth in range(101))
    return _column(name, "date", "D", ColumnStatistics(0.0, 4, 1000, histogram_bounds=bounds))


def _column(name: str, type_name: str, category: str, statistics: ColumnStatistics | None) -> Column:
    return Column(
        name,
        type_name,
        1,
        type_name=QualifiedName("pg_catalog", type_name),
        type_category=category,
        length=4,
        statistics=statistics,
    )


TABLE = Table(
    QualifiedName("public", "t"),
    (
        _numbers("a", 0, 100_000),
        _numbers("b", 0, 100_000),
        _numbers("c", 0, 100_000),
        _numbers("d", 50_000, 150_000),
        _numbers("half", 0, 100_000, nulls=0.5),
        _column("flag", "int4", "N", ColumnStatistics(0.0, 4, 2, ("10", "90000"), (0.75, 0.25))),
        _days("ordered", date(2020, 1, 1)),
        _days("delivered", date(2020, 1, 4)),
        _column(
            "at", "timestamptz", "D", ColumnStatistics(0.0, 8, -1, histogram_bounds=("2021-01-01 00:00:00+00",) * 12)
        ),
        _column("word", "text", "S", ColumnStatistics(0.0, 5, -1, histogram_bounds=("a", "b"))),
        _column("unknown", "int4", "N", None),
    ),
)


@pytest.mark.parametrize(
    ("predicate", "share", "most"),
    [
        ("a < b", 1 / 2, 1.0),
        ("a > b", 1 / 2, 1.0),
        ("NOT (a < b)", 1 / 2, 1.0),
        ("(a)::bigint < (b)::bigint", 1 / 2, 1.0),
        ("a < b AND b < c", 1 / 6, 1.0),
        ("b < c AND (a < b)", 1 / 6, 1.0),
        ("a < b AND a < c", 1 / 3, 1.0),
        ("a < b AND c < d", 1 / 2 * 7 / 8, 1.0),
        ("a = b", 0.0, 1.0),
        ("a <> b", 1.0, 1.0),
        ("a < d", 7 / 8, 1.0),
        ("a > d", 1 / 8, 1 / 2),
        ("d < a", 1 / 8, 1 / 2),
        ("a = d", 0.0, 1 / 2),
        ("a < half", 1 / 4, 1 / 2),
        ("a < flag", 0.25 * 0.9, 0.25),
        ("a < flag AND a >= 50000", 0.25 * 0.4, 0.25),
        ("ordered < delivered", 0.5 + 3 / 90, 1.0),
        ("ordered < delivered AND ordered >= '2021-01-01'", (0.5 + 3 / 90) * 0.635, 0.64),
        ("ordered < at", 0.366, 0.366),
        ("a < word", 1 / 3, 1.0),
        ("a < unknown AND a < b", 1 / 9, 1.0),
        ("a < b OR b < a", 3 / 4, 1.0),
    ],
)
def test_shares(predicate: str, share: float, most: float) -> None:
    part = part_of(TABLE, predicate, 10_000)
    assert part.share == pytest.approx(share, abs=0.015)
    assert part.most == pytest.approx(most, abs=0.015)


def test_a_sampled_share_may_be_off_by_two_standard_errors() -> None:
    seen_whole, sampled = (part_of(TABLE, "flag = 10", rows) for rows in (10_000, 1_000_000))
    assert (seen_whole.share, seen_whole.most) == (0.75, 0.75)
    assert sampled.most == pytest.approx(0.75 + 2 * (0.75 * 0.25 / 30_000) ** 0.5)


def test_two_conditions_may_hold_for_the_same_rows() -> None:
    part = part_of(TABLE, "flag = 90000 AND a < 50000", 10_000)
    assert part.share == pytest.approx(0.125, abs=0.01)
    assert part.most == pytest.approx(0.25)


OPERATORS = ("<", "<=", ">", ">=", "=", "<>")


@given(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from(OPERATORS), st.sampled_from("abcd")), min_size=1, max_size=5
    )
)
def test_the_most_is_never_less_than_the_share(comparisons: list[tuple[str, str, str]]) -> None:
    predicate = " AND ".join(" ".join(one) for one in comparisons)
    part = part_of(TABLE, predicate, 10_000)
    assert 0 <= part.share <= part.most <= 1
    assert part == part_of(TABLE, predicate, 10_000)
