"""The smallest error in the row estimates that makes a new plan cost more than the old one.

Each place where an estimate may be wrong (a scan, a join) is tried with more rows and with fewer, and both plans are
costed with them. A plan is called safe only where it stays the better one for every error that has to be reckoned with
there, so the verdict leans to the risky side.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dbtune.model.plan import Plan
from dbtune.model.risk import PlanRisk
from dbtune.planner.robustness.known import Known
from dbtune.planner.robustness.places import LARGEST, Place, places
from dbtune.planner.robustness.recosting import Misestimate, Recosting
from dbtune.planner.robustness.scattered import ScatteredReads, scattered_reads
from dbtune.planner.robustness.sizes import NO_SIZES, Sizes
from dbtune.planner.robustness.tree import Node
from dbtune.planner.robustness.words import (
    dearer_words,
    gain_words,
    holds_words,
    known_words,
    loses_words,
    scattered_words,
)

STEPS = (1.1, 1.25, 1.5, 2.0, 3.0, 5.0, 8.0, 15.0, 30.0, 60.0, 120.0, 300.0, 1000.0, 3000.0, LARGEST)
"""Errors that are tried, from the smallest on."""

HALVINGS = 5
"""Of the step in which the new plan begins to lose: factors up to 60 are within 2% then, larger ones within 4%."""

SAME_COST = 1e-6
"""Relative difference of two costs that are the same but for rounding."""

CHEAP = 40.0
"""Planner units, of a lookup of a few pages: what is dearer than before and still as cheap harms nobody."""

LEAST_GAIN = 0.15
"""A plan that is cheaper by less than this share is within the error of the cost model itself, unless it does the same
with another index."""


@dataclass(frozen=True)
class BreakEven:
    """Where the new plan begins to lose. ``factor`` above 1: with more rows than estimated; below: with fewer."""

    place: Place
    factor: float

    @property
    def margin(self) -> float:
        """The error it stands as a multiple of the error to reckon with; below 1 is risky."""
        return self.size / self.place.doubt

    @property
    def size(self) -> float:
        """The error, whichever way it goes; at least 1."""
        return max(self.factor, 1 / self.factor)


def break_evens(before: Plan, after: Plan, sizes: Sizes = NO_SIZES) -> tuple[BreakEven, ...]:
    """Every place whose misestimate can make the new plan lose, the least margin first."""
    return _break_evens(Recosting(before, sizes), Recosting(after, sizes), sizes)


def _break_evens(old: Recosting, new: Recosting, sizes: Sizes) -> tuple[BreakEven, ...]:
    found = list(_found(old, new, places(old.tree, new.tree, sizes=sizes)))
    return tuple(sorted(found, key=lambda one: one.margin))


def _found(old: Recosting, new: Recosting, all_places: Sequence[Place]) -> Iterator[BreakEven]:
    for place in all_places:
        for direction in (1, -1):
            most = place.most if direction > 0 else LARGEST
            factor = _break_even(old, new, place, direction, most)
            if factor is not None:
                yield BreakEven(place, factor)


def _break_even(old: Recosting, new: Recosting, place: Place, direction: int, most: float) -> float | None:
    def loses(size: float) -> bool:
        scenario = (Misestimate(place.relations, size**direction),)
        return new.cost(scenario) > old.cost(scenario)

    holds = 1.0
    for step in STEPS:
        size = min(step, most)
        if size > holds and loses(size):
            for _ in range(HALVINGS):
                middle = (holds * size) ** 0.5
                holds, size = (holds, middle) if loses(middle) else (middle, size)
            return size**direction
        if step >= most:
            return None
        holds = size
    return None


def plan_risk(
    before: Plan,
    after: Plan,
    sizes: Sizes = NO_SIZES,
    known: Known | None = None,
    recosted: Recosting | None = None,
) -> PlanRisk | None:
    """The risk of taking the new plan in place of the old one; None where it does the same at the same cost.

    ``recosted``: the old plan's, which remembers what it was asked, where several new plans are held against it.
    """
    if before.shape == after.shape:
        return None
    old, new = recosted or Recosting(before, sizes), Recosting(after, sizes)
    alike = _skeleton(old.tree) == _skeleton(new.tree)
    if alike and abs(after.cost - before.cost) <= SAME_COST * before.cost:
        return None  # one index in place of its like
    if after.cost > before.cost:
        slight = after.cost <= CHEAP or (alike and after.cost <= (1 + LEAST_GAIN) * before.cost)
        return PlanRisk("safe" if slight else "risky", dearer_words(before.cost, after.cost))
    evens = _break_evens(old, new, sizes)
    seen = _seen_to_lose(old, new, evens, known)
    if seen is not None:
        return seen
    least = _most_telling(evens)
    if least is not None and least.margin < 1:
        names = least.place.relations
        words = loses_words(new.tree, names, least.factor, least.place.why)
        return PlanRisk("risky", words, least.factor, tuple(sorted(names)), _ratio(known, names))
    reads = _unpaid_reads(old, new, before.cost - after.cost, sizes)
    if reads is not None:
        return PlanRisk("risky", scattered_words(new.tree, reads), relations=(reads.alias,))
    if after.cost > (1 - LEAST_GAIN) * before.cost and not alike:
        return PlanRisk("risky", gain_words(before.cost, after.cost))
    if least is None:
        return PlanRisk("safe", holds_words(new.tree, None, None))
    names = least.place.relations
    return PlanRisk(
        "safe", holds_words(new.tree, names, least.factor), least.factor, tuple(sorted(names)), _ratio(known, names)
    )


def _most_telling(evens: Sequence[BreakEven]) -> BreakEven | None:
    """One within doubt where there is any; then the smallest error, and of equal ones that of fewest relations."""

    def key(one: BreakEven) -> tuple[bool, int, int]:
        return (one.margin >= 1, round(math.log(one.size, 1.2)), len(one.place.relations))

    return min(evens, key=key, default=None)


def worst_risk(risks: Sequence[PlanRisk | None]) -> PlanRisk | None:
    """The one that says most against the change; None where no plan changes."""
    found = [one for one in risks if one is not None]

    def key(one: PlanRisk) -> tuple[bool, float]:
        factor = one.factor if one.factor is not None else (1.0 if one.level == "risky" else LARGEST)
        return (one.level != "risky", max(factor, 1 / factor))

    return min(found, key=key, default=None)


def _seen_to_lose(old: Recosting, new: Recosting, evens: Sequence[BreakEven], known: Known | None) -> PlanRisk | None:
    """Risky where the rows that an execution had make the new plan the dearer one."""
    if known is None:
        return None
    for one in evens:
        ratio = known.ratios.get(one.place.relations)
        if ratio is not None and (ratio > one.factor > 1 or ratio < one.factor < 1):
            names = one.place.relations
            words = known_words(new.tree, names, ratio, one.factor)
            return PlanRisk("risky", words, one.factor, tuple(sorted(names)), ratio)
    if any(new.cost(scenario) > old.cost(scenario) for scenario in known.scenarios):
        worst = max(known.ratios, key=lambda names: max(known.ratios[names], 1 / known.ratios[names]))
        words = known_words(new.tree, worst, known.ratios[worst], None)
        return PlanRisk("risky", words, None, tuple(sorted(worst)), known.ratios[worst])
    return None


def _ratio(known: Known | None, relations: frozenset[str]) -> float | None:
    return None if known is None else known.ratios.get(relations)


def _unpaid_reads(old: Recosting, new: Recosting, gain: float, sizes: Sizes) -> ScatteredReads | None:
    """The inner scan whose pages eat up the gain, with others or alone; what the old plan reads too is left out."""
    there = {(one.alias, one.driver) for one in scattered_reads(old.tree, sizes)}
    found = [one for one in scattered_reads(new.tree, sizes) if (one.alias, one.driver) not in there]
    if sum(one.excess for one in found) <= gain:
        return None
    return max(found, key=lambda one: one.excess)


def _skeleton(node: Node) -> tuple[object, ...]:
    """The plan without the indexes' names: equal where only another index of the same table is read the same way."""
    kind = "Index Scan" if node.source.type == "Index Only Scan" else node.source.type
    return (kind, node.source.alias, node.source.join_type, tuple(_skeleton(child) for child in node.inputs))
