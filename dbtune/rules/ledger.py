"""The workload's plans under all advice accepted so far, kept up to date, and what one more change would do to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from dbtune.model.errors import PlanFailed
from dbtune.model.names import QualifiedName
from dbtune.model.plan import EMPTY_CONFIGURATION, Configuration
from dbtune.model.recommendation import StatementEvidence
from dbtune.model.risk import PlanRisk
from dbtune.model.schema import Index, Table
from dbtune.model.snapshot import Snapshot
from dbtune.planner.gate import Gate, PlannedStatement, StatementCost
from dbtune.planner.robustness.judging import Risks
from dbtune.rules.index_tree import IndexTree

SAME_COST = 1e-6
"""Relative difference of two costs that are the same but for rounding."""

Costs = Mapping[str, StatementCost]
"""By fingerprint, for one call."""


@dataclass(frozen=True)
class Comparison:
    """The workload before and after a change. Totals are calls times planner cost over all statements."""

    before: float
    after: float
    changed: tuple[tuple[PlannedStatement, StatementCost, StatementCost], ...]
    """Statements whose cost changes, with both costs: the largest difference over all calls first."""
    risks: Risks
    failed: bool = False
    """The planner could not answer for every statement."""
    run: Costs | None = None
    """Plans that will run with this change and others; None: those of the change alone."""

    @property
    def gain(self) -> float:
        """(before - after) / before; 0 for an empty workload."""
        return (self.before - self.after) / self.before if self.before > 0 else 0.0

    @property
    def saved(self) -> float:
        """Calls times cost that the change saves over the workload."""
        return self.before - self.after

    @cached_property
    def worst_rise(self) -> float:
        """Largest relative rise of one statement's cost; 0 where none rises."""
        return max((after.cost / before.cost - 1 for _, before, after in self.changed if before.cost > 0), default=0.0)

    @property
    def evidence(self) -> tuple[StatementEvidence, ...]:
        return tuple(self._evidence(*one) for one in self.changed)

    def _evidence(self, planned: PlannedStatement, before: StatementCost, after: StatementCost) -> StatementEvidence:
        plan = after if self.run is None else self.run[planned.fingerprint]
        return statement_evidence(planned, before, after, self.risks.of(planned, plan))


def statement_evidence(
    planned: PlannedStatement, before: StatementCost, after: StatementCost, risk: PlanRisk | None = None
) -> StatementEvidence:
    """The report's line for a statement. Its text is the normalised one."""
    statement = planned.statement
    return StatementEvidence(
        statement.fingerprint, statement.calls, before.cost, after.cost, statement.text, statement.total_ms, risk
    )


class Ledger:
    """Holds the accepted configuration and each statement's plans under it. The only thing here that changes."""

    def __init__(
        self,
        gate: Gate,
        snapshot: Snapshot,
        statements: Sequence[PlannedStatement],
        configuration: Configuration = EMPTY_CONFIGURATION,
        risks: Risks | None = None,
    ) -> None:
        self.risks = risks or Risks(gate, snapshot)
        self._gate = gate
        self._snapshot = snapshot
        self._statements = tuple(statements)
        self.tree = IndexTree(snapshot)
        self.needed: frozenset[QualifiedName] = frozenset()
        """Indexes that findings make use of, though no plan does today; by full name."""
        self.configuration = configuration
        self.costs: dict[str, StatementCost] = {p.fingerprint: self._cost(p, configuration) for p in statements}
        self._by_fingerprint = {planned.fingerprint: planned for planned in self._statements}
        self._on_table: dict[QualifiedName, list[PlannedStatement]] = {}
        self._anywhere: list[PlannedStatement] = []
        for planned in self._statements:
            if not planned.facts.parsed or planned.facts.unresolved:
                self._anywhere.append(planned)
            else:
                for table in planned.facts.tables:
                    self._on_table.setdefault(table, []).append(planned)

    @property
    def total(self) -> float:
        """Calls times cost over the workload under the accepted configuration."""
        return sum(planned.calls * self.costs[planned.fingerprint].cost for planned in self._statements)

    def readers(self, index: Index) -> tuple[PlannedStatement, ...]:
        """Statements whose accepted plan reads the index, or an index of a partition that belongs to it."""
        names = self.tree.names(index)
        return tuple(p for p in self.touching(index.table) if names & self.costs[p.fingerprint].indexes)

    def touching(self, table: QualifiedName) -> tuple[PlannedStatement, ...]:
        """Statements that may read or write the table, its partitions or what it is a partition of."""
        relatives = sorted(self.relatives(table))
        on_them = (planned for relative in relatives for planned in self._on_table.get(relative, ()))
        return tuple({planned.fingerprint: planned for planned in (*self._anywhere, *on_them)}.values())

    def relatives(self, table: QualifiedName) -> frozenset[QualifiedName]:
        """The table, all above it and all below it in the partition or inheritance tree."""

        def closure(start: Table | None, step: Callable[[Table], Iterable[Table | None]]) -> set[QualifiedName]:
            found: set[QualifiedName] = set()
            waiting = [start]
            while waiting:
                one = waiting.pop()
                if one is not None and one.name not in found:
                    found.add(one.name)
                    waiting += step(one)
            return found

        start = self._snapshot.table(table)
        up = closure(start, lambda one: [self._snapshot.table(parent) for parent in one.parents])
        down = closure(start, lambda one: self._snapshot.children(one.name))
        return frozenset({table} | up | down)

    def without(self, index: Index) -> Comparison:
        """Plan the workload without one more existing index.

        Only statements that the index can matter to are asked: those that read it, and, for a unique index or one on
        an expression, all on its table (uniqueness proves joins away, expressions have statistics of their own).
        """
        asked = self.readers(index) if index.is_plain and not index.unique else self.touching(index.table)
        return self._compare(self.configuration.dropping(index.full_name), asked)

    def with_index(self, index: Index) -> Comparison:
        """Plan the workload with one more what-if index."""
        return self._compare(self.configuration.with_index(index), self.touching(index.table))

    def worth_of(self, index: Index, beside: Configuration, before: float, among: Iterable[str]) -> Comparison:
        """What a what-if index adds to those of ``beside``, with nothing else in place, for these statements.

        ``before``: calls times cost over the workload with ``beside``. The risk is that of the plans under all that is
        accepted: these will run.
        """
        after = before
        changed: list[tuple[PlannedStatement, StatementCost, StatementCost]] = []
        for planned in map(self._by_fingerprint.__getitem__, among):
            old = self._cost(planned, beside)
            new = self._cost(planned, beside.with_index(index))
            if differs(old.cost, new.cost):
                changed.append((planned, old, new))
                after += planned.calls * (new.cost - old.cost)
        changed.sort(key=_weight)
        return Comparison(before, after, tuple(changed), self.risks, run=self.costs)

    def planned_again(self) -> Costs:
        """Every statement under the accepted configuration, asked anew and not added up from single changes."""
        return {planned.fingerprint: self._cost(planned, self.configuration) for planned in self._statements}

    def accept(self, add: Iterable[Index], drop: Iterable[QualifiedName]) -> None:
        """Take a change in: from now on everything is compared with it in place."""
        added, dropped = frozenset(add), frozenset(drop)
        if added <= self.configuration.add and dropped <= self.configuration.drop:
            return
        self.configuration = Configuration(self.configuration.add | added, self.configuration.drop | dropped)
        existing = (self.tree.by_name(name) for name in dropped)
        tables = {index.table for index in added} | {index.table for index in existing if index is not None}
        for planned in {p.fingerprint: p for table in tables for p in self.touching(table)}.values():
            self.costs[planned.fingerprint] = self._cost(planned, self.configuration)

    def _cost(self, planned: PlannedStatement, configuration: Configuration) -> StatementCost:
        """Under the configuration; as it was before where the planner refuses that."""
        try:
            return self._gate.cost(planned, configuration)
        except PlanFailed:
            return self._gate.cost(planned)

    def _compare(self, configuration: Configuration, asked: Iterable[PlannedStatement]) -> Comparison:
        before = self.total
        after = before
        failed = False
        changed: list[tuple[PlannedStatement, StatementCost, StatementCost]] = []
        for planned in asked:
            old = self.costs[planned.fingerprint]
            try:
                new = self._gate.cost(planned, configuration)
            except PlanFailed:
                failed = True
                continue
            if differs(old.cost, new.cost):
                changed.append((planned, old, new))
                after += planned.calls * (new.cost - old.cost)
        changed.sort(key=_weight)
        return Comparison(before, after, tuple(changed), self.risks, failed)


def differs(old: float, new: float, within: float = SAME_COST) -> bool:
    """Whether two costs differ by more than a share of the old one."""
    return abs(new - old) > within * max(abs(old), 1e-9)


def _weight(change: tuple[PlannedStatement, StatementCost, StatementCost]) -> tuple[float, str]:
    planned, before, after = change
    return (-abs(before.cost - after.cost) * planned.calls, planned.fingerprint)
