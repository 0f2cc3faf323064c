"""Shares of ranges, statistics cut to them, and the noise of a sample evened out."""

from __future__ import annotations

import random
from statistics import pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.model.schema import ColumnStatistics
from dbtune.planner.partitions.axis import Axis
from dbtune.planner.partitions.distribution import Distribution, as_kept, in_part
from dbtune.planner.partitions.evening import even_out, sampled_rows

INFINITY = float("inf")


@st.composite
def statistics(draw: st.DrawFn) -> ColumnStatistics:
    """Of an integer column: some common values, and a histogram of others."""
    common = draw(st.lists(st.integers(-50, 50), unique=True, max_size=5))
    freqs = tuple(draw(st.floats(0.01, 0.15)) for _ in common)
    bounds = sorted(draw(st.lists(st.integers(-1000, 1000), unique=True, min_size=2, max_size=30)))
    return ColumnStatistics(
        null_frac=draw(st.floats(0, 0.2)),
        n_distinct=draw(st.one_of(st.floats(10, 1000), st.floats(-1, -0.1))),
        most_common_vals=tuple(map(str, common)),
        most_common_freqs=freqs,
        histogram_bounds=tuple(map(str, bounds)),
    )


@given(statistics(), st.lists(st.integers(-1100, 1100), unique=True, max_size=6))
def test_shares_of_all_ranges_together_are_all_rows(kept: ColumnStatistics, cuts: list[int]) -> None:
    distribution = Distribution.of(Axis("int4"), kept)
    edges = [-INFINITY, *sorted(map(float, cuts)), INFINITY]
    total = sum(distribution.share(edges[n], edges[n + 1]) for n in range(len(edges) - 1))
    assert total == pytest.approx(1.0 - kept.null_frac, abs=1e-6)


@given(statistics(), st.integers(-1100, 1000), st.integers(1, 500))
def test_what_is_cut_lies_between_the_points(kept: ColumnStatistics, lower: int, width: int) -> None:
    distribution = Distribution.of(Axis("int4"), kept)
    cut = distribution.cut(float(lower), float(lower + width), 100_000)
    values = [*map(int, cut.most_common_vals), *map(int, cut.histogram_bounds)]
    assert all(lower <= value < lower + width for value in values)
    assert sorted(map(int, cut.histogram_bounds)) == list(map(int, cut.histogram_bounds))
    assert sum(cut.most_common_freqs) <= 1.0 + 1e-6
    assert len(cut.most_common_vals) == len(cut.most_common_freqs)
    assert -1.0 <= cut.n_distinct <= width


def test_few_whole_steps_are_all_listed_as_analyze_does() -> None:
    kept = ColumnStatistics(n_distinct=1000, histogram_bounds=tuple(str(10 * n) for n in range(101)))
    cut = Distribution.of(Axis("int4"), kept).cut(200.0, 230.0, 1_000_000)
    assert sorted(map(int, cut.most_common_vals)) == list(range(200, 230))
    assert sum(cut.most_common_freqs) == pytest.approx(1.0)
    assert cut.histogram_bounds == () and cut.n_distinct == 30


def test_rows_thin_out_in_a_long_last_bucket() -> None:
    kept = ColumnStatistics(n_distinct=-1, histogram_bounds=("0", "10", "20", "30", "70"))
    distribution = Distribution.of(Axis("int4"), kept)
    near, far = distribution.share(30.0, 50.0), distribution.share(50.0, 71.0)
    assert near + far == pytest.approx(0.25)
    assert near > 3 * far


def test_values_in_a_part_of_the_rows() -> None:
    assert in_part(1000, 0.1, 1000) == pytest.approx(100)  # each its own
    assert in_part(10, 0.1, 1_000_000) == pytest.approx(10)  # all are met again
    assert as_kept(50, 100) == -0.5 and as_kept(50, 10_000) == 50


def test_noise_is_evened_out() -> None:
    """Sixty ranges that are all alike, as a sample shows them."""
    chance = random.Random(1)
    drawn = [chance.randrange(60) for _ in range(30_000)]
    shares = [drawn.count(n) / 30_000 for n in range(60)]
    evened = even_out(shares, [1.0] * 60, 30_000)
    assert sum(evened) == pytest.approx(1.0)
    assert pstdev(evened) < 0.5 * pstdev(shares)


def test_what_really_differs_stays() -> None:
    shares = [0.3 if n == 20 else 0.7 / 39 for n in range(40)]
    evened = even_out(shares, [1.0] * 40, 30_000)
    assert evened[20] == pytest.approx(0.3, rel=0.05)
    assert even_out([0.5, 0.5], [1.0, 1.0], 30_000) == [0.5, 0.5]
    assert sampled_rows(101, 1e6) == 30_000 and sampled_rows(101, 500) == 500
