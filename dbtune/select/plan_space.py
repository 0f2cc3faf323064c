"""What one statement can cost, by the candidate indexes that its plans read.

A plan that reads the indexes S costs the same under every set that holds S, and no set makes the statement dearer than
its subsets do (the planner takes the cheapest plan, give or take its 1% fuzz factor). So a few answers of the planner
say much about all sets: with S the plan is there; without one of S, the statement costs at least what the answer
without that index says. Asked again and again without what the best plan reads, the planner takes the space of sets
apart into regions that are exactly known and others with a bound.

Sources: atomic configurations, Chaudhuri and Narasayya, "An Efficient, Cost-Driven Index Selection Tool for Microsoft
SQL Server", VLDB 1997; plans by the indexes that they read, Papadomanolakis, Dash and Ailamaki, "Efficient Use of the
Query Optimizer for Automated Physical Design" (INUM), VLDB 2007; the regions are dbtune's own.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from dbtune.model.schema import Index
from dbtune.select.prices import Prices

Package = frozenset[Index]
"""Candidates that one plan reads."""

NOTHING: Package = frozenset()

LEAST_SHARE = 0.001
"""Of the statement's cost: a plan that saves less is taken for the one without any index."""


@dataclass(frozen=True)
class Region:
    """The sets that hold all of ``holding`` and none of ``without``; the statement costs at least ``bound`` there."""

    holding: Package = NOTHING
    without: Package = NOTHING
    bound: float = 0.0


class PlanSpace:
    """Of one statement. Costs in planner units over the workload (calls times cost)."""

    def __init__(self, fingerprint: str, pool: Collection[Index], prices: Prices) -> None:
        self.fingerprint = fingerprint
        self.pool = frozenset(pool)
        """The candidates that may matter to it."""
        self._prices = prices
        self.today = prices.weighted(fingerprint, NOTHING).cost
        self._plans: dict[Package, float] = {NOTHING: self.today}
        self._risky: dict[Package, float] = {}
        self._regions: list[Region] = [Region()] if self.pool else []

    @property
    def plans(self) -> Mapping[Package, float]:
        """Cost by the candidates that the plan reads."""
        return self._plans

    @property
    def credited(self) -> Mapping[Package, float]:
        """The same, where a risky plan is credited with a part only of what it saves."""
        if not self._risky:
            return self._plans
        return {package: self._credited(package, cost) for package, cost in self._plans.items()}

    @property
    def regions(self) -> tuple[Region, ...]:
        """What has not been looked at yet."""
        return tuple(self._regions)

    @property
    def room(self) -> float:
        """The most that any set may save, as far as is known."""
        return self.today - min(self._plans.values())

    def cost(self, indexes: Package, at_most: float = math.inf) -> float:
        """By the plans known so far, the risky ones credited in part: at least what the planner would say.

        ``at_most``: what a part of the set is known to cost; dearer plans are not looked at.
        """
        for package, cost in self._in_order:
            if cost >= at_most:
                break
            if package <= indexes:
                return cost
        return at_most

    @cached_property
    def _in_order(self) -> list[tuple[Package, float]]:
        """The plans, the cheapest first; made anew when one is learnt or distrusted."""
        return sorted(self.credited.items(), key=lambda plan: plan[1])

    def _forget_order(self) -> None:
        self.__dict__.pop("_in_order", None)

    def promised(self, indexes: Package) -> float:
        """The same with every plan at the planner's own cost: what a report may say."""
        return min(cost for package, cost in self._plans.items() if package <= indexes)

    def distrust(self, package: Package, credit: float) -> bool:
        """Credit the plan with that share (0 to 1) of what it saves; whether that is new."""
        is_new = package not in self._risky
        self._risky[package] = credit
        self._forget_order()
        return is_new

    def _credited(self, package: Package, cost: float) -> float:
        credit = self._risky.get(package)
        return cost if credit is None else self.today - credit * (self.today - cost)

    def learn(self, indexes: Package) -> Package:
        """Ask the planner about a set, and keep the plan: the candidates that it reads."""
        answer = self._prices.weighted(self.fingerprint, indexes & self.pool)
        package = answer.used if self.today - answer.cost >= LEAST_SHARE * self.today else NOTHING
        if answer.cost < self._plans.get(package, float("inf")):
            self._plans[package] = answer.cost
            self._forget_order()
        return package

    def take_over(self, plans: Mapping[Package, float]) -> None:
        """Keep plans that are known from a space of the same statement with another pool."""
        for package, cost in plans.items():
            self._plans[package] = min(cost, self._plans.get(package, cost))
        self._forget_order()

    def explore(self, region: Region) -> tuple[Region, ...]:
        """Look at one region: its best plan is known then, and the regions without one index of that plan each, which
        take its place, are given back."""
        self._regions.remove(region)
        plan = self.learn(self.pool - region.without)
        bound = max(region.bound, self._plans[plan])
        holding = region.holding
        smaller: list[Region] = []
        # most sets lack the large ones: with these first, most sets lie in few regions
        for index in sorted(plan - holding, key=lambda i: (-self._prices.size(i), i.name)):
            smaller.append(Region(holding, region.without | {index}, bound))
            holding |= {index}
        self._regions += smaller
        return tuple(smaller)
