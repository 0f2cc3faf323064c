"""What the choice is: indexes with their gain, price and evidence."""

from __future__ import annotations

from dataclasses import dataclass, field

from dbtune.model.plan import EMPTY_CONFIGURATION, Configuration
from dbtune.model.recommendation import Frontier, StatementEvidence
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
class Selection:
    """The chosen set, each index after those that its figures take as given.

    ``cost_before`` is the cost of the workload as it is, ``cost_after`` that with the whole set.
    """

    chosen: tuple[Chosen, ...] = ()
    configuration: Configuration = EMPTY_CONFIGURATION
    cost_before: float = 0.0
    cost_after: float = 0.0
    frontier: Frontier = field(default_factory=Frontier)

    @property
    def bytes(self) -> int:
        return sum(chosen.bytes for chosen in self.chosen)
