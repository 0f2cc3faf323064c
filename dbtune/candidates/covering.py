"""Covering B-trees: what the statement reads besides the keys stands in INCLUDE, so the table is not visited."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from dbtune.candidates.btree import MAXIMUM_KEYS, key_lists
from dbtune.candidates.registry import Use, candidate_kind
from dbtune.model.schema import Index, IndexKey, Table

MAXIMUM_INCLUDED = 6
MAXIMUM_INCLUDED_WIDTH = 80
"""Mean bytes of all INCLUDE columns together: a wider index costs more to write and read than it spares."""

LEAST_ALL_VISIBLE = 0.5
"""Share of pages marked all-visible below which an index-only scan visits the table all the same."""


@candidate_kind("covering")
def covering(use: Use) -> Iterator[Index]:
    """Each key list of the B-tree kind, with the other columns that this use reads."""
    for keys in dict.fromkeys(key_lists(use)):
        keys = keys[:MAXIMUM_KEYS]
        include = included(use, keys)
        if include:
            yield use.index(keys, include=include)


def included(use: Use, keys: Sequence[IndexKey], left_out: Collection[str] = frozenset()) -> tuple[str, ...]:
    """What an index with these keys has to include for the use to be read from it alone, but for the columns left
    out; nothing where that cannot be, or is not worth it."""
    names = [k.column for k in keys]
    if not keys or None in names or len(set(names)) < len(names) or not _can_be_covered(use):
        return ()
    rest = sorted(use.use.columns - set(names) - set(left_out))
    if len(rest) > MAXIMUM_INCLUDED or included_width(use.table, rest) > MAXIMUM_INCLUDED_WIDTH:
        return ()
    return tuple(rest)


def _can_be_covered(use: Use) -> bool:
    return not use.use.all_columns and not use.use.written and bool(use.use.columns) and _mostly_visible(use)


def _mostly_visible(use: Use) -> bool:
    if use.table.kind == "partitioned" or use.table.pages == 0:
        return True
    return use.table.all_visible_pages >= LEAST_ALL_VISIBLE * use.table.pages


def included_width(table: Table, names: Iterable[str]) -> float:
    """Mean bytes of a row's values in these columns; infinite for one that cannot be included or is not known."""
    total = 0.0
    for name in names:
        column = table.column(name)
        if column is None or column.generated == "virtual":
            return float("inf")
        known = column.statistics.avg_width if column.statistics is not None else 0
        total += known or (column.length if column.length > 0 else 32)
    return total
