"""Partial B-trees: where a constant condition leaves few of the rows, only those are indexed."""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.candidates.btree import MAXIMUM_KEYS, key_lists
from dbtune.candidates.keys import condition, conjuncts, share_of_rows
from dbtune.candidates.registry import Use, candidate_kind
from dbtune.model.access import Predicate
from dbtune.model.schema import Index, IndexKey

LARGEST_SHARE = 0.2
"""Of the table's rows: beyond it a whole index is hardly larger and serves more statements."""

SMALLEST_SHARE = 1e-5
"""Below it the constant is one value of many (an id), not a state."""

MOST_VALUES = 12
"""Distinct values of a column whose value may be a state; with more, the next call asks for another one."""


@candidate_kind("partial")
def partial(use: Use) -> Iterator[Index]:
    """For each rare constant condition: the other keys of this use, on those rows only."""
    for predicate in conjuncts(use):
        where = condition(predicate)
        if where is None or not _is_state(use, predicate):
            continue
        lists = dict.fromkeys(
            tuple(k for k in keys if k.column != predicate.column)[:MAXIMUM_KEYS] for keys in key_lists(use)
        )
        some = [keys for keys in lists if keys and len({k.text for k in keys}) == len(keys)]
        for keys in some or list(_primary_key(use)):
            yield use.index(keys, predicate=where)


def _is_state(use: Use, predicate: Predicate) -> bool:
    share = share_of_rows(use, predicate)
    column = use.column(predicate.column)
    if share is None or column is None or column.statistics is None or not SMALLEST_SHARE <= share <= LARGEST_SHARE:
        return False
    if predicate.kind != "equal":
        return True
    # a reference to another table's row is what calls differ by
    refers = any(column.name in key.columns for key in use.table.foreign_keys)
    return not refers and column.statistics.distinct_values(use.rows) <= MOST_VALUES


def _primary_key(use: Use) -> Iterator[tuple[IndexKey, ...]]:
    if use.table.primary_key is not None:
        yield tuple(IndexKey(name) for name in use.table.primary_key.columns)
