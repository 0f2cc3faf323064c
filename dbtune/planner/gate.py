"""The single gate to the planner: it caches by statement and relevant indexes, counts calls, and keeps the failures.

The planner takes the cheapest plan there is. So a plan that was the best among many indexes, and reads few of them, is
the best among any of them that hold those few: such a question is answered without asking (give or take the planner's
fuzz factor of 1%; ``confirm`` asks). Source: atomic configurations, Chaudhuri and Narasayya, "An Efficient, Cost-Driven
Index Selection Tool for Microsoft SQL Server", VLDB 1997.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from dbtune.model.access import StatementFacts
from dbtune.model.errors import PlanFailed
from dbtune.model.names import QualifiedName
from dbtune.model.plan import EMPTY_CONFIGURATION, Configuration, Plan
from dbtune.model.schema import Index
from dbtune.model.workload import Instance, Statement
from dbtune.planner.crew import Crew
from dbtune.planner.protocol import Planner


@dataclass(frozen=True)
class PlannedStatement:
    """A statement with its facts and the texts by which the planner is asked about it."""

    statement: Statement
    facts: StatementFacts
    instances: tuple[Instance, ...]

    @property
    def fingerprint(self) -> str:
        return self.statement.fingerprint

    @property
    def calls(self) -> float:
        return self.statement.calls


@dataclass(frozen=True)
class StatementCost:
    """Cost of one call in planner units: the weighted mean over the statement's instances, and their plans."""

    cost: float
    plans: tuple[Plan, ...]

    @property
    def indexes(self) -> frozenset[str]:
        """Names of the indexes read by any of the plans."""
        return frozenset(name for plan in self.plans for name in plan.indexes)


@dataclass(frozen=True)
class _Known:
    """What was answered with these indexes added, and those of them that its plans read."""

    added: frozenset[Index]
    used: frozenset[Index]
    answer: StatementCost

    def answers(self, added: frozenset[Index]) -> bool:
        return self.used <= added and added <= self.added


class Gate:
    """Answers what-if questions, never the same one twice."""

    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self.crew = Crew(planner)
        self.hits = 0
        self._counting = Lock()
        self._answers: dict[tuple[str, Configuration], StatementCost] = {}
        self._known: dict[tuple[str, frozenset[QualifiedName]], list[_Known]] = {}

    @property
    def calls(self) -> int:
        """Questions that really went to the planner."""
        return self.crew.asked

    def cost(self, planned: PlannedStatement, configuration: Configuration = EMPTY_CONFIGURATION) -> StatementCost:
        """Cost of one call under the configuration. Raises PlanFailed where no instance can be planned."""
        relevant = relevant_part(planned, configuration)
        answer = self._answers.get((planned.fingerprint, relevant)) or self._implied(planned, relevant)
        if answer is None:
            return self._asked(planned, relevant)
        with self._counting:
            self.hits += 1
        return answer

    def confirm(self, planned: PlannedStatement, configuration: Configuration) -> StatementCost:
        """The same by the planner's own word about this very configuration, which is what is answered from then on."""
        relevant = relevant_part(planned, configuration)
        return self._answers.get((planned.fingerprint, relevant)) or self._asked(planned, relevant)

    def _asked(self, planned: PlannedStatement, relevant: Configuration) -> StatementCost:
        answer = self._as_today(planned, self._ask(planned.instances, relevant))
        self._answers[(planned.fingerprint, relevant)] = answer
        names = answer.indexes
        used = frozenset(index for index in relevant.add if index.name in names)
        self._known.setdefault((planned.fingerprint, relevant.drop), []).append(_Known(relevant.add, used, answer))
        return answer

    def _as_today(self, planned: PlannedStatement, answer: StatementCost) -> StatementCost:
        """Today's answer where the plans are the same: MySQL learns from an index that it does not read how many rows
        there are, and prices a plan anew that takes as long as before."""
        today = self._answers.get((planned.fingerprint, EMPTY_CONFIGURATION))
        if today is None or today.cost == answer.cost or today.indexes != answer.indexes:
            return answer
        return today if [plan.shape for plan in today.plans] == [plan.shape for plan in answer.plans] else answer

    def _implied(self, planned: PlannedStatement, relevant: Configuration) -> StatementCost | None:
        """What was answered with more indexes, none of which beyond these is read."""
        known = self._known.get((planned.fingerprint, relevant.drop), ())
        return next((one.answer for one in known if one.answers(relevant.add)), None)

    def workload_cost(
        self, statements: Iterable[PlannedStatement], configuration: Configuration = EMPTY_CONFIGURATION
    ) -> float:
        """Calls times cost, summed over the statements."""
        return sum(planned.calls * self.cost(planned, configuration).cost for planned in statements)

    def costs(
        self, statements: Sequence[PlannedStatement], configuration: Configuration = EMPTY_CONFIGURATION
    ) -> Mapping[str, StatementCost]:
        """Cost by fingerprint."""
        return {planned.fingerprint: self.cost(planned, configuration) for planned in statements}

    def _ask(self, instances: Sequence[Instance], configuration: Configuration) -> StatementCost:
        plans: list[Plan] = []
        total = weight = 0.0
        failure: PlanFailed | None = None
        for instance in instances:
            try:
                plan = self.crew.plan(instance, configuration)
            except PlanFailed as error:
                failure = error
                continue
            plans.append(plan)
            total += instance.weight * plan.cost
            weight += instance.weight
        if not plans or weight <= 0:
            raise failure or PlanFailed("there is no text of this statement that can be planned")
        return StatementCost(total / weight, tuple(plans))


def relevant_part(planned: PlannedStatement, configuration: Configuration) -> Configuration:
    """The configuration without what cannot matter to the statement: indexes on tables it does not touch."""
    if not planned.facts.parsed or planned.facts.unresolved:
        return configuration
    tables = planned.facts.tables
    by_table = configuration.by_table
    added = frozenset[Index]().union(*(by_table[table] for table in tables if table in by_table))
    if not configuration.drop:
        return Configuration(added)
    # a dropped index is known by its name only, and lives in its table's schema
    schemas = {table.schema for table in tables}
    dropped: frozenset[QualifiedName] = frozenset(name for name in configuration.drop if name.schema in schemas)
    return Configuration(added, dropped)
