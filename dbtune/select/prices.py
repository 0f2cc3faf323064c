"""What the search asks for all the time, each thing once: costs of statements, sizes of indexes, what writes pay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dbtune.model.errors import PlanFailed
from dbtune.model.names import QualifiedName
from dbtune.model.plan import Configuration
from dbtune.model.schema import Index
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import TableWrites
from dbtune.planner.gate import Gate, PlannedStatement
from dbtune.planner.index_size import index_pages
from dbtune.select.writes import write_cost

CHEAP_COST = 40.0
"""Planner units for one call: a lookup of a few pages, all in memory. Nothing is built to make it cheaper still."""


class Prices:
    """Gains and prices for one workload. Costs in planner units, sizes in bytes."""

    def __init__(
        self,
        statements: Sequence[PlannedStatement],
        gate: Gate,
        snapshot: Snapshot,
        writes: Mapping[QualifiedName, TableWrites],
    ) -> None:
        self.statements = {planned.fingerprint: planned for planned in statements}
        self.gate = gate
        self.snapshot = snapshot
        self._writes = writes
        self._readers: dict[tuple[object, ...], set[str]] = {}
        self._reach: dict[Index, frozenset[str]] = {}
        self._costs: dict[tuple[str, frozenset[Index]], float] = {}
        self._bytes: dict[Index, int] = {}
        self._write_costs: dict[Index, float] = {}

    def is_useful_to(self, fingerprint: str, indexes: Iterable[Index]) -> None:
        """Note that a plan of the statement reads these."""
        for index in indexes:
            self._readers.setdefault(_head(index), set()).add(fingerprint)
        self._reach.clear()

    def reach(self, index: Index) -> frozenset[str]:
        """Statements that the index may matter to: one with the same first key is useful to them."""
        if index not in self._reach:
            self._reach[index] = frozenset(self._readers.get(_head(index), ()))
        return self._reach[index]

    def cost(self, fingerprint: str, configuration: Configuration) -> float:
        """Of one call; as it is today where the planner refuses the configuration."""
        planned = self.statements[fingerprint]
        try:
            return self.gate.cost(planned, configuration).cost
        except PlanFailed:
            return self.gate.cost(planned).cost

    def likely_cost(self, fingerprint: str, near: frozenset[Index]) -> float:
        """The same with the indexes alone that reach the statement: one answer for many sets."""
        key = (fingerprint, near)
        if key not in self._costs:
            self._costs[key] = self.cost(fingerprint, Configuration(near))
        return self._costs[key]

    def weighted(self, fingerprint: str, cost: float) -> float:
        """Calls times cost, where a cheap call counts as if nothing could make it cheaper."""
        return self.statements[fingerprint].calls * max(cost, CHEAP_COST)

    def size(self, index: Index) -> int:
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
            size = index_pages(index, table, self.snapshot)
            self._write_costs[index] = write_cost(
                index,
                table,
                self._writes.get(index.table),
                tuples=size.tuples,
                pages=size.pages,
                settings=self.snapshot.settings,
            )
        return self._write_costs[index]


def _head(index: Index) -> tuple[object, ...]:
    return (index.table, index.method, index.keys[0].column, index.keys[0].expression)
