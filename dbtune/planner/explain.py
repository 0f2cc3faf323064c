"""Plain EXPLAIN on the target, and a small cost model for indexes that are not there (``--planner explain``).

Without what-if indexes the answer is the planner's. With them, each scan of a whole table is held against a scan by the
index: its cost from the conditions that the index can use, their selectivity from the statistics, and the planner's own
formulas. Where the index is cheaper the difference is taken off the plan. That is all: no joins, no order, no
index-only scans, so it finds less than the other planners, and its grade is "estimated".

Sources: ``src/backend/optimizer/path/costsize.c`` (``cost_index``, ``index_pages_fetched``: Mackert and Lohman, "Index
Scans Using a Finite LRU Buffer", ACM TODS 14, 1989), ``utils/adt/selfuncs.c`` (``btcostestimate``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dbtune.connect.targets import DatabaseUrl
from dbtune.model.plan import Configuration, Plan, PlanNode
from dbtune.model.schema import Index, Table
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Instance, Limit
from dbtune.planner.estimating import EstimatingPlanner
from dbtune.planner.index_size import IndexSize, believed_rows, index_pages
from dbtune.planner.live import LiveSession
from dbtune.planner.sizes.conjuncts import Conjunct, conjuncts
from dbtune.planner.sizes.predicates import part_of

PAGE_DESCENT_OPERATORS = 50
"""``DEFAULT_PAGE_CPU_MULTIPLIER``: operators' worth of work for each page on the way down a tree."""

UNITS_IN_PAGES = {"B": 1 / 8192, "kB": 1 / 8, "8kB": 1.0, "MB": 128.0, "GB": 131072.0, "TB": 134217728.0}

MODEL = Limit(
    "what-if indexes",
    "plain EXPLAIN knows none: their gain on scans of whole tables is estimated by formula, on joins and sorts not",
)


class ExplainPlanner(EstimatingPlanner):
    """Of Postgres."""

    def __init__(self, snapshot: Snapshot, url: DatabaseUrl) -> None:
        """Raises ConnectionFailed."""
        super().__init__(snapshot, MODEL)
        self._session = LiveSession(url, snapshot.search_path)
        self._costs = Costs.of(snapshot)

    def index_bytes(self, index: Index) -> int:
        """Size once built, by dbtune's own model."""
        table = self._snapshot.table(index.table)
        return 0 if table is None else index_pages(index, table, self._snapshot).bytes

    def close(self) -> None:
        """End the session. May be called more than once."""
        self._session.close()

    def _explained(self, instance: Instance) -> Plan:
        return self._session.explain(instance)

    def _with_indexes(self, root: PlanNode, configuration: Configuration) -> PlanNode:
        return self._improved(root, configuration)[0]

    def _improved(self, node: PlanNode, configuration: Configuration) -> tuple[PlanNode, float]:
        """The node with cheaper scans, and how much of its total cost that saves."""
        better = self._scan_by_index(node, configuration)
        if better is not None:
            return better, node.total_cost - better.total_cost
        children: list[PlanNode] = []
        saved = 0.0
        for child in node.children:
            improved, gain = self._improved(child, configuration)
            children.append(improved)
            # LIMIT stops early: it saves only the share of the child's cost that it pays
            share = min(1.0, node.total_cost / child.total_cost) if child.total_cost > 0 else 0.0
            saved += gain * share
        saved = min(saved, node.total_cost)
        startup = min(node.startup_cost, node.total_cost - saved)
        return replace(node, children=tuple(children), total_cost=node.total_cost - saved, startup_cost=startup), saved

    def _scan_by_index(self, node: PlanNode, configuration: Configuration) -> PlanNode | None:
        if node.type != "Seq Scan" or node.filter is None or node.relation is None:
            return None
        table = self._snapshot.table(node.relation)
        if table is None:
            return None
        offered = [index for index in configuration.add if index.table == table.name or index.table in table.parents]
        conditions = conjuncts(node.filter, table)
        best: PlanNode | None = None
        for index in sorted(offered, key=lambda i: i.name):
            used = usable(index, conditions)
            if not used:
                continue
            cost = self._costs.index_scan(table, index_pages(index, table, self._snapshot), index, used, conditions)
            if cost < (best or node).total_cost:
                best = replace(
                    node,
                    type="Index Scan",
                    startup_cost=0.0,
                    total_cost=cost,
                    index=index.name,
                    index_condition=" AND ".join(c.text for c in used),
                    parallel_aware=False,
                )
        return best


def usable(index: Index, conditions: Sequence[Conjunct]) -> tuple[Conjunct, ...]:
    """The conditions that bound a scan of the index: equalities on its first columns, ranges on the one after them."""
    found: list[Conjunct] = []
    for key in index.keys:
        here = [c for c in conditions if c.column == key.column]
        found += here
        if not any(c.equality for c in here):
            break
    return tuple(found)


@dataclass(frozen=True)
class Costs:
    """The planner's constants (planner units; ``cache_pages`` in pages)."""

    random_page: float = 4.0
    sequential_page: float = 1.0
    cpu_tuple: float = 0.01
    cpu_index_tuple: float = 0.005
    cpu_operator: float = 0.0025
    cache_pages: float = 524288.0

    @classmethod
    def of(cls, snapshot: Snapshot) -> Costs:
        """As the target has them set."""
        settings = snapshot.settings
        default = cls()
        return cls(
            float(settings.get("random_page_cost", default.random_page)),
            float(settings.get("seq_page_cost", default.sequential_page)),
            float(settings.get("cpu_tuple_cost", default.cpu_tuple)),
            float(settings.get("cpu_index_tuple_cost", default.cpu_index_tuple)),
            float(settings.get("cpu_operator_cost", default.cpu_operator)),
            _pages(settings.get("effective_cache_size", str(default.cache_pages))),
        )

    def index_scan(
        self,
        table: Table,
        size: IndexSize,
        index: Index,
        used: Sequence[Conjunct],
        conditions: Sequence[Conjunct],
    ) -> float:
        """Total cost of fetching the rows that the conditions ``used`` leave, and testing all others on them."""
        rows = believed_rows(table)
        share = part_of(table, " AND ".join(c.text for c in used), rows).share
        found = max(1.0, rows * share)
        leaves = math.ceil(size.pages * share)
        descent = (math.log2(max(2.0, rows)) + (size.height + 1) * PAGE_DESCENT_OPERATORS) * self.cpu_operator
        in_index = leaves * self.random_page + found * (self.cpu_index_tuple + len(used) * self.cpu_operator) + descent
        pages = max(1, table.file_pages)
        scattered = mackert_lohman(found, pages, self.cache_pages) * self.random_page
        in_order = self.random_page + max(0.0, math.ceil(share * pages) - 1) * self.sequential_page
        column = table.column(index.keys[0].column or "")
        statistics = column.statistics if column is not None else None
        correlation = (statistics.correlation if statistics is not None else None) or 0.0
        on_heap = scattered + correlation**2 * (in_order - scattered)
        others = max(0, len(conditions) - len(used))
        return in_index + on_heap + found * (self.cpu_tuple + others * self.cpu_operator)


def _pages(setting: str) -> float:
    """A memory setting (``4194304kB``, ``4GB``; without a unit, pages) in pages."""
    found = re.fullmatch(r"([\d.]+)\s*(B|kB|MB|GB|TB|8kB)?", setting.strip())
    if found is None:
        return Costs.cache_pages
    return float(found[1]) * UNITS_IN_PAGES[found[2] or "8kB"]


def mackert_lohman(rows: float, pages: float, cache_pages: float) -> float:
    """Pages read to fetch ``rows`` rows, scattered over ``pages``, through a cache (``index_pages_fetched``)."""
    cache = max(1.0, cache_pages)
    if pages <= cache:
        return math.ceil(min(pages, 2 * pages * rows / (2 * pages + rows)))
    limit = 2 * pages * cache / (2 * pages - cache)
    if rows <= limit:
        return math.ceil(2 * pages * rows / (2 * pages + rows))
    return math.ceil(cache + (rows - limit) * (pages - cache) / pages)
