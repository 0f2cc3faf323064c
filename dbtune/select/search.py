"""The ground of the search: sets of indexes with the workload's costs under them, and what is worth while."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dbtune.model.schema import Index
from dbtune.select.prices import Prices
from dbtune.select.useful import Package

CHANGED = 1e-4
"""Relative change of a statement's cost that counts as one."""

NEXT_TO_NOTHING = 0.1
"""Of ``min_gain``: the share of today's cost that counts."""

STATEMENT_GAIN = 0.5
"""An index also pays that halves a statement of some weight, however small its share of the whole workload is."""

NOTICEABLE_COST = 1_000.0
"""Planner units for one call: about 10 ms. A statement below it is fast as it is."""

NONE: frozenset[Index] = frozenset()


@dataclass(frozen=True)
class Standing:
    """A set of indexes and the workload under it."""

    indexes: frozenset[Index]
    near: Mapping[str, frozenset[Index]]
    """By fingerprint: those that reach the statement."""
    costs: Mapping[str, float]
    """By fingerprint, of one call."""
    bytes: int
    least_gain: float
    """What one more index must save of the whole workload, in planner units."""


@dataclass(frozen=True)
class Gain:
    """What a change of the set brings."""

    net: float
    """Planner units over the workload, writes deducted."""
    costs: Mapping[str, float]
    """Of one call, for the statements whose cost changes."""


@dataclass
class Search:
    """One search: what is asked, the limits, and what has been learned so far."""

    prices: Prices
    budget_bytes: int | None
    min_gain: float
    deadline: float | None
    packages: list[Package] = field(default_factory=list)
    best_costs: dict[str, float] = field(default_factory=dict)
    """By fingerprint: the cost of one call with all candidates there. No set makes the statement cheaper than that."""
    gains_seen: dict[Package, float] = field(default_factory=dict)
    """The largest net gain seen of each package that was asked about, beside whatever."""
    was_short_of_space: bool = False
    """Something that may have paid did not fit into the budget."""

    def __post_init__(self) -> None:
        costs = {name: self.prices.likely_cost(name, NONE) for name in self.prices.statements}
        self._today = self._without_dearest(costs)
        self.today = Standing(NONE, dict.fromkeys(costs, NONE), costs, 0, self._least_gain(costs))

    @property
    def is_late(self) -> bool:
        return self.deadline is not None and time.monotonic() >= self.deadline

    def gain(self, standing: Standing, added: frozenset[Index], dropped: frozenset[Index] = NONE) -> Gain:
        """What the set gains by taking in some and letting go of others."""
        net, costs = 0.0, {}
        for name in self.reach(added | dropped):
            before, after = (
                standing.costs[name],
                self.prices.likely_cost(name, self._near(standing, name, added, dropped)),
            )
            net += self.prices.weighted(name, before) - self.prices.weighted(name, after)
            if abs(after - before) > CHANGED * before:
                costs[name] = after
        writes = sum(self.prices.write_cost(i) for i in added) - sum(self.prices.write_cost(i) for i in dropped)
        return Gain(net - writes, costs)

    def changed(self, standing: Standing, added: frozenset[Index], dropped: frozenset[Index] = NONE) -> Standing:
        """The set with some more and without others. Only the statements that these reach are looked at again."""
        near, costs = dict(standing.near), dict(standing.costs)
        for name in self.reach(added | dropped):
            near[name] = self._near(standing, name, added, dropped)
            costs[name] = self.prices.likely_cost(name, near[name])
        size = standing.bytes + self.prices.sizes(added) - self.prices.sizes(dropped)
        return Standing((standing.indexes | added) - dropped, near, costs, size, self._least_gain(costs))

    def reach(self, indexes: Iterable[Index]) -> frozenset[str]:
        """Fingerprints of the statements that any of them may matter to."""
        return frozenset[str]().union(*(self.prices.reach(index) for index in indexes))

    def room(self, standing: Standing, names: Iterable[str]) -> float:
        """The most that any set could still gain on these statements."""
        weighted = self.prices.weighted
        return sum(weighted(n, standing.costs[n]) - weighted(n, self.best_costs.get(n, 0.0)) for n in names)

    def fits(self, standing: Standing, more_bytes: int) -> bool:
        return self.budget_bytes is None or standing.bytes + more_bytes <= self.budget_bytes

    def objective(self, standing: Standing) -> float:
        """What the search makes small: the workload's cost and what writes pay, in planner units."""
        reads = sum(self.prices.weighted(name, cost) for name, cost in standing.costs.items())
        return reads + sum(self.prices.write_cost(index) for index in standing.indexes)

    def pays(self, standing: Standing, gain: Gain) -> bool:
        """Whether the gain is worth an index: its share of the whole and of what it touches, or a statement's half."""
        if gain.net <= 0:
            return False
        touched = sum(self.prices.statements[name].calls * standing.costs[name] for name in gain.costs)
        if gain.net >= max(standing.least_gain, self.min_gain * touched):
            return True
        return any(_halves(standing.costs[name], cost) for name, cost in gain.costs.items())

    def may_pay(self, standing: Standing, names: Iterable[str], bound: float) -> bool:
        """Whether an index that reaches these statements could pay if it gained as much as ``bound``."""
        if bound <= 0:
            return False
        return bound >= standing.least_gain or any(
            _halves(standing.costs[name], self.best_costs.get(name, 0.0)) for name in names
        )

    def _near(
        self, standing: Standing, name: str, added: frozenset[Index], dropped: frozenset[Index]
    ) -> frozenset[Index]:
        return (standing.near[name] | {index for index in added if name in self.prices.reach(index)}) - dropped

    def _least_gain(self, costs: Mapping[str, float]) -> float:
        """``min_gain`` of the cost that is left, and of a part of today's, since what is saved cannot be saved again.

        The dearest statement is left out of both: a runaway would hide all others.
        """
        return self.min_gain * max(self._without_dearest(costs), NEXT_TO_NOTHING * self._today)

    def _without_dearest(self, costs: Mapping[str, float]) -> float:
        whole = [self.prices.statements[name].calls * cost for name, cost in costs.items()]
        return sum(whole) - max(whole, default=0.0)


def _halves(before: float, after: float) -> bool:
    return before >= NOTICEABLE_COST and after <= (1 - STATEMENT_GAIN) * before
