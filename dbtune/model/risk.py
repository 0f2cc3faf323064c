"""How much a new plan depends on the planner's row estimates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RiskLevel = Literal["safe", "risky"]


@dataclass(frozen=True)
class PlanRisk:
    """Whether a statement's new plan stays the better one where the planner's row estimates are wrong."""

    level: RiskLevel
    reason: str
    """Why, in a few words: ``holds until 40 times more rows of orders than estimated``."""
    factor: float | None = None
    """Break-even: with this many times the estimated rows (below 1: fewer), the new plan costs as much as the old one.
    None where no error that is possible makes it lose."""
    relations: tuple[str, ...] = ()
    """Tables whose scan or join the error is in, as the statement calls them."""
    known: float | None = None
    """Actual rows there as a multiple of the estimate, where an execution was seen."""
