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
    cost_before: float
    """Of the workload as it is."""
    cost_after: float
    """``cost_before`` less what this index saves beside all the other chosen ones: what would be lost without it."""
    bytes: int
    write_cost: float
    statements: tuple[StatementEvidence, ...]
    """Whose cost it changes, the largest change first."""

    @property
    def gain(self) -> float:
        """Planner units saved over the workload, beside the others; writes not yet deducted."""
        return self.cost_before - self.cost_after


@dataclass(frozen=True)
class Selection:
    """The chosen set. ``cost_before`` is that of the workload as it is, ``cost_after`` that with the whole set."""

    chosen: tuple[Chosen, ...] = ()
    configuration: Configuration = EMPTY_CONFIGURATION
    cost_before: float = 0.0
    cost_after: float = 0.0

    @property
    def bytes(self) -> int:
        return sum(chosen.bytes for chosen in self.chosen)
