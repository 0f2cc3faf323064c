"""Growing a set: the best package first, then the best beside it, until none is worth it or none fits.

Under a budget a package is judged by its gain for its size; how much the size weighs is the caller's to say, since
either extreme goes wrong (small indexes first leaves no room for the large one that gains most, and the reverse).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from dbtune.candidates.generate import serves
from dbtune.model.plan import Configuration
from dbtune.model.schema import Index
from dbtune.select.search import Search, Standing
from dbtune.select.useful import Package

BLOCK = 8192.0


@dataclass(frozen=True)
class _Step:
    """A package that can be taken, and the set with it."""

    package: Package
    score: float
    indexes: frozenset[Index]


def grow(search: Search, start: Standing, size_weight: float = 0.0, banned: frozenset[Index] = frozenset()) -> Standing:
    """The set grown from ``start`` without the banned ones.

    A package scores net gain / pages ** ``size_weight``: 0 by gain alone, 1 by gain for each page. Lazy: what a
    package was last known to gain is its bound, since what is taken first leaves less to gain.
    """
    standing = start
    bounds = {package: search.gains_alone.get(package, float("inf")) for package in search.packages}
    bounds = {package: bound for package, bound in bounds.items() if not package & banned}
    while bounds and not search.is_late:
        step = _best(search, standing, bounds, size_weight)
        if step is None:
            break
        del bounds[step.package]
        standing = search.standing(Configuration(step.indexes))
    return standing


def _best(search: Search, standing: Standing, bounds: dict[Package, float], size_weight: float) -> _Step | None:
    sets = {package: _with(standing.indexes, package) for package in bounds}
    weights = {p: _weight(search, standing, indexes, size_weight) for p, indexes in sets.items() if indexes is not None}
    best: _Step | None = None
    for package in sorted(weights, key=lambda p: -bounds[p] / weights[p]):
        if search.is_late or (best is not None and bounds[package] / weights[package] <= best.score):
            break
        indexes = sets[package]
        if indexes is None or not search.fits(indexes):
            del bounds[package]  # the space left only becomes less
            continue
        gain, changed = search.net_gain(standing, indexes)
        bounds[package] = gain
        if not standing.indexes:
            search.gains_alone[package] = gain
        score = gain / weights[package]
        if search.pays(standing.costs, changed, gain) and (best is None or score > best.score):
            best = _Step(package, score, indexes)
    return best


def _with(have: frozenset[Index], package: Package) -> frozenset[Index] | None:
    """The set with the package, and without what that makes superfluous; None where it holds it already."""
    new = package - have
    if not new or any(serves(old, index) for index in new for old in have):
        return None
    return frozenset(old for old in have if not any(serves(index, old) for index in new)) | new


def _weight(search: Search, standing: Standing, indexes: frozenset[Index], size_weight: float) -> float:
    grown = search.prices.sizes(indexes) - search.prices.sizes(standing.indexes)
    return math.pow(max(grown, BLOCK) / BLOCK, size_weight)
