"""What the choice is: indexes with their gain, price and evidence."""

from __future__ import annotations

from dataclasses import dataclass

from dbtune.model.plan import EMPTY_CONFIGURATION, Configuration
from dbtune.model.recommendation import StatementEvidence
from dbtune.model.schema import Index


@dataclass(frozen=True)
class Chosen:
    """One index of the selection. Costs in planner units over the whole workload (calls times cost)."""

    index: Index
    kind: str
    beside: Configuration
    """The indexes chosen before it, which its figures take as given."""
    cost_before: float
    """Of the workload with these."""
    cost_after: float
    """With this one, too."""
    bytes: int
    write_cost: float
    statements: tuple[StatementEvidence, ...]
    """Whose cost it changes, the largest change first."""

    @property
    def gain(self) -> float:
        """Planner units saved over the workload, writes not yet deducted."""
        return self.cost_before - self.cost_after


@dataclass(frozen=True)
class FrontierPoint:
    """What a space can do: bytes of all new indexes, and the workload's cost with the best set known of that size."""

    bytes: int
    cost: float
    """Planner units over the workload, with what writes pay."""
    indexes: int
    """How many."""


@dataclass(frozen=True)
class Frontier:
    """Gain against size, and what is proved about the choice."""

    points: tuple[FrontierPoint, ...] = ()
    """From no index to the most that pays, each cheaper than the one before it."""
    budget_bytes: int | None = None
    """That the choice kept to; None: no limit."""
    bound: float | None = None
    """No set of the candidates within the budget makes the workload cheaper; planner units, with what writes pay.

    It takes for granted that another index never makes a plan dearer, which holds but for the 1% by which the planner
    lets paths count as equal."""
    cost: float | None = None
    """The chosen set's, counted as the bound is."""

    @property
    def distance(self) -> float | None:
        """By what share of its cost the choice may be dearer than the best set, at most (0 to 1)."""
        if self.bound is None or not self.cost:
            return None
        return max(0.0, 1.0 - self.bound / self.cost)


@dataclass(frozen=True)
class Selection:
    """The chosen set, each index after those that its figures take as given.

    ``cost_before`` is the cost of the workload as it is, ``cost_after`` that with the whole set.
    """

    chosen: tuple[Chosen, ...] = ()
    configuration: Configuration = EMPTY_CONFIGURATION
    cost_before: float = 0.0
    cost_after: float = 0.0
    frontier: Frontier = Frontier()

    @property
    def bytes(self) -> int:
        return sum(chosen.bytes for chosen in self.chosen)
