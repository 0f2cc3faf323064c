"""The choice of a set: packages taken greedily, the set looked at again, and every index made to prove itself.

Greedy selection by what the planner says of the whole workload, net of what writes pay, within a budget of space.
Sources: Chaudhuri and Narasayya, "An Efficient, Cost-Driven Index Selection Tool", VLDB 1997; Schlosser, Kossmann and
Boissier, "Efficient Scalable Multi-Attribute Index Selection Using Recursive Strategies" (Extend), ICDE 2019.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dbtune.candidates.registry import Candidate
from dbtune.model.names import QualifiedName
from dbtune.model.progress import Progress
from dbtune.model.schema import Index
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import TableWrites
from dbtune.planner.gate import Gate, PlannedStatement
from dbtune.select.exchange import SIZE_WEIGHTS, exchange
from dbtune.select.figures import selection
from dbtune.select.growth import grow
from dbtune.select.merging import merged
from dbtune.select.prices import CHEAP_COST, Prices
from dbtune.select.search import NONE, Search, Standing
from dbtune.select.selection import Selection
from dbtune.select.slimming import slim
from dbtune.select.useful import Package, useful_packages

LOOKS = 3
"""What is pruned leaves space and work for others: so often the set is grown again."""


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
    kinds = {candidate.index: candidate.kind for candidate in candidates}
    prices = Prices(statements, gate, snapshot, writes)
    search = Search(prices, budget_bytes, min_gain, deadline)
    _read_packages(search, candidates, progress)
    progress.step("choosing indexes")
    standing = grow(search, search.today, 0.0 if budget_bytes is None else SIZE_WEIGHTS[0])
    if search.was_short_of_space:
        kinds |= dict.fromkeys(_add_merged(search, kinds), "covering")
        progress.step("choosing indexes for the space there is")
        grown = (grow(search, search.today, weight) for weight in SIZE_WEIGHTS)
        standing = exchange(search, min((standing, *grown), key=search.objective))
    progress.step("looking at the chosen indexes again")
    return selection(search, kinds, _proved(search, standing, tuple(kinds)).indexes)


def _read_packages(search: Search, candidates: Sequence[Candidate], progress: Progress) -> None:
    """Ask for each statement, the dearest first, which of its candidates a plan would use."""
    of_statement: dict[str, list[Index]] = {}
    for candidate in candidates:
        for fingerprint in candidate.fingerprints:
            of_statement.setdefault(fingerprint, []).append(candidate.index)
    costs = search.today.costs
    dear = [name for name in of_statement if name in costs and costs[name] > CHEAP_COST]
    dear.sort(key=lambda name: (-search.prices.weighted(name, costs[name]), name))
    packages: list[Package] = []
    for number, name in enumerate(dear):
        if search.is_late:
            break
        progress.step("asking the planner about candidates", number, len(dear))
        useful = useful_packages(search.prices.statements[name], of_statement[name], search.prices.gate)
        search.best_costs[name] = useful.best_cost
        packages += useful.packages
        for package in useful.packages:
            search.prices.is_useful_to(name, package)
    singles = [frozenset({index}) for package in packages for index in sorted(package, key=lambda i: i.name)]
    search.packages = list(dict.fromkeys([*singles, *packages]))


def _add_merged(search: Search, known: Mapping[Index, str]) -> tuple[Index, ...]:
    """Indexes that do the work of two useful ones, which may be what fits a budget."""
    if search.is_late:
        return ()
    gains = {index: gain for package, gain in search.gains_seen.items() if len(package) == 1 for index in package}
    both = merged({index: gain for index, gain in gains.items() if gain > 0}, known, search.prices.snapshot)
    plannable = search.prices.gate.planner.prepare(both)
    search.packages += [frozenset({index}) for index in plannable]
    return plannable


def _proved(search: Search, start: Standing, known: Sequence[Index]) -> Standing:
    """The set slimmed and pruned until nothing more goes and nothing comes in its place."""
    standing, banned = start, NONE
    for _ in range(LOOKS):
        standing = slim(search, standing, known)
        pruned = _prune(search, standing)
        gone = standing.indexes - pruned.indexes
        if not gone:
            break
        banned |= gone
        standing = grow(search, pruned, 0.0 if search.budget_bytes is None else SIZE_WEIGHTS[0], banned)
    return _prune(search, standing)


def _prune(search: Search, start: Standing) -> Standing:
    """Without what does not prove itself beside the others, the least useful taken out first."""
    standing = start
    while standing.indexes and not search.is_late:
        useless: list[tuple[float, str, Standing]] = []
        for index in standing.indexes:
            without = search.changed(standing, NONE, frozenset({index}))
            gain = search.gain(without, frozenset({index}))
            # one that halves a rare statement may gain less than another that is worth nothing to any
            if not search.pays(without, gain):
                useless.append((gain.net, index.name, without))
        if not useless:
            break
        standing = min(useless, key=lambda one: one[:2])[2]
    return standing
