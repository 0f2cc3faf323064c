"""What planners share that ask the target's own EXPLAIN and estimate what an index would change in its answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import replace
from typing import Self

from dbtune.model.errors import PlanFailed
from dbtune.model.plan import EMPTY_CONFIGURATION, Confidence, Configuration, Plan, PlanNode
from dbtune.model.schema import Index
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Instance, Limit


class EstimatingPlanner(ABC):
    """The target's own plans, and estimates for B-tree indexes added to them. A context manager; not thread-safe."""

    def __init__(self, snapshot: Snapshot, model: Limit) -> None:
        """``model`` says what is estimated, and what is not."""
        self._snapshot = snapshot
        self._model = model
        self._plans: dict[Instance, Plan] = {}

    @property
    def name(self) -> str:
        return "explain"

    @property
    def confidence(self) -> Confidence:
        return "estimated"

    @property
    def limits(self) -> tuple[Limit, ...]:
        return (self._model,)

    def prepare(self, candidates: Iterable[Index]) -> tuple[Index, ...]:
        """B-trees on whole columns only: the models have no formula for anything else."""
        return tuple(c for c in candidates if c.method == "btree" and c.is_plain and self._snapshot.table(c.table))

    def plan(self, instance: Instance, configuration: Configuration = EMPTY_CONFIGURATION) -> Plan:
        """The target's plan, with reads replaced where an added index makes them cheaper.

        Raises PlanFailed with the server's reason, or where the plan uses an index that is to be dropped.
        """
        plan = self._plans.get(instance)
        if plan is None:
            plan = self._plans[instance] = self._explained(instance)
        dropped = self._dropped(plan, configuration) if configuration.drop else None
        if dropped is not None:
            raise PlanFailed(f"plain EXPLAIN cannot plan without {dropped}, which the plan uses")
        if not configuration.add:
            return plan
        return replace(plan, root=self._with_indexes(plan.root, configuration))

    def _dropped(self, plan: Plan, configuration: Configuration) -> str | None:
        """An index that the plan uses and the configuration drops."""
        gone = {(i.name, i.table) for i in self._snapshot.indexes if i.full_name in configuration.drop}
        names = {name for name, _ in gone}
        for node in plan.root.walk():
            if node.index in names and (node.relation is None or (node.index, node.relation) in gone):
                return node.index
        return None

    @abstractmethod
    def index_bytes(self, index: Index) -> int:
        """Size once built, by dbtune's own model."""

    @property
    def keeps_schema(self) -> str:
        """See ``Planner.keeps_schema``."""
        other = "shadow" if self._snapshot.server.dialect == "postgres" else "scratch"
        return f"plain EXPLAIN plans with the tables as they are; --planner {other} tries others"

    def changed(self, snapshot: Snapshot) -> None:
        """None: only the database as it is can be asked."""
        return

    def another(self) -> None:
        """One session on the target is enough."""
        return

    @abstractmethod
    def close(self) -> None:
        """End the session. May be called more than once."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @abstractmethod
    def _explained(self, instance: Instance) -> Plan:
        """The target's plan as it is today. Raises PlanFailed with the server's reason."""

    @abstractmethod
    def _with_indexes(self, root: PlanNode, configuration: Configuration) -> PlanNode:
        """The plan with cheaper reads by the configuration's indexes."""
