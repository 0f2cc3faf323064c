"""The ground of the search: sets of indexes with the workload's costs under them, and what is worth while."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from dbtune.model.plan import EMPTY_CONFIGURATION, Configuration
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


@dataclass(frozen=True)
class Standing:
    """A set of indexes, and by fingerprint the cost of one call under it."""

    configuration: Configuration
    costs: Mapping[str, float]

    @property
    def indexes(self) -> frozenset[Index]:
        return self.configuration.add


@dataclass
class Search:
    """One search: what is asked, the limits, and what has been learned of the packages so far."""

    prices: Prices
    budget_bytes: int | None
    min_gain: float
    deadline: float | None
    packages: list[Package] = field(default_factory=list)
    gains_alone: dict[Package, float] = field(default_factory=dict)
    """Net gain of a package with nothing beside it, where it is known: a bound of what it gains beside others."""

    was_short_of_space: bool = False
    """Something useful did not fit into the budget."""

    def __post_init__(self) -> None:
        self.today = self.standing(EMPTY_CONFIGURATION)

    @property
    def is_late(self) -> bool:
        return self.deadline is not None and time.monotonic() >= self.deadline

    def standing(self, configuration: Configuration) -> Standing:
        costs = {name: self.prices.likely_cost(name, configuration) for name in self.prices.statements}
        return Standing(configuration, costs)

    def fits(self, indexes: Iterable[Index]) -> bool:
        if self.budget_bytes is None or self.prices.sizes(indexes) <= self.budget_bytes:
            return True
        self.was_short_of_space = True
        return False

    def objective(self, standing: Standing) -> float:
        """What the search makes small: the workload's cost and what writes pay, in planner units."""
        reads = sum(self.prices.weighted(name, cost) for name, cost in standing.costs.items())
        return reads + sum(self.prices.write_cost(index) for index in standing.indexes)

    def net_gain(self, standing: Standing, indexes: frozenset[Index]) -> tuple[float, dict[str, float]]:
        """What another set would gain, net of writes, and the costs that would change."""
        differing = standing.indexes ^ indexes
        reached = frozenset[str]().union(*(self.prices.reach(index) for index in differing))
        gain, changed = 0.0, {}
        for name in reached:
            before, after = standing.costs[name], self.prices.likely_cost(name, Configuration(indexes))
            gain += self.prices.weighted(name, before) - self.prices.weighted(name, after)
            if abs(after - before) > CHANGED * before:
                changed[name] = after
        paid = sum(self.prices.write_cost(i) for i in indexes - standing.indexes)
        spared = sum(self.prices.write_cost(i) for i in standing.indexes - indexes)
        return gain - paid + spared, changed

    def pays(self, before: Mapping[str, float], after: Mapping[str, float], gain: float) -> bool:
        """Whether the gain is worth an index. ``after`` holds the costs that change, ``before`` all of them."""
        if gain <= 0:
            return False
        if gain >= self.least_gain(before, after.keys()):
            return True
        return any(
            before[name] >= NOTICEABLE_COST and cost <= (1 - STATEMENT_GAIN) * before[name]
            for name, cost in after.items()
        )

    def least_gain(self, costs: Mapping[str, float], touched: Collection[str] = ()) -> float:
        """What an index must save: ``min_gain`` of the cost that is left, of today's cost, and of what it touches.

        The dearest statement is left out of the first two, since a runaway would hide all others; of today's cost a
        part is enough, since what other indexes have saved is not there to be saved again.
        """
        left, today = self._without_dearest(costs), self._without_dearest(self.today.costs)
        own = sum(self.prices.statements[name].calls * costs[name] for name in touched)
        return self.min_gain * max(left, NEXT_TO_NOTHING * today, own)

    def _without_dearest(self, costs: Mapping[str, float]) -> float:
        whole = [self.prices.statements[name].calls * cost for name, cost in costs.items()]
        return sum(whole) - max(whole, default=0.0)
