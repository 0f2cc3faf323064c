"""What a predicate leaves of a table, by its statistics."""

from __future__ import annotations

import pytest

from dbtune.model.names import QualifiedName
from dbtune.model.schema import Column, ColumnStatistics, Table
from dbtune.planner.sizes.conjuncts import conjuncts
from dbtune.planner.sizes.predicates import part_of


def _column(name: str, type_name: str, category: str, statistics: ColumnStatistics) -> Column:
    return Column(
        name,
        type_name,
        1,
        type_name=QualifiedName("pg_catalog", type_name),
        type_category=category,
        statistics=statistics,
    )


TABLE = Table(
    QualifiedName("public", "orders"),
    (
        _column(
            "status",
            "text",
            "S",
            ColumnStatistics(0.0, 5, 4, ("done", "open", "new"), (0.5, 0.25, 0.2), histogram_bounds=()),
        ),
        _column("amount", "int4", "N", ColumnStatistics(0.1, 4, -0.5, histogram_bounds=tuple(map(str, range(101))))),
        _column("paid", "bool", "B", ColumnStatistics(0.2, 1, 2, ("t", "f"), (0.6, 0.2))),
        _column("deleted_at", "timestamptz", "D", ColumnStatistics(0.98, 8, -0.02)),
    ),
)

CASES = [
    (None, 1.0),
    ("status = 'open'", 0.25),
    ("(status = 'open'::text)", 0.25),
    ("((status)::text = ANY ((ARRAY['open'::character varying, 'new'::character varying])::text[]))", 0.45),
    ("status IN ('open', 'new')", 0.45),
    ("status = 'other'", 0.05),
    ("status <> 'done'", 0.45),
    ("NOT (status = 'done')", 0.5),
    ("deleted_at IS NULL", 0.98),
    ("deleted_at IS NOT NULL", 0.02),
    ("NOT (deleted_at IS NULL)", 0.02),
    ("paid", 0.6),
    ("NOT paid", 0.2),
    ("paid IS TRUE", 0.6),
    ("amount >= 90", 0.9 * 11 / 101),
    ("amount BETWEEN 10 AND 19", 0.9 * 10 / 101),
    ("amount < 50 AND status = 'open'", 0.25 * 0.9 * 50 / 101),
    ("amount >= 40 AND amount < 60", 0.9 * 20 / 101),
    ("status = 'open' OR status = 'new'", 0.25 + 0.2 - 0.25 * 0.2),
    ("lower(status) = 'open'", 0.005),
    ("this is ( not SQL", 1 / 3),
]


@pytest.mark.parametrize(("predicate", "share"), CASES)
def test_share_of_the_rows(predicate: str | None, share: float) -> None:
    assert part_of(TABLE, predicate, 1_000_000).share == pytest.approx(share, rel=0.02)


def test_an_equality_pins_its_column() -> None:
    part = part_of(TABLE, "status = 'open'", 1_000_000)
    assert part.pinned == {"status"}
    assert part.statistics["status"].most_common_freqs == (1.0,)


def test_a_range_keeps_only_what_lies_in_it() -> None:
    statistics = part_of(TABLE, "amount >= 90", 1_000_000).statistics["amount"]
    assert statistics.null_frac == 0.0
    assert statistics.histogram_bounds == tuple(map(str, range(90, 101)))
    assert statistics.n_distinct == pytest.approx(500_000 * 11 / 101)


def test_conditions_of_a_filter_as_explain_prints_it() -> None:
    found = conjuncts("((orders.amount >= 5) AND (orders.status = 'open'::text) AND (lower(x) = 'y'::text))", TABLE)
    assert [(c.column, c.equality) for c in found] == [("amount", False), ("status", True), (None, True)]


def test_a_condition_between_two_columns_serves_no_index() -> None:
    assert [c.column for c in conjuncts("(orders.amount = orders.other)", TABLE)] == [None]


def test_values_of_a_list_are_in_an_order_of_their_own() -> None:
    """And not in that of a set of strings, which is another one in each process."""
    part = part_of(TABLE, "status IN ('open', 'gone', 'new', 'far', 'done', 'away')", 1_000_000)
    assert part.statistics["status"].most_common_vals == ("away", "done", "far", "gone", "new", "open")
