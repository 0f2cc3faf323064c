"""A smaller index in the place of one that is larger than its gain asks for: shorter, partial or without INCLUDE."""

from __future__ import annotations

from collections.abc import Iterable

from dbtune.candidates.generate import serves
from dbtune.model.schema import Index
from dbtune.select.search import NONE, Search, Standing

NEARLY_ALL = 0.02
"""Share of an index's net gain that may be given up for a much smaller one."""

ALL_BUT_FREE = 0.0005
"""The same share, where the smaller index has other keys."""

MUCH_SMALLER = 0.75
"""Of the size: an index below it is much smaller."""

MOST_ALTERNATIVES = 16
"""Smaller candidates that are asked about for one index."""


def slim(search: Search, start: Standing, candidates: Iterable[Index]) -> Standing:
    """The set with smaller candidates where they keep nearly all of what the larger ones save."""
    known = tuple(candidates)
    standing = start
    for index in sorted(start.indexes, key=lambda i: (-search.prices.size(i), i.name)):
        smaller = _replacement(search, standing, index, known)
        while smaller is not None:
            standing = search.changed(standing, frozenset({smaller}), frozenset({index}))
            index, smaller = smaller, _replacement(search, standing, smaller, known)
    return standing


def _replacement(search: Search, standing: Standing, index: Index, known: tuple[Index, ...]) -> Index | None:
    without = search.changed(standing, NONE, frozenset({index}))
    worth = search.gain(without, frozenset({index})).net
    for smaller in _smaller(search, standing, index, known):
        if search.is_late:
            return None
        if any(serves(have, smaller) for have in without.indexes):
            continue
        lost = worth - search.gain(without, frozenset({smaller})).net
        # fewer keys may lose an order or a filter that a busier value would need: that has to be all but free
        bearable = NEARLY_ALL if smaller.keys == index.keys or smaller.predicate is not None else ALL_BUT_FREE
        # of a runaway's gain a small share is still a lot: what another index would be built for is not given up
        if lost < min(bearable * worth, standing.least_gain):
            return smaller
    return None


def _smaller(search: Search, standing: Standing, index: Index, known: tuple[Index, ...]) -> list[Index]:
    """Candidates for the same statements that take much less space, the smallest first."""
    prices = search.prices
    found = [
        other
        for other in known
        if other.table == index.table
        and other not in standing.indexes
        and prices.reach(other) & prices.reach(index)
        and prices.size(other) < MUCH_SMALLER * prices.size(index)
    ]
    return sorted(found, key=lambda other: (prices.size(other), other.name))[:MOST_ALTERNATIVES]
