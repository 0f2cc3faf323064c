"""The one question everything asks: what would this statement cost if these indexes were there, or were not?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from dbtune.model.plan import EMPTY_CONFIGURATION, Confidence, Configuration, Plan
from dbtune.model.schema import Index
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Instance, Limit


class Planner(Protocol):
    """A what-if planner, bound to one snapshot. Not thread-safe."""

    @property
    def name(self) -> str:
        """For the report: ``shadow (Postgres 15.8)``, ``hypopg``, ``explain``."""

    @property
    def confidence(self) -> Confidence:
        """The grade that this planner's answers deserve."""

    @property
    def limits(self) -> tuple[Limit, ...]:
        """What could not be reproduced, for the report."""

    def plan(self, instance: Instance, configuration: Configuration = EMPTY_CONFIGURATION) -> Plan:
        """The plan the server would choose. Raises PlanFailed with the server's reason."""

    def prepare(self, candidates: Iterable[Index]) -> tuple[Index, ...]:
        """Tell the planner once which what-if indexes will be asked about (it may build them now).

        Returns those that it can plan with; the others (an operator class that is missing, say) are dropped.
        """

    def index_bytes(self, index: Index) -> int:
        """Predicted size of a what-if index once built, in bytes."""

    def another(self) -> Planner | None:
        """A second planner that answers alike and at the same time, from another thread; None where there is none.

        To be closed before this one.
        """

    @property
    def keeps_schema(self) -> str:
        """Why ``changed`` never gives a planner, for people: ``HypoPG knows …``. Empty where it may give one."""

    def changed(self, snapshot: Snapshot) -> Planner | None:
        """A planner of the same kind for a snapshot of another schema; None where there can be none.

        To be closed before this one. Raises PlannerUnavailable.
        """

    def close(self) -> None:
        """Remove everything that was made for planning. May be called more than once."""
