"""Secondary indexes of InnoDB: B-trees whose entries end with the primary key, where the rows themselves lie.

So the primary key's columns need no place at the end of an index, and count when a statement is to be read from the
index alone. There is no INCLUDE: what such a statement reads besides is a key as well.

Source: MySQL manual, "Clustered and Secondary Indexes", "Column Indexes", "Descending Indexes"; MariaDB's handbook,
"Getting Started with Indexes".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dbtune.candidates.btree import MAXIMUM_KEYS, Keys, Wanted, arranged
from dbtune.candidates.covering import MAXIMUM_INCLUDED, MAXIMUM_INCLUDED_WIDTH
from dbtune.candidates.innodb_keys import (
    MAXIMUM_PARTS,
    can_be_whole_key,
    column_key,
    fits,
    order_keys,
    ranked,
    stored_bytes,
)
from dbtune.candidates.keys import conjuncts, fixed_columns
from dbtune.candidates.registry import Use, candidate_kind
from dbtune.model.schema import Index, IndexKey
from dbtune.model.snapshot import Dialect
from dbtune.planner.mysql.index_size import clustered_columns

DIALECTS: tuple[Dialect, ...] = ("mysql", "mariadb")


@candidate_kind("btree", DIALECTS)
def secondary(use: Use) -> Iterator[Index]:
    """For the predicates, the joins and the order of this use, and for parts of them."""
    for keys in _key_lists(use):
        shortened = without_clustered(use, keys)
        if fits(use, shortened) and not _is_in_primary_key(use, shortened):
            yield use.index(shortened)


@candidate_kind("covering", DIALECTS)
def covering(use: Use) -> Iterator[Index]:
    """The same with all else that the use reads as further keys, so that the rows are not visited."""
    if use.use.all_columns or use.use.written or not use.use.columns:
        return
    for keys in _key_lists(use):
        names = {key.column for key in keys}
        if None in names or any(key.prefix_length is not None for key in keys):
            continue
        rest = _not_held(use, names)
        if rest is None or not rest:
            continue
        wide = without_clustered(use, (*keys, *(IndexKey(name) for name in rest)))
        if fits(use, wide) and not _is_in_primary_key(use, wide):
            yield use.index(wide)


def without_clustered(use: Use, keys: Keys) -> Keys:
    """The shortest list that, with the primary key at its end, begins with these keys."""
    clustered = [column.name for column in clustered_columns(use.table)]
    if len(clustered) == 1:  # after it no key narrows anything, so it may as well stand at the end
        keys = (*keys[:1], *(key for key in keys[1:] if key.column != clustered[0] or key.descending))
    for length in range(1, len(keys)):
        first = keys[:length]
        held = {key.column for key in first if key.prefix_length is None}
        whole = (*first, *(IndexKey(name) for name in clustered if name not in held))
        if whole[: len(keys)] == tuple(keys):
            return first
    return keys


def _key_lists(use: Use) -> Iterator[Keys]:
    """Each once; those with columns that are too long for a whole key, with a prefix of them."""
    wanted = _wanted(use)
    seen: set[Keys] = set()
    if use.use.limit and wanted.equal and wanted.order:
        # the order costs some bytes, and spares a sort of all rows of the values that have most of them
        seen.update(wanted.equal[:length] for length in range(1, len(wanted.equal) + 1))
    for keys in arranged(wanted):
        keys = keys[:MAXIMUM_KEYS]
        if keys and keys not in seen and len({key.text for key in keys}) == len(keys):
            seen.add(keys)
            yield keys


def _wanted(use: Use) -> Wanted:
    order = order_keys(use, use.use.order_by)
    group = [key.column for key in use.use.group_by if key.column is not None]
    return Wanted(
        tuple(_keys(use, ranked(use, fixed_columns(use)))),
        tuple(_keys(use, _ranges(use))),
        tuple(_keys(use, dict.fromkeys(join.column for join in use.use.joins))),
        order,
        tuple(IndexKey(name) for name in group if can_be_whole_key(use.column(name), use)),
        tuple(IndexKey(name) for _, name in use.use.aggregates if can_be_whole_key(use.column(name), use)),
    )


def _keys(use: Use, names: Iterable[str]) -> Iterator[IndexKey]:
    for name in names:
        found = column_key(use, name)
        if found is not None:
            yield found


def _ranges(use: Use) -> Iterator[str]:
    for predicate in conjuncts(use):
        if predicate.kind in ("range", "prefix") and predicate.column is not None:
            yield predicate.column


def _is_in_primary_key(use: Use, keys: Sequence[IndexKey]) -> bool:
    """Whether the keys begin with the whole primary key: the rows themselves are in that order."""
    clustered = [column.name for column in clustered_columns(use.table)]
    return bool(clustered) and [key.column for key in keys[: len(clustered)]] == clustered


def _not_held(use: Use, names: set[str | None]) -> tuple[str, ...] | None:
    """What else is read and not in every entry already; None where that cannot be in a key, or is not worth it."""
    held = names | {column.name for column in clustered_columns(use.table)}
    rest = sorted(use.use.columns - held)
    if len(rest) > MAXIMUM_INCLUDED or len(names) + len(rest) > MAXIMUM_PARTS:
        return None
    columns = [use.column(name) for name in rest]
    if not all(can_be_whole_key(column, use) for column in columns):
        return None
    width = sum(stored_bytes(column) for column in columns if column is not None)
    return tuple(rest) if width <= MAXIMUM_INCLUDED_WIDTH else None
