"""The workload as the plans known so far make it: what any set of candidates costs, without asking the planner."""

from __future__ import annotations

from collections.abc import Mapping

from dbtune.model.schema import Index
from dbtune.select.plan_space import Package, PlanSpace
from dbtune.select.prices import Prices


class Model:
    """All plan spaces. Costs in planner units over the workload, sizes in bytes."""

    def __init__(self, spaces: Mapping[str, PlanSpace], prices: Prices) -> None:
        self.spaces = spaces
        self.prices = prices
        self._in_order: dict[Package, tuple[Index, ...]] = {}

    @property
    def today(self) -> float:
        """Cost of all statements without any candidate."""
        return sum(space.today for space in self.spaces.values())

    def packages(self) -> tuple[Package, ...]:
        """What a known plan reads, each once, and each index of it alone; in a fixed order."""
        found: dict[Package, None] = {}
        for space in self.spaces.values():
            for package in space.plans:
                if package:
                    found.setdefault(package)
                    found.update((frozenset({index}), None) for index in sorted(package, key=lambda i: i.name))
        return tuple(found)

    def in_order(self, package: Package) -> tuple[Index, ...]:
        """The package's indexes, always in the same order."""
        if package not in self._in_order:
            self._in_order[package] = tuple(sorted(package, key=lambda i: (i.table, i.name)))
        return self._in_order[package]

    def readers(self) -> Mapping[Index, tuple[str, ...]]:
        """Statements of which a known plan reads the index."""
        found: dict[Index, dict[str, None]] = {}
        for name, space in self.spaces.items():
            for package in space.plans:
                for index in package:
                    found.setdefault(index, {})[name] = None
        return {index: tuple(names) for index, names in found.items()}

    def costs(self, indexes: Package) -> dict[str, float]:
        """By statement."""
        return {name: space.cost(indexes) for name, space in self.spaces.items()}

    def objective(self, indexes: Package) -> float:
        """Cost of all statements, with what writes pay."""
        return sum(self.costs(indexes).values()) + self.prices.write_costs(indexes)

    def promised(self, indexes: Package) -> float:
        """The same by the planner's own word, risky plans credited in full."""
        return sum(space.promised(indexes) for space in self.spaces.values()) + self.prices.write_costs(indexes)

    def gains(self) -> Mapping[Index, float]:
        """For each index the most that a plan with it saves, shared out among all indexes that the plan reads."""
        found: dict[Index, float] = {}
        for space in self.spaces.values():
            for package, cost in space.plans.items():
                for index in package:
                    found[index] = max(found.get(index, 0.0), (space.today - cost) / len(package))
        return found
