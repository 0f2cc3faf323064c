"""Which partitions the workload's plans read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dbtune.model.schema import Table
from dbtune.planner.gate import PlannedStatement
from dbtune.planner.partitions.pruning import parts_read, prunes
from dbtune.rules.context import Context
from dbtune.rules.partition_parts import has_rows
from dbtune.rules.partition_tree import leaves


@dataclass(frozen=True)
class Reads:
    """A partitioned table, and how many of its filled partitions each statement reads."""

    table: Table
    filled: int
    statements: tuple[tuple[PlannedStatement, float], ...]
    costs: tuple[float, ...]
    """Of each statement: calls times cost."""

    @property
    def pruned(self) -> float:
        """Share of the cost of statements that prune."""
        return self._share(dict(zip(self._names, self.costs, strict=True)).__getitem__)

    @property
    def pruned_calls(self) -> float:
        calls = {planned.fingerprint: planned.calls for planned, _ in self.statements}
        return self._share(calls.__getitem__)

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(planned.fingerprint for planned, _ in self.statements)

    def _share(self, weight: Callable[[str], float]) -> float:
        total = sum(map(weight, self._names))
        few = [planned.fingerprint for planned, parts in self.statements if prunes(parts, self.filled)]
        return sum(map(weight, few)) / total if total > 0 else 0.0


def partition_reads(ctx: Context, table: Table) -> Reads:
    """What the statements that read the table read of its filled partitions, with all advice accepted so far.

    Statements that only insert read none, and are left out.
    """
    filled = frozenset(leaf.name for leaf in leaves(ctx.snapshot, table) if has_rows(leaf))
    found = []
    for planned in ctx.ledger.touching(table.name):
        if any(use.table == table.name for use in planned.facts.uses):
            found.append((planned, parts_read(planned, ctx.ledger.costs[planned.fingerprint], filled)))
    costs = tuple(planned.calls * ctx.ledger.costs[planned.fingerprint].cost for planned, _ in found)
    return Reads(table, len(filled), tuple(found), costs)
