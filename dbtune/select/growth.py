"""Growing a set: the best package first, then the best beside it, until none is worth it or none fits.

Under a budget a package is judged by its gain for its size; how much the size weighs is the caller's to say, since
either extreme goes wrong (small indexes first leaves no room for the large one that gains most, and the reverse).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from dbtune.candidates.generate import serves
from dbtune.model.schema import Index
from dbtune.select.search import NONE, Gain, Search, Standing
from dbtune.select.useful import Package

BLOCK = 8192.0


@dataclass
class _Option:
    """What taking one package would do to the present set."""

    package: Package
    added: frozenset[Index]
    dropped: frozenset[Index]
    """What the added ones make superfluous."""
    reach: frozenset[str]
    bytes: int
    weight: float
    bound: float
    """The most it can gain, as far as is known."""
    gain: Gain | None = None
    """What it gains; None where it has not been asked since the set changed."""

    @property
    def best_score(self) -> float:
        return (self.gain.net if self.gain is not None else self.bound) / self.weight


def grow(search: Search, start: Standing, size_weight: float = 0.0, banned: frozenset[Index] = NONE) -> Standing:
    """The set grown from ``start`` without the banned ones.

    A package scores net gain / pages ** ``size_weight``: 0 by gain alone, 1 by gain for each page. Lazy: the planner
    is asked about a package only where its bound beats the best so far. The bound is what the statements that it
    reaches could still gain at all, or what it last gained, since what is taken first leaves less.
    """
    standing = start
    packages = (package for package in search.packages if not package & banned)
    options = _present(_option(search, standing, package, size_weight) for package in packages)
    while options and not search.is_late:
        best = _best(search, standing, options)
        if best is None:
            break
        standing = search.changed(standing, best.added, best.dropped)
        left = (option for option in options if option is not best)
        options = _present(_renewed(search, standing, option, best, size_weight) for option in left)
    return standing


def _best(search: Search, standing: Standing, options: list[_Option]) -> _Option | None:
    """The option of the best score that pays and fits. Those that do not fit are taken out: space only gets less."""
    best: _Option | None = None
    for option in sorted(options, key=lambda o: -o.best_score):
        if search.is_late or (best is not None and option.best_score <= best.best_score):
            break
        if option.gain is None and not search.may_pay(standing, option.reach, option.bound):
            continue
        if not search.fits(standing, option.bytes):
            search.was_short_of_space = True
            options.remove(option)
            continue
        if option.gain is None:
            option.gain = search.gain(standing, option.added, option.dropped)
            option.bound = option.gain.net
            seen = search.gains_seen.get(option.package, 0.0)
            search.gains_seen[option.package] = max(seen, option.gain.net)
        if search.pays(standing, option.gain) and (best is None or option.best_score > best.best_score):
            best = option
    return best


def _option(search: Search, standing: Standing, package: Package, size_weight: float) -> _Option | None:
    """None where the set does the package's work already."""
    added = package - standing.indexes
    tables = {index.table for index in added}
    there = [index for index in standing.indexes if index.table in tables]
    if not added or any(serves(old, new) for new in added for old in there):
        return None
    dropped = frozenset(old for old in there if any(serves(new, old) for new in added))
    size = search.prices.sizes(added) - search.prices.sizes(dropped)
    weight = math.pow(max(size, BLOCK) / BLOCK, size_weight)
    reach = search.reach(added | dropped)
    return _Option(package, added, dropped, reach, size, weight, search.room(standing, reach))


def _renewed(search: Search, standing: Standing, option: _Option, taken: _Option, size_weight: float) -> _Option | None:
    """The option after another was taken: as it was where they have no statement in common."""
    moved = taken.added | taken.dropped
    if {index.table for index in option.package} & {index.table for index in moved}:
        renewed = _option(search, standing, option.package, size_weight)
        if renewed is not None and renewed.added == option.added and renewed.dropped == option.dropped:
            renewed.bound = min(renewed.bound, option.bound)
        return renewed
    if option.reach & taken.reach:
        option.gain = None
        option.bound = min(option.bound, search.room(standing, option.reach))
    return option


def _present(options: Iterable[_Option | None]) -> list[_Option]:
    return [option for option in options if option is not None]
