"""What the search asks for all the time, each thing once: costs of statements, sizes of indexes, what writes pay."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dbtune.model.errors import PlanFailed
from dbtune.model.names import QualifiedName
from dbtune.model.plan import EMPTY_CONFIGURATION, Configuration
from dbtune.model.schema import Index
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import TableWrites
from dbtune.planner.gate import Gate, PlannedStatement, StatementCost
from dbtune.planner.robustness.judging import Risks
from dbtune.select.scale import scale_of
from dbtune.select.upkeep import upkeep


@dataclass(frozen=True)
class Answer:
    """Of the planner about one statement under one set, over the workload."""

    cost: float
    """Calls times cost; a cheap call counts as if nothing could make it cheaper."""
    used: frozenset[Index]
    """Those of the set that a plan reads."""


class Prices:
    """Gains and prices for one workload. Costs in planner units, sizes in bytes."""

    def __init__(
        self,
        statements: Sequence[PlannedStatement],
        gate: Gate,
        snapshot: Snapshot,
        writes: Mapping[QualifiedName, TableWrites],
        risks: Risks | None = None,
    ) -> None:
        self.statements = {planned.fingerprint: planned for planned in statements}
        self.gate = gate
        self.snapshot = snapshot
        self.risks = risks or Risks(gate, snapshot)
        self.scale = scale_of(snapshot.server)
        self._writes = writes
        self._bytes: dict[Index, int] = {}
        self._write_costs: dict[Index, float] = {}

    def answer(self, fingerprint: str, configuration: Configuration) -> StatementCost:
        """For one call; as it is today where the planner refuses the configuration."""
        planned = self.statements[fingerprint]
        try:
            return self.gate.cost(planned, configuration)
        except PlanFailed:
            return self.gate.cost(planned)

    def weighted(self, fingerprint: str, indexes: frozenset[Index]) -> Answer:
        """The answer about a set of new indexes, weighted by the calls."""
        answer = self.answer(fingerprint, Configuration(indexes) if indexes else EMPTY_CONFIGURATION)
        return self._weighted(fingerprint, indexes, answer)

    def confirmed(self, fingerprint: str, indexes: frozenset[Index]) -> Answer:
        """The same by the planner's own word about this very set."""
        configuration = Configuration(indexes) if indexes else EMPTY_CONFIGURATION
        try:
            answer = self.gate.confirm(self.statements[fingerprint], configuration)
        except PlanFailed:
            answer = self.answer(fingerprint, EMPTY_CONFIGURATION)
        return self._weighted(fingerprint, indexes, answer)

    def _weighted(self, fingerprint: str, indexes: frozenset[Index], answer: StatementCost) -> Answer:
        used = frozenset(index for index in indexes if index.name in answer.indexes)
        return Answer(self.statements[fingerprint].calls * max(answer.cost, self.scale.cheap), used)

    def size(self, index: Index) -> int:
        """Bytes once built."""
        if index not in self._bytes:
            self._bytes[index] = self.gate.planner.index_bytes(index)
        return self._bytes[index]

    def sizes(self, indexes: Iterable[Index]) -> int:
        return sum(self.size(index) for index in indexes)

    def write_cost(self, index: Index) -> float:
        """What the workload's writes pay for the index."""
        if index not in self._write_costs:
            table = self.snapshot.table(index.table)
            assert table is not None  # candidates come from the snapshot's tables
            self._write_costs[index] = upkeep(index, table, self._writes.get(index.table), self.snapshot)
        return self._write_costs[index]

    def write_costs(self, indexes: Iterable[Index]) -> float:
        return math.fsum(self.write_cost(index) for index in indexes)  # the same in whatever order
