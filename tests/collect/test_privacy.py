"""No real value stays where privacy is asked for, and the planner's figures do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.collect.privacy import apply_privacy
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Column, ColumnStatistics, Table
from dbtune.model.snapshot import Server, Snapshot


def snapshot_of(*columns: Column) -> Snapshot:
    return Snapshot(
        Server("postgres", "18.0", 180000, "d"), "", "", tables=(Table(QualifiedName("public", "t"), columns),)
    )


def all_statistics(snapshot: Snapshot) -> Iterator[tuple[str, ColumnStatistics]]:
    for table in snapshot.tables:
        for column in table.columns:
            for found in (column.statistics, column.inherited_statistics):
                if found is not None:
                    yield column.type_category, found
        for index in table.indexes:
            for found in index.facts.key_statistics if index.facts else ():
                if found is not None:
                    yield "expression", found


def values(found: ColumnStatistics) -> set[str]:
    return {
        *found.most_common_vals,
        *found.histogram_bounds,
        *found.most_common_elems,
        *found.range_bounds_histogram,
        *found.range_length_histogram,
    }


def test_none_changes_nothing(everything: Snapshot) -> None:
    assert apply_privacy(everything, "none") is everything


def test_drop(everything: Snapshot) -> None:
    private = apply_privacy(everything, "drop")
    assert private.privacy == "drop"
    for (_, found), (_, before) in zip(all_statistics(private), all_statistics(everything), strict=True):
        assert values(found) == set()
        assert found.most_common_freqs == ()
        assert (found.null_frac, found.n_distinct, found.avg_width, found.correlation) == (
            before.null_frac,
            before.n_distinct,
            before.avg_width,
            before.correlation,
        )
    assert private.limits[-1].what == "real values in the statistics"
    assert b"example.org" not in msgspec.json.encode(private)
    assert b"Neil" not in msgspec.json.encode(private)
    assert apply_privacy(private, "hash") is private
    assert apply_privacy(private, "drop") is private


def test_hash(everything: Snapshot) -> None:
    private = apply_privacy(everything, "hash")
    assert private.privacy == "hash"
    text = msgspec.json.encode(private)
    for secret in (b"example.org", b"Neil", b"1990-02-01", b"somebody", b"say "):
        assert secret in msgspec.json.encode(everything), secret
        assert secret not in text, secret
    for (category, found), (_, before) in zip(all_statistics(private), all_statistics(everything), strict=True):
        if category == "S":
            assert found.most_common_freqs == before.most_common_freqs
            assert len(found.histogram_bounds) == len(before.histogram_bounds)
            assert found.histogram_bounds == tuple(sorted(found.histogram_bounds))
            assert sorted(map(len, values(found))) == sorted(map(len, values(before)))
        elif category in "EB":
            assert found == before  # the schema names them all
        elif category != "A":
            assert values(found) == set()
    tags = private.tables[0].column("tags")
    assert tags is not None
    assert tags.statistics is not None
    assert tags.statistics.most_common_elems[0] == ""
    assert list(tags.statistics.most_common_elems) == sorted(tags.statistics.most_common_elems)
    assert tags.statistics.most_common_elem_freqs[-3:] == (0.5, 1.0, 0.0)


def test_equal_values_have_equal_tokens_in_one_snapshot_only() -> None:
    column = Column(
        "a", "text", 1, type_category="S", statistics=ColumnStatistics(0, 5, 2, ("apple", "pears"), (0.5, 0.3))
    )
    one = apply_privacy(snapshot_of(column, replace(column, name="b")), "hash")
    first, second = (found for _, found in all_statistics(one))
    assert first.most_common_vals == second.most_common_vals
    other = apply_privacy(snapshot_of(column), "hash")
    assert next(all_statistics(other))[1].most_common_vals != first.most_common_vals


def test_short_values_that_have_no_token_left_go_with_their_frequency() -> None:
    letters = tuple(chr(number) for number in range(0x4E00, 0x4E00 + 60))
    column = Column(
        "a", "text", 1, type_category="S", statistics=ColumnStatistics(0, 1, 60, letters, tuple([0.01] * 60))
    )
    ((_, found),) = all_statistics(apply_privacy(snapshot_of(column), "hash"))
    assert 30 < len(found.most_common_vals) <= 36
    assert len(set(found.most_common_vals)) == len(found.most_common_vals) == len(found.most_common_freqs)


@given(st.lists(st.text(max_size=12), unique=True, max_size=20))
def test_tokens_are_as_long_as_the_values(texts: list[str]) -> None:
    column = Column(
        "a",
        "text",
        1,
        type_category="S",
        statistics=ColumnStatistics(0, 5, -1, tuple(texts), tuple(0.01 for _ in texts)),
    )
    ((_, found),) = all_statistics(apply_privacy(snapshot_of(column), "hash"))
    lengths = [len(text) for text in texts]
    for token in found.most_common_vals:
        lengths.remove(len(token))
    assert all(length == 1 for length in lengths)  # only those run out of tokens
    assert len(set(found.most_common_vals)) == len(found.most_common_vals)


@pytest.mark.parametrize("category", ["N", "D", "U", "R", "X"])
def test_other_types_are_dropped_by_hash(category: str) -> None:
    column = Column(
        "a", "x", 1, type_category=category, statistics=ColumnStatistics(0.1, 4, 9, ("1",), (0.5,), ("2", "3"), 0.7)
    )
    ((_, found),) = all_statistics(apply_privacy(snapshot_of(column), "hash"))
    assert found == ColumnStatistics(0.1, 4, 9, correlation=0.7)
