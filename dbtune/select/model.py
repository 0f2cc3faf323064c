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

    @property
    def today(self) -> float:
        """Cost of all statements without any candidate."""
        return sum(space.today for space in self.spaces.values())

    def useful(self) -> frozenset[Index]:
        """Candidates that a known plan reads."""
        return frozenset(index for space in self.spaces.values() for package in space.plans for index in package)

    def packages(self) -> tuple[Package, ...]:
        """What a known plan reads, each once, and each index of it alone; in a fixed order."""
        found: dict[Package, None] = {}
        for space in self.spaces.values():
            for package in space.plans:
                if package:
                    found.setdefault(package)
                    found.update((frozenset({index}), None) for index in sorted(package, key=lambda i: i.name))
        return tuple(found)

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

    def promised(self, indexes: Package) -> float:
        """Cost of all statements by the planner's own word, with what writes pay."""
        return sum(space.promised(indexes) for space in self.spaces.values()) + self.prices.write_costs(indexes)

    def gains(self) -> Mapping[Index, float]:
        """For each index the most that a plan with it saves, shared out among all indexes that the plan reads."""
        found: dict[Index, float] = {}
        for space in self.spaces.values():
            for package, cost in space.plans.items():
                for index in package:
                    found[index] = max(found.get(index, 0.0), (space.today - cost) / len(package))
        return found
