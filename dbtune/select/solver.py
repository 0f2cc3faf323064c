"""Minimises a sum of costs over variables from 0 to 1, some of them whole, under linear constraints: HiGHS.

Source: Huangfu and Hall, "Parallelizing the Dual Revised Simplex Method", Mathematical Programming Computation 10,
2018.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from highspy import Highs, HighsLp, HighsSolution, HighsVarType, MatrixFormat
from numpy.typing import NDArray

INFINITY = float("inf")

SMALL = 20_000
"""Variables up to which a programme is solved as it is: what presolving finds takes longer there than what it saves."""

NEEDLESS = ("mip_detect_symmetry", "mip_heuristic_run_rens", "mip_heuristic_run_root_reduced_cost")
"""Searches of HiGHS that do again what RINS does between the start and the relaxed solution: with all of them the
programmes of TPC-H took half as long again, without any of them as long as that."""

STANDARD_OUTPUT = 1
"""File descriptor."""

SCALE = 1e4
"""What the objective's largest part is scaled to: HiGHS' tolerances are absolute."""


@dataclass
class Rows:
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


@dataclass(frozen=True)
class Minimum:
    """``values`` by variable, and ``bound``: no values are cheaper."""

    values: NDArray[np.float64]
    bound: float


def minimised(
    costs: Sequence[float],
    rows: Rows,
    *,
    whole: int = 0,
    start: Sequence[float] | None = None,
    seconds: float,
    gap: float = 0.0,
) -> Minimum | None:
    """The cheapest values; None where nothing was found within ``seconds``.

    The first ``whole`` variables are 0 or 1, the others may lie between. ``start``: values to begin with, which need
    not be allowed. ``gap``: relative difference of cost and bound at which to stop.
    """
    scale = SCALE / max(1e-9, *costs)
    programme = _programme(np.array(costs) * scale, rows, whole)
    with _no_output():
        solver = _solver({"time_limit": seconds, "mip_rel_gap": gap})
        if len(costs) <= SMALL:
            solver.setOptionValue("presolve", "off")
        solver.passModel(programme)
        if start is not None:
            solver.setSolution(_as_solution(start))
        solver.run()
    found, information = solver.getSolution(), solver.getInfo()
    if not found.value_valid:
        return None
    lowest = information.mip_dual_bound if whole else information.objective_function_value
    return Minimum(np.array(found.col_value), lowest / scale)


def _solver(wishes: Mapping[str, float]) -> Highs:
    solver = Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)
    for name, value in wishes.items():
        solver.setOptionValue(name, value)
    for name in NEEDLESS:
        solver.setOptionValue(name, False)
    return solver


def _programme(costs: NDArray[np.float64], rows: Rows, whole: int) -> HighsLp:
    programme = HighsLp()
    programme.num_col_, programme.num_row_ = len(costs), len(rows.lower)
    programme.col_cost_ = costs
    programme.col_lower_, programme.col_upper_ = np.zeros(len(costs)), np.ones(len(costs))
    programme.row_lower_, programme.row_upper_ = np.array(rows.lower), np.array(rows.upper)
    matrix = programme.a_matrix_
    matrix.format_ = MatrixFormat.kRowwise
    matrix.start_ = np.array(rows.starts, dtype=np.int32)
    matrix.index_ = np.array(rows.columns, dtype=np.int32)
    matrix.value_ = np.array(rows.values)
    if whole:
        kinds = [HighsVarType.kInteger] * whole + [HighsVarType.kContinuous] * (len(costs) - whole)
        programme.integrality_ = kinds
    return programme


def _as_solution(values: Sequence[float]) -> HighsSolution:
    solution = HighsSolution()
    solution.col_value = list(values)
    return solution


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
