"""A set grown package by package on the plans that are known: always there, whatever the time, and the floor of the
integer programme.

A package scores net gain / pages ** ``size_weight``: 0 by gain alone, 1 by gain for each page. Source: Schlosser,
Kossmann and Boissier, "Efficient Scalable Multi-Attribute Index Selection Using Recursive Strategies" (Extend), ICDE
2019, with what plans read together in the place of single attributes.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dbtune.model.schema import Index
from dbtune.select.model import Model
from dbtune.select.plan_space import NOTHING, Package

SIZE_WEIGHTS = (1.0, 0.5, 0.0)
"""Ways to score: either extreme goes wrong (small indexes first leaves no room for the large one, and the reverse)."""

BLOCK = 8192.0


@dataclass(frozen=True, eq=False)
class Step:
    """The set after one more package: its size in bytes and its objective in planner units.

    It holds what was added to the step before: thousands of steps with a whole set each would take gigabytes.
    """

    added: Package
    bytes: int
    objective: float
    before: Step | None = None

    @property
    def indexes(self) -> Package:
        """The whole set, put together from all steps."""
        found: set[Index] = set()
        step: Step | None = self
        while step is not None:
            found |= step.added
            step = step.before
        return frozenset(found)


class Growth:
    """One growing set and the workload's costs under it."""

    def __init__(self, model: Model, readers: Mapping[Index, Iterable[str]], start: Package) -> None:
        self._model = model
        self._readers = readers
        self._names: dict[Package, tuple[str, ...]] = {}
        self.indexes = start
        self.costs = model.costs(start)
        self.bytes = model.prices.sizes(start)

    def gain(self, added: Package) -> float:
        """Planner units saved, net of what writes pay."""
        together, spaces = self.indexes | added, self._model.spaces
        names = self._touched(added)
        saved = sum(self.costs[name] - spaces[name].cost(together, self.costs[name]) for name in names)
        return saved - self._model.prices.write_costs(added)

    def take(self, added: Package) -> None:
        self.indexes |= added
        self.bytes += self._model.prices.sizes(added)
        for name in self._touched(added):
            self.costs[name] = self._model.spaces[name].cost(self.indexes)

    def _touched(self, added: Package) -> tuple[str, ...]:
        """Statements that may read one of these, always in the same order."""
        if added not in self._names:
            names = (name for index in sorted(added, key=_name) for name in self._readers.get(index, ()))
            self._names[added] = tuple(dict.fromkeys(names))
        return self._names[added]


def grown(
    model: Model,
    budget_bytes: int | None,
    size_weight: float,
    start: Package = NOTHING,
    banned: Package = NOTHING,
) -> tuple[Step, ...]:
    """The sets on the way from ``start``, the last one where nothing more gains or fits. Asks the planner nothing."""
    growth = Growth(model, model.readers(), start)
    objective = sum(growth.costs.values()) + model.prices.write_costs(start)
    steps = [Step(start, growth.bytes, objective)]
    queue: list[tuple[float, int, Package]] = []
    packages = [package for package in model.packages() if not package & banned]
    for number, package in enumerate(packages):
        _push(queue, growth, model, size_weight, number, package)
    while queue:
        score, number, package = heapq.heappop(queue)
        added = package - growth.indexes
        if not added:
            continue
        if budget_bytes is not None and growth.bytes + model.prices.sizes(added) > budget_bytes:
            continue
        gain = growth.gain(added)
        now = _score(model, added, gain, size_weight)
        if now < -score * (1 - 1e-9):  # what was taken meanwhile leaves less: look again when its turn comes
            _push(queue, growth, model, size_weight, number, package)
            continue
        growth.take(added)
        objective -= gain
        steps.append(Step(added, growth.bytes, objective, steps[-1]))
    return tuple(steps)


def best_grown(model: Model, budget_bytes: int | None, start: Package = NOTHING, banned: Package = NOTHING) -> Package:
    """The best of the sets that the different ways to score lead to."""
    ends = [grown(model, budget_bytes, weight, start, banned)[-1] for weight in SIZE_WEIGHTS]
    return min(ends, key=lambda step: (step.objective, step.bytes)).indexes


def _push(
    queue: list[tuple[float, int, Package]], growth: Growth, model: Model, weight: float, number: int, package: Package
) -> None:
    added = package - growth.indexes
    gain = growth.gain(added) if added else 0.0
    if gain > 0:
        heapq.heappush(queue, (-_score(model, added, gain, weight), number, package))


def _score(model: Model, added: Package, gain: float, size_weight: float) -> float:
    return gain / math.pow(max(model.prices.sizes(added), BLOCK) / BLOCK, size_weight)


def _name(index: Index) -> str:
    return index.name
