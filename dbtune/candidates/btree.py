"""B-trees: equalities first, then one range or the wanted order; join columns alone and with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbtune.candidates.keys import can_be_key, conjuncts, equal_columns, key, order_keys, pattern_key
from dbtune.candidates.registry import Use, candidate_kind
from dbtune.model.schema import Index, IndexKey

MAXIMUM_KEYS = 4
"""Key columns of one candidate; more are rarely worth their width."""

Keys = tuple[IndexKey, ...]


@candidate_kind("btree")
def btree(use: Use) -> Iterator[Index]:
    """An index for the predicates, the joins and the order of this use, and for parts of them."""
    for keys in dict.fromkeys(key_lists(use)):
        if keys and _distinct_columns(keys):
            yield use.index(keys[:MAXIMUM_KEYS])


@dataclass(frozen=True)
class Wanted:
    """What one use asks an index for, as keys that its server can have."""

    equal: Keys
    """Fixed by equalities, the most selective first."""
    ranges: Keys
    joins: Keys
    order: Keys
    """Empty where not all of the order can be had."""
    group: Keys
    extremes: Keys
    """Of ``min`` and ``max``."""


def key_lists(use: Use) -> Iterator[Keys]:
    """Key lists in a fixed order, some of them twice."""
    order = order_keys([k for k in use.use.order_by if k.column is None or can_be_key(use.column(k.column))])
    wanted = Wanted(
        tuple(key(name) for name in equal_columns(use)),
        tuple(_range_keys(use)),
        tuple(key(name) for name in dict.fromkeys(j.column for j in use.use.joins) if can_be_key(use.column(name))),
        order if len(order) == len(use.use.order_by) else (),
        tuple(key(k.column) for k in use.use.group_by if k.column is not None and can_be_key(use.column(k.column))),
        tuple(key(column) for _, column in use.use.aggregates if can_be_key(use.column(column))),
    )
    return arranged(wanted)


def arranged(wanted: Wanted) -> Iterator[Keys]:
    """The key lists that serve it, whole and in parts; some of them twice."""
    equal, ranges, joins, order = wanted.equal, wanted.ranges, wanted.joins, wanted.order
    yield equal
    for one in equal:
        yield (one,)
    yield from ((*equal[:2], *_without(equal[:2], order)), (*equal[:1], *_without(equal[:1], order)), order)
    yield (*equal, *_without(equal, order))
    for one in ranges:
        yield from ((one,), (*equal, *_without(equal, (one,))), (*equal[:1], *_without(equal[:1], (one,))))
    if len(ranges) > 1:
        yield (*equal, *_without(equal, ranges[:2]))
    for join in joins:
        rest = _without((join,), equal)
        yield from ((join,), (join, *rest), (*rest, join))
        for one in ranges:
            yield from ((join, *_without((join,), (one,))), (*rest, join, *_without((*rest, join), (one,))))
        yield (join, *_without((join,), order))
    if len(joins) > 1:
        yield from (joins, tuple(reversed(joins)))
    yield from (wanted.group, (*equal, *_without(equal, wanted.group)))
    for one in wanted.extremes:
        yield (*equal, *_without(equal, (one,)))


def _range_keys(use: Use) -> Iterator[IndexKey]:
    for predicate in conjuncts(use):
        column = use.column(predicate.column)
        if column is None or not can_be_key(column):
            continue
        if predicate.kind == "range":
            yield key(column.name)
        elif predicate.kind == "prefix":
            yield pattern_key(use, column)


def _without(taken: Keys, keys: Keys) -> Keys:
    """The keys whose column is not taken already."""
    columns = {k.column for k in taken}
    return tuple(k for k in keys if k.column is None or k.column not in columns)


def _distinct_columns(keys: Keys) -> bool:
    names = [k.text for k in keys]
    return len(names) == len(set(names))
