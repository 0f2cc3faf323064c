"""A second look at a set that fills its budget: is there something better for the space that one index takes?

Taking packages one by one cannot undo an early choice. Here each index in turn is taken out and the space filled anew
without it; what is better stays. Source: local search over index sets as in Relaxation, Bruno and Chaudhuri, "Automatic
Physical Database Tuning: A Relaxation-based Approach", SIGMOD 2005, simplified.
"""

from __future__ import annotations

from dbtune.model.schema import Index
from dbtune.select.growth import grow
from dbtune.select.search import NONE, Search, Standing

SIZE_WEIGHTS = (1.0, 0.5)
"""Ways to fill: by gain for each page, and between that and by gain alone."""

MOST_EXCHANGES = 6

LEAST_SPACE = 0.05
"""Of the budget: what takes less does not stand in the way of much."""

LEAST_PROGRESS = 0.1
"""Of what an index must gain at least: an exchange that saves less is not worth its time."""


def exchange(search: Search, start: Standing) -> Standing:
    """A set no worse than ``start`` and within the same budget."""
    standing = start
    for _ in range(MOST_EXCHANGES):
        better = _better(search, standing)
        if better is None:
            break
        standing = better
    return standing


def _better(search: Search, standing: Standing) -> Standing | None:
    wanted = search.objective(standing) - LEAST_PROGRESS * standing.least_gain
    for index in _large(search, standing):
        victim = frozenset({index})
        without = search.changed(standing, NONE, victim)
        for size_weight in SIZE_WEIGHTS:
            if search.is_late:
                return None
            other = grow(search, without, size_weight, victim)
            if search.objective(other) < wanted:
                return other
    return None


def _large(search: Search, standing: Standing) -> list[Index]:
    """Those whose space is worth having, the largest first."""
    least = LEAST_SPACE * (search.budget_bytes or 0)
    found = [index for index in standing.indexes if search.prices.size(index) >= least]
    return sorted(found, key=lambda index: (-search.prices.size(index), index.name))
