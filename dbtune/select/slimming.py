"""A smaller index in the place of one that is larger than its gain asks for: shorter, partial or without INCLUDE."""

from __future__ import annotations

from collections.abc import Iterable

from dbtune.candidates.generate import serves
from dbtune.model.schema import Index
from dbtune.select.model import Model
from dbtune.select.plan_space import Package

NEARLY_ALL = 0.02
"""Share of an index's net gain that may be given up for a much smaller one."""

ALL_BUT_FREE = 0.0005
"""The same share, where the smaller index has other keys."""

MUCH_SMALLER = 0.75
"""Of the size: an index below it is much smaller."""


def slim(model: Model, start: Package, least_gain: float) -> Package:
    """The set with smaller candidates where they keep nearly all of what the larger ones save, by the known plans.

    ``least_gain``: planner units that would be worth an index of their own, and so are never given up.
    """
    useful = model.useful()
    indexes = start
    for index in sorted(start, key=lambda i: (-model.prices.size(i), i.name)):
        smaller = _replacement(model, indexes, index, useful, least_gain)
        while smaller is not None:
            indexes = (indexes - {index}) | {smaller}
            index, smaller = smaller, _replacement(model, indexes, smaller, useful, least_gain)
    return indexes


def _replacement(
    model: Model, indexes: Package, index: Index, useful: Iterable[Index], least_gain: float
) -> Index | None:
    others = indexes - {index}
    at_present = model.objective(indexes)
    worth = model.objective(others) - at_present
    for smaller in _smaller(model, indexes, index, useful):
        if any(serves(have, smaller) for have in others):
            continue
        lost = model.objective(others | {smaller}) - at_present
        # fewer keys may lose an order or a filter that a busier value would need: that has to be all but free
        bearable = NEARLY_ALL if smaller.keys == index.keys or smaller.predicate is not None else ALL_BUT_FREE
        # of a runaway's gain a small share is still a lot: what another index would be built for is not given up
        if lost < min(bearable * worth, least_gain):
            return smaller
    return None


def _smaller(model: Model, indexes: Package, index: Index, useful: Iterable[Index]) -> list[Index]:
    """Useful candidates on the same table that take much less space, the smallest first."""
    size = model.prices.size
    found = [
        other
        for other in useful
        if other.table == index.table and other not in indexes and size(other) < MUCH_SMALLER * size(index)
    ]
    return sorted(found, key=lambda other: (size(other), other.name))
