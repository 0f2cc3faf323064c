"""The choice as an integer programme over statements × plans × indexes, solved by HiGHS (in scipy).

x_i: index i is built. y_qp: statement q runs plan p of those known. One plan a statement; a plan needs its indexes:
for each statement and index, the plans that read the index are at most x_i. The indexes fit the budget. The sum of the
plans' costs and of what writes pay is made as small as can be.

With ``relaxed``, what has not been looked at counts as a plan of its own: a region of the plan space, at its lower
bound, open to sets that hold and lack what it says. No set within the budget is then cheaper than the solution: the
bound that is proved. Sources: Dash, Polyzotis and Ailamaki, "CoPhy: A Scalable, Portable, and Interactive Index Advisor
for Large Workloads", VLDB 2011 (the programme); Huangfu and Hall, "Parallelizing the Dual Revised Simplex Method",
Mathematical Programming Computation 10, 2018 (HiGHS).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from dbtune.model.schema import Index
from dbtune.select.model import Model
from dbtune.select.plan_space import Package, Region

STANDARD_OUTPUT = 1
"""File descriptor."""

MEGABYTE = 1e6

WORTH_AN_INDEX = 0.001
"""Of a statement's cost today: a plan that reads more indexes than another one must be cheaper by more, but for the
bound."""

SPACE_PRICE = 1e-7
"""Of what could be saved at all, for the whole of the candidates' bytes: of two equal sets, the smaller one."""

SCALE = 1e4
"""What the objective's largest part is scaled to: HiGHS' tolerances are absolute."""


@dataclass(frozen=True)
class Solution:
    """A set, and what no set can be cheaper than by this programme (planner units over the workload)."""

    indexes: Package
    """Those that are built; of the linear relaxation, those of which more than half is."""
    bound: float
    open_regions: tuple[tuple[str, Region], ...]
    """Statement and region, where the solution counts on what has not been looked at."""


@dataclass
class _Rows:
    """Constraints, row by row: lower bound, upper bound, coefficients."""

    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])
    columns: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def add(self, lower: float, upper: float, terms: Iterable[tuple[int, float]]) -> None:
        for column, value in terms:
            self.columns.append(column)
            self.values.append(value)
        self.starts.append(len(self.columns))
        self.lower.append(lower)
        self.upper.append(upper)

    def constraint(self, width: int) -> LinearConstraint:
        matrix = csr_array((self.values, self.columns, self.starts), shape=(len(self.lower), width))
        return LinearConstraint(matrix, np.array(self.lower), np.array(self.upper))


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
        self._rows = _Rows()
        self._region_columns: list[tuple[int, str, Region]] = []
        usable = [(name, self._options(name, relaxed)) for name in model.spaces]
        self._add_indexes(0.0 if relaxed else sum(saving for _, (saving, _, _) in usable))
        if budget_bytes is not None:
            sizes = ((column, model.prices.size(index) / MEGABYTE) for index, column in self._indexes.items())
            self._rows.add(-np.inf, budget_bytes / MEGABYTE, sizes)
        for name, (_, plans, regions) in usable:
            self._add_statement(name, plans, regions)

    def solve(self, *, seconds: float, gap: float = 0.0) -> Solution | None:
        """The best set and the bound; None where nothing was found within ``seconds``.

        ``gap``: relative difference of set and bound at which to stop.
        """
        integer = np.arange(len(self._costs)) < len(self._indexes)
        return self._solved(integer.astype(np.int8), seconds, gap)

    def relax(self, *, seconds: float) -> Solution | None:
        """The linear relaxation, where an index may be built in part: quick, its bound holds, its set is none."""
        return self._solved(np.zeros(len(self._costs), np.int8), seconds, 0.0)

    def _solved(self, integer: NDArray[np.int8], seconds: float, gap: float) -> Solution | None:
        if not self._costs:
            return Solution(frozenset(), self._constant, ())
        scale = SCALE / max(1e-9, *self._costs)
        with _no_output():
            result = milp(
                np.array(self._costs) * scale,
                integrality=integer,
                bounds=Bounds(0.0, 1.0),
                constraints=self._rows.constraint(len(self._costs)),
                options={"time_limit": seconds, "mip_rel_gap": gap},
            )
        if result.x is None:
            return None
        solution = np.asarray(result.x)
        lowest = result.mip_dual_bound if integer.any() else result.fun
        built = frozenset(index for index, column in self._indexes.items() if solution[column] > 0.5)
        regions = tuple((name, region) for column, name, region in self._region_columns if solution[column] > 1e-6)
        return Solution(built, float(lowest) / scale + self._constant, regions)

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
        for package, cost in plans:
            column = self._column(cost - lowest, columns)
            for index_column in self._columns_of(package):
                needing.setdefault(index_column, []).append(column)
        for region in regions:
            column = self._column(region.bound - lowest, columns)
            self._region_columns.append((column, name, region))
            for index_column in self._columns_of(region.holding):
                needing.setdefault(index_column, []).append(column)
            for index_column in self._columns_of(region.without - self._banned):
                lacking.setdefault(index_column, []).append(column)
        self._rows.add(1.0, 1.0, ((column, 1.0) for column in columns))
        for index_column, of_index in needing.items():
            self._rows.add(-np.inf, 0.0, [*((column, 1.0) for column in of_index), (index_column, -1.0)])
        for index_column, of_index in lacking.items():
            self._rows.add(-np.inf, 1.0, [*((column, 1.0) for column in of_index), (index_column, 1.0)])

    def _columns_of(self, package: Package) -> list[int]:
        """In a fixed order: the solver's path, and of equal sets the one it finds, hang on that of the rows."""
        return sorted(self._indexes[index] for index in package)

    def _column(self, cost: float, columns: list[int]) -> int:
        column = len(self._costs)
        self._costs.append(cost)
        columns.append(column)
        return column


@contextmanager
def _no_output() -> Iterator[None]:
    """HiGHS writes lines of its own to standard output now and then, whatever it is told; reports go there."""
    sys.stdout.flush()
    try:
        kept = os.dup(STANDARD_OUTPUT)
    except OSError:  # closed: nothing can be written to it
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, STANDARD_OUTPUT)
        yield
    finally:
        os.dup2(kept, STANDARD_OUTPUT)
        os.close(kept)
        os.close(nowhere)


def _undominated(plans: list[tuple[Package, float]], slack: float) -> list[tuple[Package, float]]:
    """Without plans that need all that another one needs, and are not cheaper than it by more than ``slack``."""
    kept: list[tuple[Package, float]] = []
    for package, cost in sorted(plans, key=lambda plan: (len(plan[0]), plan[1])):
        if not any(worse <= cost + slack and other <= package for other, worse in kept):
            kept.append((package, cost))
    return sorted(kept, key=lambda plan: plan[1])
