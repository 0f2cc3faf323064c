"""BRIN: a few pages that say which ranges of a large table can hold a value, where the table lies in that order."""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.candidates.keys import can_be_key, conjuncts, key
from dbtune.candidates.registry import Use, candidate_kind
from dbtune.model.schema import Index

LEAST_CORRELATION = 0.95
LEAST_PAGES = 10_000
"""80 MB: below it a B-tree is small too."""


@candidate_kind("brin")
def brin(use: Use) -> Iterator[Index]:
    """For ranges over a column that follows the table's physical order."""
    if use.pages < LEAST_PAGES:
        return
    for predicate in conjuncts(use):
        column = use.column(predicate.column)
        if predicate.kind != "range" or column is None or not can_be_key(column):
            continue
        correlation = column.statistics.correlation if column.statistics is not None else None
        if correlation is not None and abs(correlation) >= LEAST_CORRELATION:
            yield use.index((key(column.name),), method="brin")
