"""Which ways to partition a table are thought of."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dbtune.candidates.partitions import KeyUse, partition_candidates
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Column, ColumnStatistics, Table

NOW = datetime(2026, 3, 15, tzinfo=UTC)
RANGE, VALUE = KeyUse(by_range=1.0), KeyUse(by_value=1.0)
STATES = ColumnStatistics(
    n_distinct=4, most_common_vals=("sent", "new", "paid", "done"), most_common_freqs=(0.4, 0.3, 0.2, 0.1)
)


def titles(type_name: str, statistics: ColumnStatistics, use: KeyUse, pages: int = 50_000) -> list[str]:
    category = {"text": "S", "bool": "B"}.get(type_name, "N")
    column = Column(
        "k", type_name, 1, type_name=QualifiedName("pg_catalog", type_name), type_category=category,
        statistics=statistics,
    )  # fmt: skip
    table = Table(QualifiedName("public", "t"), (column,), tuples=1e6, pages=pages, file_pages=pages)
    return [f"{one.title}: {len(one.parts)}" for one in partition_candidates(table, {"k": use}, 0.5, NOW)]


def over(*bounds: str) -> ColumnStatistics:
    return ColumnStatistics(n_distinct=-1, histogram_bounds=bounds)


@pytest.mark.parametrize(
    ("type_name", "statistics", "use", "expected"),
    [
        # the present month, four ahead, and a default
        (
            "date",
            over("2025-01-01", "2026-03-14"),
            RANGE,
            ["by week of k: 68", "by month of k: 20", "by quarter of k: 10"],
        ),
        # long ended: two ahead
        ("date", over("2015-01-01", "2019-12-31"), RANGE, ["by week of k: 265", "by month of k: 63",
                                                          "by quarter of k: 23", "by year of k: 8"]),
        ("int8", over("0", "1000000"), RANGE, ["by ranges of 100,000 of k: 16", "by ranges of 20,000 of k: 56",
                                               "by ranges of 10,000 of k: 106"]),
        # no bound beyond the greatest value
        ("int4", over("0", "2147000000"), RANGE, ["by ranges of 200,000,000 of k: 12",
                                                  "by ranges of 50,000,000 of k: 44",
                                                  "by ranges of 20,000,000 of k: 109"]),
        ("int8", over("0", "1000000"), VALUE, ["by hash of k: 16"]),
        ("text", STATES, VALUE, ["by list of k: 5"]),
        ("text", over("a", "z"), RANGE, []),
        ("bool", STATES, VALUE, []),
        ("date", over("0001-01-01", "9999-12-31"), RANGE, []),
        ("date", over("9990-01-01", "9999-12-31"), RANGE, []),
        ("date", over("2025-01-01", "2025-01-01"), RANGE, []),
        ("date", over("2025-01-01", "2026-03-14"), KeyUse(), []),
    ],
)  # fmt: skip
def test_candidates(type_name: str, statistics: ColumnStatistics, use: KeyUse, expected: list[str]) -> None:
    assert titles(type_name, statistics, use) == expected


def test_small_partitions_are_not_thought_of() -> None:
    assert titles("date", over("2015-01-01", "2019-12-31"), RANGE, pages=1_000) == ["by year of k: 8"]
