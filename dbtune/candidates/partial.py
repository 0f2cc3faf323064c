"""Partial B-trees: where a condition that every call has leaves few of the rows, only those are indexed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbtune.candidates.btree import MAXIMUM_KEYS, key_lists
from dbtune.candidates.covering import included
from dbtune.candidates.keys import condition, conjuncts, share_of_rows
from dbtune.candidates.registry import Use, candidate_kind
from dbtune.model.access import Predicate
from dbtune.model.schema import Index, IndexKey

LARGEST_SHARE = 1 / 3
"""Of the table's rows: beyond it a whole index is hardly larger and serves more statements."""

SMALLEST_SHARE = 1e-5
"""Below it the constant is one value of many (an id), not a state."""

MOST_VALUES = 12
"""Distinct values of a column whose value may be a state; with more, the next call asks for another one."""


@candidate_kind("partial")
def partial(use: Use) -> Iterator[Index]:
    """For each condition of the use that leaves few of the rows: its other keys on those rows only, alone and with
    what else the use reads."""
    for rows in _conditions(use):
        lists = dict.fromkeys(
            tuple(k for k in keys if k.column != rows.fixed)[:MAXIMUM_KEYS] for keys in key_lists(use)
        )
        some = [keys for keys in lists if keys and len({k.text for k in keys}) == len(keys)]
        for keys in some or list(_primary_key(use)):
            yield use.index(keys, predicate=rows.where)
        for keys in some:
            # the condition's own columns need not be read again: the index holds no row for which it is false
            include = included(use, keys, left_out=rows.columns)
            if include:
                yield use.index(keys, include=include, predicate=rows.where)


@dataclass(frozen=True)
class _Condition:
    """What could be the WHERE of an index."""

    where: str
    columns: frozenset[str]
    fixed: str | None = None
    """The column of which only one value is left, so that it is of no use as a key."""


def _conditions(use: Use) -> Iterator[_Condition]:
    for predicate in conjuncts(use):
        where = condition(predicate)
        if where is not None and predicate.column is not None and _is_state(use, predicate):
            yield _Condition(where, frozenset({predicate.column}), predicate.column)
    compared = [p for p in conjuncts(use) if p.kind == "own_columns" and p.expression is not None]
    texts = {p.expression or "": frozenset(p.expression_columns) for p in compared}
    if len(texts) > 1:
        yield _Condition(" AND ".join(sorted(texts)), frozenset[str]().union(*texts.values()))
    for text in sorted(texts):
        yield _Condition(text, texts[text])


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
