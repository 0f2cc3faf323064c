"""The choice as an integer programme over statements × plans × indexes.

x_i: index i is built. y_qp: statement q runs plan p of those known. One plan a statement; a plan needs its indexes:
for each statement and index, the plans that read the index are at most x_i. The indexes fit the budget. The sum of the
plans' costs and of what writes pay is made as small as can be.

With ``relaxed``, what has not been looked at counts as a plan of its own: a region of the plan space, at its lower
bound, open to sets that hold and lack what it says. No set within the budget is then cheaper than the solution: the
bound that is proved. Source: Dash, Polyzotis and Ailamaki, "CoPhy: A Scalable, Portable, and Interactive Index Advisor
for Large Workloads", VLDB 2011.
"""

from __future__ import annotations

from dataclasses import dataclass

from dbtune.model.schema import Index
from dbtune.select.model import Model
from dbtune.select.plan_space import Package, Region
from dbtune.select.solver import INFINITY, Minimum, Rows, minimised

MEGABYTE = 1e6

WORTH_AN_INDEX = 0.001
"""Of a statement's cost today: a plan that reads more indexes than another one must be cheaper by more, but for the
bound."""

SPACE_PRICE = 1e-7
"""Of what could be saved at all, for the whole of the candidates' bytes: of two equal sets, the smaller one."""


@dataclass(frozen=True)
class Solution:
    """A set, and what no set can be cheaper than by this programme (planner units over the workload)."""

    indexes: Package
    """Those that are built; of the linear relaxation, those of which more than half is."""
    bound: float
    open_regions: tuple[tuple[str, Region], ...]
    """Statement and region, where the solution counts on what has not been looked at."""


class Programme:
    """The programme of a model within a budget."""

    def __init__(
        self, model: Model, budget_bytes: int | None, *, relaxed: bool = False, banned: Package = frozenset()
    ) -> None:
        self._model = model
        self._banned = banned
        self._indexes: dict[Index, int] = {}
        self._constant = 0.0
        self._costs: list[float] = []
        self._rows = Rows()
        self._plan_columns: list[list[tuple[int, Package]]] = []
        """By statement, the cheapest first; the last one needs nothing."""
        self._region_columns: list[tuple[int, str, Region]] = []
        usable = [(name, self._options(name, relaxed)) for name in model.spaces]
        self._add_indexes(0.0 if relaxed else sum(saving for _, (saving, _, _) in usable))
        if budget_bytes is not None:
            sizes = ((column, model.prices.size(index) / MEGABYTE) for index, column in self._indexes.items())
            self._rows.add(-INFINITY, budget_bytes / MEGABYTE, sizes)
        for name, (_, plans, regions) in usable:
            self._add_statement(name, plans, regions)

    def solve(self, *, start: Package, seconds: float, gap: float = 0.0) -> Solution | None:
        """The best set and the bound; None where nothing was found within ``seconds``.

        ``start``: a set that is known to be good. ``gap``: relative difference of set and bound at which to stop.
        """
        if not self._costs:
            return self._nothing_to_choose()
        values = self._values(start)
        found = minimised(self._costs, self._rows, whole=len(self._indexes), start=values, seconds=seconds, gap=gap)
        return None if found is None else self._solution(found)

    def relax(self, *, seconds: float) -> Solution | None:
        """The linear relaxation, where an index may be built in part: quick, its bound holds, its set is none."""
        if not self._costs:
            return self._nothing_to_choose()
        found = minimised(self._costs, self._rows, seconds=seconds)
        return None if found is None else self._solution(found)

    def _nothing_to_choose(self) -> Solution:
        return Solution(frozenset(), self._constant, ())

    def _solution(self, found: Minimum) -> Solution:
        built = frozenset(index for index, column in self._indexes.items() if found.values[column] > 0.5)
        regions = tuple((name, region) for column, name, region in self._region_columns if found.values[column] > 1e-6)
        return Solution(built, found.bound + self._constant, regions)

    def _values(self, indexes: Package) -> list[float]:
        """Of all variables, where that set is built and every statement runs its cheapest plan."""
        values = [0.0] * len(self._costs)
        for index in indexes:
            if index in self._indexes:
                values[self._indexes[index]] = 1.0
        for plans in self._plan_columns:
            values[next(column for column, package in plans if package <= indexes)] = 1.0
        return values

    def _options(self, name: str, relaxed: bool) -> tuple[float, list[tuple[Package, float]], list[Region]]:
        """What the statement may save, its plans and regions; the indexes of both become columns."""
        space, banned = self._model.spaces[name], self._banned
        known = space.plans if relaxed else space.credited  # a bound is on what the planner says
        slack = 0.0 if relaxed else WORTH_AN_INDEX * space.today
        plans = _undominated([(package, cost) for package, cost in known.items() if not package & banned], slack)
        regions = [region for region in space.regions if not region.holding & banned] if relaxed else []
        for package in (*(p for p, _ in plans), *(r.holding | r.without for r in regions)):
            for index in self._model.in_order(package):
                if index not in banned:
                    self._indexes.setdefault(index, len(self._indexes))
        lowest = min([cost for _, cost in plans] + [region.bound for region in regions])
        return space.today - lowest, plans, regions

    def _add_indexes(self, savings: float) -> None:
        prices = self._model.prices
        whole = max(1, prices.sizes(self._indexes))
        for index in self._indexes:
            self._costs.append(prices.write_cost(index) + SPACE_PRICE * savings * prices.size(index) / whole)

    def _add_statement(self, name: str, plans: list[tuple[Package, float]], regions: list[Region]) -> None:
        """Costs count from the lowest one, so that the gap is a share of what can be saved."""
        if not self._indexes or (len(plans) == 1 and not regions):
            self._constant += plans[0][1]
            return
        lowest = min([cost for _, cost in plans] + [region.bound for region in regions])
        self._constant += lowest
        needing: dict[int, list[int]] = {}
        lacking: dict[int, list[int]] = {}
        columns: list[int] = []
        of_plans: list[tuple[int, Package]] = []
        for package, cost in plans:
            column = self._column(cost - lowest, columns)
            of_plans.append((column, package))
            for index_column in self._columns_of(package):
                needing.setdefault(index_column, []).append(column)
        self._plan_columns.append(of_plans)
        for region in regions:
            column = self._column(region.bound - lowest, columns)
            self._region_columns.append((column, name, region))
            for index_column in self._columns_of(region.holding):
                needing.setdefault(index_column, []).append(column)
            for index_column in self._columns_of(region.without - self._banned):
                lacking.setdefault(index_column, []).append(column)
        self._rows.add(1.0, 1.0, ((column, 1.0) for column in columns))
        for index_column, of_index in needing.items():
            self._rows.add(-INFINITY, 0.0, [*((column, 1.0) for column in of_index), (index_column, -1.0)])
        for index_column, of_index in lacking.items():
            self._rows.add(-INFINITY, 1.0, [*((column, 1.0) for column in of_index), (index_column, 1.0)])

    def _columns_of(self, package: Package) -> list[int]:
        """In a fixed order: the solver's path, and of equal sets the one it finds, hang on that of the rows."""
        return sorted(self._indexes[index] for index in package)

    def _column(self, cost: float, columns: list[int]) -> int:
        column = len(self._costs)
        self._costs.append(cost)
        columns.append(column)
        return column


def _undominated(plans: list[tuple[Package, float]], slack: float) -> list[tuple[Package, float]]:
    """Without plans that need all that another one needs, and are not cheaper than it by more than ``slack``."""
    kept: list[tuple[Package, float]] = []
    for package, cost in sorted(plans, key=lambda plan: (len(plan[0]), plan[1])):
        if not any(worse <= cost + slack and other <= package for other, worse in kept):
            kept.append((package, cost))
    return sorted(kept, key=lambda plan: plan[1])
