"""What a given plan costs when row estimates are wrong: the plan stays as it is, and the rows are others.

Each node's cost in EXPLAIN is taken apart into what its inputs cost and its own part, and the own part is scaled by the
rows that it works on: those that sorts, hashes and aggregates take in, the executions of a nested loop's inner side,
the rows that an index finds. A sequential scan reads the table whatever it finds. Where nothing is wrong the result is
the planner's own cost.

A misestimate belongs to a set of relations: the true number of rows that joining them gives (or scanning, where it is
one) is ``factor`` times the estimate, in whatever order a plan joins them. So two plans can be held against each other
under the same error, which is what makes the smallest error that turns the choice a fair measure.

Sources: ``src/backend/optimizer/path/costsize.c`` for what costs scale with; Mackert and Lohman, "Index Scans Using a
Finite LRU Buffer", ACM TODS 14, 1989, for pages that are fetched once however many rows are in them; Ioannidis and
Christodoulakis, "On the Propagation of Errors in the Size of Join Results", SIGMOD 1991.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from dbtune.model.plan import Plan, PlanNode
from dbtune.planner.robustness.sizes import (
    CPU_INDEX_ROW,
    CPU_OPERATOR,
    CPU_TUPLE,
    DESCENT,
    NO_SIZES,
    PARALLEL_SETUP,
    RANDOM_PAGE,
    Sizes,
    TableSize,
)
from dbtune.planner.robustness.tree import INDEX_SCANS, Node, tree_of

MANY_TO_A_GROUP = 10.0
"""From so many rows a group on, more rows bring no new groups."""


@dataclass(frozen=True)
class Misestimate:
    """The rows of a set of relations (aliases) are ``factor`` times as many as estimated."""

    relations: frozenset[str]
    factor: float


Scenario = tuple[Misestimate, ...]
"""Misestimates that hold together; the empty one is the planner's belief."""


def cost_under(plan: Plan, scenario: Scenario, sizes: Sizes = NO_SIZES) -> float:
    """Cost of the plan, in planner units, where the misestimates hold."""
    return Recosting(plan, sizes).cost(scenario)


def worst_cost(plan: Plan, scenarios: Iterable[Scenario], sizes: Sizes = NO_SIZES) -> float:
    """The highest cost of the plan under any of the scenarios, in planner units."""
    recosting = Recosting(plan, sizes)
    return max((recosting.cost(scenario) for scenario in scenarios), default=plan.cost)


@dataclass(frozen=True)
class _Cost:
    """A node under a scenario: costs of one execution, its rows as a multiple of the estimate."""

    startup: float
    total: float
    rows: float
    applied: frozenset[int]
    """Which misestimates are in ``rows``."""
    outer: bool
    """It depends on the row of a nested loop above it."""


class Recosting:
    """One plan, asked under any number of scenarios."""

    def __init__(self, plan: Plan, sizes: Sizes = NO_SIZES) -> None:
        self.tree = tree_of(plan)
        self._sizes = sizes
        self._scenario: Scenario = ()
        self._wrong: frozenset[str] = frozenset()
        self._ctes: dict[str, float] = {}
        self._believed: dict[tuple[int, frozenset[str]], _Cost] = {}
        """Of nodes that no misestimate reaches, by identity and the relations of the outer sides above."""
        self._costs: dict[Scenario, float] = {}

    def cost(self, scenario: Scenario) -> float:
        """Planner units."""
        if scenario not in self._costs:
            self._costs[scenario] = self._cost(scenario)
        return self._costs[scenario]

    def _cost(self, scenario: Scenario) -> float:
        self._scenario = scenario
        self._wrong = frozenset[str]().union(*(one.relations for one in scenario))
        self._ctes = {}
        return self._of(self.tree, frozenset()).total

    def _of(self, node: Node, outer: frozenset[str]) -> _Cost:
        if node.reads_cte or not self._wrong.isdisjoint(node.reach):
            return self._recosted(node, outer)
        key = (id(node), outer)
        if key not in self._believed:
            self._believed[key] = self._recosted(node, outer)
        return self._believed[key]

    def _recosted(self, node: Node, outer: frozenset[str]) -> _Cost:
        extra = 0.0
        for plan in node.init_plans:
            once = self._of(plan, outer)
            self._ctes[(plan.source.subplan_name or "").removeprefix("CTE ")] = once.rows
            extra += once.total - plan.source.total_cost
        if node.source.type == "Nested Loop" and node.is_join:
            found = self._nested_loop(node, outer)
        elif node.is_join:
            found = self._join(node, outer)
        elif node.source.type == "Limit" and len(node.inputs) == 1:
            found = self._limit(node, outer)
        elif node.inputs:
            found = self._over_inputs(node, outer)
        else:
            found = self._leaf(node, outer)
        if node.subplans:
            found = self._with_subplans(node, found, outer)
        if not extra:
            return found
        return _Cost(found.startup + extra, found.total + extra, found.rows, found.applied, found.outer)

    def _leaf(self, node: Node, outer: frozenset[str]) -> _Cost:
        source = node.source
        depends = bool(node.references & outer)
        known = node.aliases | outer if depends else node.aliases
        rows = fetched = 1.0
        applied = []
        for number, one in enumerate(self._scenario):
            if one.relations <= known and one.relations & node.aliases:
                rows *= one.factor
                applied.append(number)
                # a condition that only filters what the index finds does not make it find less
                if one.relations - node.aliases or node.bounded_by_constants:
                    fetched *= one.factor
        if source.type == "CTE Scan":
            rows *= self._ctes.get(source.subplan_name or "", 1.0)
            fetched = rows
        size = self._sizes.of_node(source)
        if size is not None and source.rows > 0:
            most = max(1.0, size.rows / source.rows)
            rows, fetched = min(rows, most), min(fetched, most)
        run = source.total_cost - source.startup_cost
        startup = source.startup_cost
        if source.type in INDEX_SCANS and node.index_conditions:
            bitmap = source.type == "Bitmap Heap Scan"
            if bitmap:  # the bitmap is made before the first row comes
                startup *= fetched
            run = self._found_by_index(run, source.rows, fetched, size)
        elif source.type in ("CTE Scan", "Function Scan", "WorkTable Scan", "Values Scan"):
            run *= fetched
        return _Cost(startup, startup + run, rows, frozenset(applied), depends)

    def _found_by_index(self, run: float, rows: float, growth: float, size: TableSize | None) -> float:
        """Cost of fetching ``growth`` times the rows: processor time in proportion, pages up to all of the table."""
        processor = min(run, rows * CPU_INDEX_ROW)
        pages = (run - processor) * growth
        if size is not None:
            pages = min(pages, max(run - processor, size.pages * RANDOM_PAGE))
        return processor * growth + pages

    def _nested_loop(self, node: Node, outer: frozenset[str]) -> _Cost:
        left, right = node.inputs
        source = node.source
        first = self._of(left, outer)
        inner = self._of(right, outer | left.aliases)
        loops = max(left.source.rows, 1.0)
        loops_now = max(left.source.rows * first.rows, min(1.0, left.source.rows))
        paid = max(source.total_cost - left.source.total_cost, 0.0)
        growth = loops_now / loops
        once = right.source.total_cost
        if right.source.type == "Materialize":
            again = max(paid - once, 0.0) * growth * inner.rows
            now = inner.total + again
        else:
            ratio = inner.total / once if once > 0 else 1.0
            now = self._repeated(right, paid, loops, growth, ratio)
        applied = first.applied | inner.applied
        rows, applied = self._joined(node, first, inner, applied, outer)
        # what the error of the join itself adds to the rows that come out
        output = source.rows * CPU_TUPLE * max(rows - growth * max(inner.rows, 1.0), 0.0)
        startup = max(source.startup_cost - left.source.startup_cost - right.source.startup_cost, 0.0)
        return _Cost(
            startup + first.startup + inner.startup,
            first.total + now + output,
            rows,
            applied,
            first.outer or (inner.outer and bool(_references(right) & outer)),
        )

    def _repeated(self, inner: Node, paid: float, loops: float, growth: float, ratio: float) -> float:
        """The inner side's share of a nested loop, executed ``growth`` times as often at ``ratio`` times the cost."""
        linear = paid * growth * ratio
        size = self._sizes.of_node(inner.source)
        if inner.source.type not in INDEX_SCANS or size is None:
            return linear
        # pages that came once stay in the cache: all executions together read no more than there are
        each = min(paid / loops, DESCENT + inner.source.rows * CPU_INDEX_ROW)
        processor = each * loops
        pages = paid - processor
        return processor * growth * ratio + min(pages * growth * ratio, max(pages, size.pages * 1.3 * RANDOM_PAGE))

    def _join(self, node: Node, outer: frozenset[str]) -> _Cost:
        """Hash and merge joins: build, probe and output scale with their rows."""
        left, right = node.inputs
        source = node.source
        first, second = self._of(left, outer), self._of(right, outer)
        applied = first.applied | second.applied
        rows, applied = self._joined(node, first, second, applied, outer)
        paid = left.source.total_cost + right.source.total_cost
        own = source.total_cost - paid
        share = 1.0
        if own < 0:  # a merge join stops where one side ends
            share, own = source.total_cost / paid, 0.0
        left_work = left.source.rows * CPU_OPERATOR
        right_work = right.source.rows * (CPU_OPERATOR + CPU_TUPLE)
        output = source.rows * CPU_TUPLE
        # what is left compares each row of one side with its fellows of the other
        rest = max(own - left_work - right_work - output, 0.0)
        work = left_work + right_work + output + rest
        done = left_work * first.rows + right_work * second.rows + output * rows + rest * first.rows
        total = share * (first.total + second.total) + own * (done / work if work > 0 else 1.0)
        if source.type == "Hash Join":
            startup = source.startup_cost - right.source.total_cost - left.source.startup_cost
            startup = max(startup, 0.0) * second.rows + second.total + first.startup
        else:
            startup = source.startup_cost - left.source.startup_cost - right.source.startup_cost
            startup = max(startup, 0.0) + first.startup + second.startup
        return _Cost(min(startup, total), total, rows, applied, first.outer or second.outer)

    def _joined(
        self, node: Node, first: _Cost, second: _Cost, applied: frozenset[int], outer: frozenset[str]
    ) -> tuple[float, frozenset[int]]:
        """Rows of a join as a multiple of the estimate, and the misestimates in it."""
        left, right = node.inputs
        kind = node.source.join_type or "Inner"
        known = node.aliases | outer if first.outer or second.outer else node.aliases
        new = 1.0
        fresh = []
        for number, one in enumerate(self._scenario):
            if number not in applied and one.relations <= known and one.relations & node.aliases:
                new *= one.factor
                fresh.append(number)
        kept, kept_rows = (second, right) if kind.startswith("Right") else (first, left)
        half = "Semi" in kind or "Anti" in kind
        rows = (kept.rows if half else first.rows * second.rows) * new
        estimate = max(node.source.rows, 1.0)
        preserved = max(kept_rows.source.rows, 1.0) * kept.rows / estimate
        if half or (node.source.inner_unique and kind in ("Inner", "Left")):
            rows = min(rows, max(preserved, 1e-9)) if preserved >= min(1.0, kept.rows) else rows
        if kind in ("Left", "Right", "Full"):
            rows = max(rows, preserved)
        return rows, applied | frozenset(fresh)

    def _limit(self, node: Node, outer: frozenset[str]) -> _Cost:
        """The share of the input that is read until there are rows enough."""
        child = node.inputs[0]
        below = self._of(child, outer)
        source = node.source
        run = child.source.total_cost - child.source.startup_cost
        share = (source.total_cost - child.source.startup_cost) / run if run > 0 else 1.0
        now = min(1.0, max(share, 0.0) / below.rows) if below.rows > 0 else 1.0
        available = child.source.rows * below.rows
        rows = min(source.rows, available) / source.rows if source.rows > 0 else 1.0
        if source.rows >= child.source.rows:  # it did not stop anything
            now, rows = 1.0, below.rows
        total = below.startup + (below.total - below.startup) * now
        return _Cost(below.startup, total, rows, below.applied, below.outer)

    def _over_inputs(self, node: Node, outer: frozenset[str]) -> _Cost:
        """Sorts, aggregates, appends, gathers and all that works through its input."""
        source = node.source
        below = [self._of(child, outer) for child in node.inputs]
        estimates = [max(child.source.rows, 1e-9) for child in node.inputs]
        growth = sum(n * one.rows for n, one in zip(estimates, below, strict=True)) / sum(estimates)
        paid = sum(child.source.total_cost for child in node.inputs)
        own = source.total_cost - paid
        share = 1.0
        if own < 0:
            share, own = (source.total_cost / paid if paid > 0 else 1.0), 0.0
        fixed = min(own, PARALLEL_SETUP) if source.type.startswith("Gather") else 0.0
        work = growth
        if source.type == "Sort":
            rows = max(estimates[0], 2.0)
            work = growth * max(math.log2(max(rows * growth, 2.0)) / math.log2(rows), 0.1)
        total = share * sum(one.total for one in below) + fixed + (own - fixed) * work
        if source.type in ("Sort", "Hash") or (source.type == "Aggregate" and source.strategy != "Sorted"):
            startup = total * (source.startup_cost / source.total_cost if source.total_cost > 0 else 1.0)
        else:
            startup = below[0].startup + max(source.startup_cost - node.inputs[0].source.startup_cost, 0.0)
        applied = frozenset[int]().union(*(one.applied for one in below))
        depends = any(one.outer for one in below)
        return _Cost(min(startup, total), total, _rows_out(source, estimates[0], growth), applied, depends)

    def _with_subplans(self, node: Node, found: _Cost, outer: frozenset[str]) -> _Cost:
        """Subplans are executed for each row, unless they are hashed: their cost is in the node's own."""
        own = node.source.total_cost - sum(child.source.total_cost for child in node.inputs)
        total = found.total
        for plan in node.subplans:
            before = plan.source.total_cost
            change = self._of(plan, outer | node.aliases).total - before
            times = max(own / before, 1.0) if before > 0 else 1.0
            total += change * times
        return _Cost(found.startup, max(total, found.startup), found.rows, found.applied, found.outer)


def _rows_out(source: PlanNode, rows_in: float, growth: float) -> float:
    """Rows out as a multiple of the estimate."""
    if source.type not in ("Aggregate", "Group", "Unique", "SetOp"):
        return growth
    if not source.sort_keys and source.type == "Aggregate" and source.rows <= 1:
        return 1.0
    groups = max(source.rows, 1.0)
    if rows_in / groups < MANY_TO_A_GROUP:
        return growth
    return min(1.0, rows_in * growth / groups)


def _references(node: Node) -> frozenset[str]:
    return frozenset(name for one in node.walk() for name in one.references)
