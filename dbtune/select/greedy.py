"""The choice: the best net gain over the whole workload first; then every chosen index has to prove itself again."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dbtune.candidates.generate import serves
from dbtune.candidates.registry import Candidate
from dbtune.model.errors import PlanFailed
from dbtune.model.names import QualifiedName
from dbtune.model.plan import EMPTY_CONFIGURATION, Configuration
from dbtune.model.progress import Progress
from dbtune.model.recommendation import StatementEvidence
from dbtune.model.schema import Index
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import TableWrites
from dbtune.planner.gate import Gate, PlannedStatement
from dbtune.planner.index_size import index_pages
from dbtune.select.selection import Chosen, Selection
from dbtune.select.useful import Package, useful_packages
from dbtune.select.writes import write_cost

CHANGED = 1e-4
"""Relative change of a statement's cost that is worth a line of evidence."""

BLOCK = 8192.0

NEXT_TO_NOTHING = 0.1
"""Of ``min_gain``: the share of today's cost that counts."""

STATEMENT_GAIN = 0.5
"""An index also pays that halves a statement of some weight, however small its share of the whole workload is."""

NEARLY_ALL = 0.02
"""Share of an index's net gain that may be given up for a much smaller one."""

ALL_BUT_FREE = 0.0005
"""The same share, where the smaller index has other keys."""

MUCH_SMALLER = 0.75
"""Of the size: an index below it is much smaller."""

MOST_ALTERNATIVES = 16
"""Smaller candidates that are asked about for one index."""

CHEAP_COST = 40.0
"""Planner units for one call: a lookup of a few pages, all in memory. Nothing is built to make it cheaper still."""

NOTICEABLE_COST = 1_000.0
"""Planner units for one call: about 10 ms. A statement below it is fast as it is."""


def choose(
    candidates: Sequence[Candidate],
    statements: Sequence[PlannedStatement],
    gate: Gate,
    snapshot: Snapshot,
    writes: Mapping[QualifiedName, TableWrites],
    *,
    budget_bytes: int | None = None,
    min_gain: float = 0.01,
    deadline: float | None = None,
    progress: Progress,
) -> Selection:
    """The indexes to build.

    ``budget_bytes``: predicted size of all together. ``min_gain``: share (0 to 1) of the workload's cost
    with the set so far that each index must save, net of what writes pay for it (of that cost, not of the first one: a
    single runaway statement would hide all others). ``deadline``: ``time.monotonic()`` after which the
    best set found so far is returned.
    """
    search = _Search(candidates, statements, gate, snapshot, writes, budget_bytes, min_gain, deadline)
    search.read_useful(progress)
    for text in ("choosing indexes", "choosing indexes again after a second look"):
        progress.step(text)
        search.grow()
        search.slim()
        if not search.prune():
            break
    return search.selection()


@dataclass
class _Search:
    """The state of one search: the set so far and the cost of every statement under it."""

    candidates: Sequence[Candidate]
    statements: Sequence[PlannedStatement]
    gate: Gate
    snapshot: Snapshot
    writes: Mapping[QualifiedName, TableWrites]
    budget_bytes: int | None
    min_gain: float
    deadline: float | None
    configuration: Configuration = EMPTY_CONFIGURATION
    packages: list[Package] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.kinds = {candidate.index: candidate.kind for candidate in self.candidates}
        self.useful_for: dict[Index, set[str]] = {}
        self.by_fingerprint = {planned.fingerprint: planned for planned in self.statements}
        self.costs = {planned.fingerprint: self._cost(planned, EMPTY_CONFIGURATION) for planned in self.statements}
        self.first_costs = self.costs
        self.cost_before = self._total(self.costs)
        self._bytes: dict[Index, int] = {}
        self._write_costs: dict[Index, float] = {}

    def read_useful(self, progress: Progress) -> None:
        """Ask for each statement which of its candidates a plan would use."""
        of_statement: dict[str, list[Index]] = {}
        for candidate in self.candidates:
            for fingerprint in candidate.fingerprints:
                of_statement.setdefault(fingerprint, []).append(candidate.index)
        for number, planned in enumerate(self.statements):
            if self._late():
                break
            progress.step("asking the planner about candidates", number, len(self.statements))
            for package in useful_packages(planned, of_statement.get(planned.fingerprint, ()), self.gate):
                self.packages.append(package)
                for index in package:
                    self.useful_for.setdefault(index, set()).add(planned.fingerprint)
        singles = [frozenset({index}) for index in self.useful_for]
        self.packages = list(dict.fromkeys([*singles, *self.packages]))

    def grow(self) -> None:
        """Take the package of the best net gain (for its size, under a budget) until none is worth it.

        Lazy: a package's last known gain is taken for its bound, since what is taken first leaves less to gain.
        """
        bounds = {package: float("inf") for package in self.packages}
        while bounds and not self._late():
            best: tuple[float, Package] | None = None
            for package in sorted(bounds, key=lambda p: -bounds[p]):
                if best is not None and bounds[package] <= best[0]:
                    break
                score = self._score(package)
                if score is None:
                    del bounds[package]
                    continue
                bounds[package] = score
                if best is None or score > best[0]:
                    best = (score, package)
                if self._late():
                    break
            if best is None or best[0] <= 0:
                return
            self._take(best[1])
            del bounds[best[1]]

    def prune(self) -> bool:
        """Take out, the least useful first, what does not prove itself in the whole set; whether anything went."""
        went = False
        while self.configuration.add and not self._late():
            scored = [(self._net_loss_without(index), index) for index in self.configuration.add]
            # one that halves a rare statement may lose less than another that is worth nothing to any
            useless = [(loss, index) for loss, index in scored if loss <= 0 or not self._worthwhile(index, loss)]
            if not useless:
                break
            _, index = min(useless, key=lambda pair: (pair[0], pair[1].name))
            self._set(self.configuration.without_index(index))
            self.packages = [package for package in self.packages if index not in package]
            went = True
        return went

    def slim(self) -> None:
        """Put a smaller index in the place of each one that is larger than its gain asks for."""
        for index in sorted(self.configuration.add, key=lambda i: (-self._size(i), i.name)):
            smaller = None if self._late() else self._replaceable_by(index)
            while smaller is not None:
                self.useful_for.setdefault(smaller, set()).update(self.useful_for.get(index, ()))
                self._set(self.configuration.without_index(index).with_index(smaller))
                index, smaller = smaller, self._replaceable_by(smaller)

    def selection(self) -> Selection:
        """The set, in the order in which each index adds the most to those before it."""
        whole = self.configuration
        cost_after = self._total(self.costs)
        chosen: list[Chosen] = []
        left = sorted(whole.add, key=lambda index: index.name)
        self._set(EMPTY_CONFIGURATION)
        while left:
            best = max(left, key=self._added_gain)
            chosen.append(self._chosen(best))
            self._set(self.configuration.with_index(best))
            left.remove(best)
        return Selection(tuple(chosen), whole, self.cost_before, cost_after)

    def _added_gain(self, index: Index) -> float:
        """Net of writes, beside the present configuration."""
        return self._gain(self.configuration.with_index(index), self._touching(index)) - self._write_cost(index)

    def _score(self, package: Package) -> float | None:
        """Net gain, for each page under a budget; None where the package cannot be taken any more."""
        new = package - self.configuration.add
        if not new or any(serves(have, index) for index in new for have in self.configuration.add):
            return None
        size = sum(self._size(index) for index in new)
        if self.budget_bytes is not None and size + self._used_bytes() > self.budget_bytes:
            return None
        configuration = Configuration(self.configuration.add | new)
        affected = set().union(*(self.useful_for.get(index, set()) for index in new))
        gain = self._gain(configuration, affected) - sum(self._write_cost(index) for index in new)
        if gain <= 0 or not self._pays(configuration, affected, gain):
            return None
        return gain / (size / BLOCK) if self.budget_bytes is not None else gain

    def _gain(self, configuration: Configuration, affected: Iterable[str]) -> float:
        total = 0.0
        for fingerprint in affected:
            planned = self.by_fingerprint[fingerprint]
            saved = self.costs[fingerprint] - self._cost(planned, configuration)
            if saved < 0 or self.costs[fingerprint] >= CHEAP_COST:
                total += planned.calls * saved
        return total

    def _pays(self, configuration: Configuration, affected: Iterable[str], gain: float) -> bool:
        if gain >= self._least_gain(affected):
            return True
        return any(
            self.costs[name] >= NOTICEABLE_COST
            and self._cost(self.by_fingerprint[name], configuration) <= (1 - STATEMENT_GAIN) * self.costs[name]
            for name in affected
        )

    def _least_gain(self, affected: Iterable[str]) -> float:
        """What an index must save: ``min_gain`` of the cost that is left, of today's cost, and of what it touches.

        The dearest statement is left out of the first two, since a runaway would hide all others; of today's cost a
        part is enough, since what other indexes have saved is not there to be saved again.
        """
        left = _without_dearest([p.calls * self.costs[p.fingerprint] for p in self.statements])
        today = _without_dearest([p.calls * self.first_costs[p.fingerprint] for p in self.statements])
        touched = sum(self.by_fingerprint[name].calls * self.costs[name] for name in affected)
        return self.min_gain * max(left, NEXT_TO_NOTHING * today, touched)

    def _worthwhile(self, index: Index, net: float) -> bool:
        without = self.configuration.without_index(index)
        if net >= self._least_gain(self.useful_for.get(index, ())):
            return True
        return any(
            self._cost(self.by_fingerprint[name], without) >= NOTICEABLE_COST
            and self.costs[name] <= (1 - STATEMENT_GAIN) * self._cost(self.by_fingerprint[name], without)
            for name in self.useful_for.get(index, ())
        )

    def _replaceable_by(self, index: Index) -> Index | None:
        """A smaller candidate that keeps nearly all that this one saves: shorter, partial or without INCLUDE."""
        without = self.configuration.without_index(index)
        loss = self._net_loss_without(index)
        for other in self._smaller(index):
            if any(serves(have, other) for have in without.add):
                continue
            lost = -self._gain(without.with_index(other), self._touching(index))
            # fewer keys may lose an order or a filter that a busier value would need: that has to be all but free
            bearable = NEARLY_ALL if other.keys == index.keys or other.predicate is not None else ALL_BUT_FREE
            if lost + self._write_cost(other) - self._write_cost(index) < bearable * loss:
                return other
        return None

    def _smaller(self, index: Index) -> list[Index]:
        """Candidates for the same statements that take much less space, the smallest first."""
        for_these = self.useful_for.get(index, set())
        found = [
            candidate.index
            for candidate in self.candidates
            if candidate.index.table == index.table
            and candidate.index not in self.configuration.add
            and candidate.fingerprints & for_these
            and self._size(candidate.index) < MUCH_SMALLER * self._size(index)
        ]
        return sorted(found, key=lambda other: (self._size(other), other.name))[:MOST_ALTERNATIVES]

    def _touching(self, index: Index) -> list[str]:
        return [planned.fingerprint for planned in self.statements if index.table in planned.facts.tables]

    def _net_loss_without(self, index: Index) -> float:
        without = self.configuration.without_index(index)
        lost = 0.0
        for name in self._touching(index):
            before = self._cost(self.by_fingerprint[name], without)
            if before >= CHEAP_COST or before < self.costs[name]:
                lost += self.by_fingerprint[name].calls * (before - self.costs[name])
        return lost - self._write_cost(index)

    def _take(self, package: Package) -> None:
        kept = frozenset(have for have in self.configuration.add if not any(serves(new, have) for new in package))
        self._set(Configuration(kept | package))

    def _set(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.costs = {planned.fingerprint: self._cost(planned, configuration) for planned in self.statements}

    def _cost(self, planned: PlannedStatement, configuration: Configuration) -> float:
        try:
            return self.gate.cost(planned, configuration).cost
        except PlanFailed:  # it was planned before: with these indexes it is counted as it was
            return self.gate.cost(planned).cost

    def _total(self, costs: Mapping[str, float]) -> float:
        return sum(planned.calls * costs[planned.fingerprint] for planned in self.statements)

    def _size(self, index: Index) -> int:
        if index not in self._bytes:
            self._bytes[index] = self.gate.planner.index_bytes(index)
        return self._bytes[index]

    def _used_bytes(self) -> int:
        return sum(self._size(index) for index in self.configuration.add)

    def _write_cost(self, index: Index) -> float:
        if index not in self._write_costs:
            table = self.snapshot.table(index.table)
            assert table is not None  # candidates come from the snapshot's tables
            size = index_pages(index, table, self.snapshot)
            self._write_costs[index] = write_cost(
                index,
                table,
                self.writes.get(index.table),
                tuples=size.tuples,
                pages=size.pages,
                settings=self.snapshot.settings,
            )
        return self._write_costs[index]

    def _chosen(self, index: Index) -> Chosen:
        """The index with what it adds to the present configuration."""
        with_it = self.configuration.with_index(index)
        evidence = []
        for fingerprint in self._touching(index):
            before, after = self.costs[fingerprint], self._cost(self.by_fingerprint[fingerprint], with_it)
            if abs(before - after) > CHANGED * before:
                evidence.append(statement_evidence(self.by_fingerprint[fingerprint], before, after))
        evidence.sort(key=lambda e: -e.calls * (e.cost_before - e.cost_after))
        before_all = self._total(self.costs)
        saved = sum(e.calls * (e.cost_before - e.cost_after) for e in evidence)
        return Chosen(
            index,
            self.kinds.get(index, "btree"),
            self.configuration,
            before_all,
            before_all - saved,
            self._size(index),
            self._write_cost(index),
            tuple(evidence),
        )

    def _late(self) -> bool:
        return self.deadline is not None and time.monotonic() >= self.deadline


def _without_dearest(costs: Sequence[float]) -> float:
    return sum(costs) - max(costs, default=0.0)


def statement_evidence(planned: PlannedStatement, before: float, after: float) -> StatementEvidence:
    """Evidence of one statement; costs for one call, text without literals."""
    return StatementEvidence(
        planned.fingerprint,
        planned.calls,
        before,
        after,
        planned.statement.text,
        planned.statement.total_ms,
    )
