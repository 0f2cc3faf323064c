"""Two indexes merged into one that does the work of both."""

from __future__ import annotations

import pytest

from dbtune.model.names import QualifiedName
from dbtune.model.schema import Column, ColumnStatistics, Index, IndexKey, Table
from dbtune.model.snapshot import Server, Snapshot
from dbtune.select.merging import merged

NAME = QualifiedName("public", "t")
WIDE = ColumnStatistics(avg_width=70)
SNAPSHOT = Snapshot(
    Server("postgres", "17.0", 170000, "shop"),
    "2025-01-01T00:00:00+00:00",
    "0",
    schemas=("public",),
    tables=(
        Table(
            NAME,
            (
                *(Column(name, "integer", number, length=4) for number, name in enumerate("abcdefghi", 1)),
                Column("wide", "text", 10, statistics=WIDE),
                Column("broad", "text", 11, statistics=WIDE),
            ),
        ),
    ),
)


def on(keys: str, include: str = "", *, predicate: str | None = None, method: str = "btree") -> Index:
    index = Index("", NAME, tuple(IndexKey(key) for key in keys.split()), method, tuple(include.split()))
    named = f"idx_{keys}_{include}_{predicate}_{method}".replace(" ", "_")
    return Index(named, NAME, index.keys, method, index.include, predicate=predicate)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (on("a", "b"), on("a", "c"), [("a", "b c")]),
        (on("a", "b"), on("a c"), [("a c", "b")]),
        (on("a", "c"), on("a c", "b"), []),  # the longer one holds all of it
        (on("a"), on("a b"), []),
        (on("a", "c"), on("b", "d"), []),
        (on("a b", "c"), on("b a", "d"), []),
        (on("a", "b"), on("a", "c", predicate="d = 1"), []),
        (on("a"), on("a", method="gin"), []),
        (on("a", "b c d e"), on("a", "f g h"), []),  # too many
        (on("a", "wide"), on("a", "broad"), []),  # too wide
    ],
)
def test_pairs(one: Index, other: Index, expected: list[tuple[str, str]]) -> None:
    found = merged({one: 3.0, other: 4.0}, [one, other], SNAPSHOT)
    assert [(" ".join(index.columns), " ".join(index.include)) for index in found] == expected
    assert all(gain == 7.0 for gain in found.values())


def test_what_is_a_candidate_already_is_not_made_again() -> None:
    one, other, both = on("a", "b"), on("a", "c"), on("a", "b c")
    assert merged({one: 1.0, other: 1.0}, [one, other, both], SNAPSHOT) == {}


def test_names_are_new() -> None:
    one, other = on("a", "b"), on("a", "c")
    (first,) = merged({one: 1.0, other: 1.0}, [one, other], SNAPSHOT)
    namesake = Index(first.name, NAME, (IndexKey("i"),))
    (second,) = merged({one: 1.0, other: 1.0}, [one, other, namesake], SNAPSHOT)
    assert first.name == "idx_t_a_incl_b_c"
    assert second.shape == first.shape
    assert second.name != first.name
