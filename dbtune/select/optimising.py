"""The best set for the known plans, and then for the planner: solved, really planned, and solved again.

What the programme believes is put to the planner: a set that it finds is planned as a whole, and without each of its
indexes. Plans that come out new correct the model, until the planner has nothing to add.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from dbtune.model.progress import Progress
from dbtune.select.exploring import Late
from dbtune.select.greedy import best_grown, grown
from dbtune.select.model import Model
from dbtune.select.plan_space import Package, PlanSpace, Region
from dbtune.select.programme import Programme, Solution
from dbtune.select.trusting import distrust_risky

ROUNDS = 8
"""Most corrections of the model; three are usual."""

GAP = 0.005
"""Relative distance from the programme's optimum that is good enough: far below what a plan's cost is worth."""

BOUND_GAP = 0.02
"""Distance of set and bound at which nothing more is proved."""

LOOKING_ROUNDS = 8
"""Of questions about what the best sets count on, before one is chosen."""

PROOF_ROUNDS = 2
"""Of the same, once one is."""

DEPTH = 8
"""Regions within a region that are looked at in one round."""

SOLVER_SECONDS = 10.0
"""For one programme: a limit for very large workloads; 22 statements take a few tenths of a second."""

PHASE_SECONDS = 30.0
"""For all corrections of one choice, and for the proof: a limit for very large workloads, too."""


@dataclass(frozen=True)
class Found:
    """A set and its objective by the planner's own answers, in planner units over the workload."""

    indexes: Package
    objective: float


def optimised(
    model: Model, budget_bytes: int | None, start: Package, banned: Package, late: Late, progress: Progress
) -> Found:
    """The best set within the budget that was found. ``start``: a set that is good to begin with."""
    sets = (grown(model, budget_bytes, 1.0, start, banned)[-1].indexes, best_grown(model, budget_bytes, banned=banned))
    best = _planned(model, min(sets, key=model.objective), late)
    until = time.monotonic() + PHASE_SECONDS
    for number in range(ROUNDS):
        if late() or time.monotonic() > until:
            break
        progress.step("choosing indexes", number, ROUNDS)
        solution = Programme(model, budget_bytes, banned=banned).solve(
            start=best.indexes, seconds=SOLVER_SECONDS, gap=GAP
        )
        if solution is None:
            break
        known = _known_plans(model)
        # the solver leaves out what is less than its gap, which may be all that a rare statement has to gain
        completed = grown(model, budget_bytes, 1.0, solution.indexes, banned)[-1]
        found = _planned(model, completed.indexes, late)
        is_riskier = not late() and distrust_risky(model, found.indexes)
        if is_riskier:
            best, found = (Found(one.indexes, model.objective(one.indexes)) for one in (best, found))
        gained = (best.objective - found.objective) / max(best.objective, 1e-9)
        if gained > 0:
            best = found
        if gained < GAP / 2 and not is_riskier and (number or _known_plans(model) == known):
            break
    return best


def explored_within(model: Model, budget_bytes: int | None, late: Late, progress: Progress) -> None:
    """Ask about what the best sets within the budget count on, as far as it has not been looked at."""
    best = model.promised(best_grown(model, budget_bytes))
    _bounded(model, budget_bytes, best, LOOKING_ROUNDS, late, progress)


def proved_bound(model: Model, budget_bytes: int | None, best: Found, late: Late, progress: Progress) -> float | None:
    """What no set of the candidates within the budget can be cheaper than."""
    return _bounded(model, budget_bytes, best.objective, PROOF_ROUNDS, late, progress)


def _bounded(
    model: Model, budget_bytes: int | None, objective: float, rounds: int, late: Late, progress: Progress
) -> float | None:
    """A lower bound, by the linear relaxation.

    Solved with what has not been looked at, which is then looked at where the solution counts on it, until the bound is
    near the ``objective`` of a set that is known.
    """
    bound: float | None = None
    until = time.monotonic() + PHASE_SECONDS
    enough = model.prices.gate.calls + model.prices.scale.questions * math.sqrt(len(model.spaces))
    for number in range(rounds + 1):
        if late() or time.monotonic() > until:
            return bound
        progress.step("looking where the best sets may be", number, rounds)
        solution = Programme(model, budget_bytes, relaxed=True).relax(seconds=SOLVER_SECONDS)
        if solution is None:
            break
        lowest = min(solution.bound, objective)  # solvers have tolerances
        bound = lowest if bound is None else max(bound, lowest)
        is_last = number == rounds or model.prices.gate.calls >= enough
        if is_last or not solution.open_regions or bound >= (1 - BOUND_GAP) * objective:
            break
        _look_into(model, solution)
    return bound


def _look_into(model: Model, solution: Solution) -> None:
    """Look at all regions that the solution counts on, those of different statements at the same time."""
    regions: dict[str, list[Region]] = {}
    for name, region in solution.open_regions:
        regions.setdefault(name, []).append(region)

    def look(name: str) -> None:
        for region in regions[name]:
            _look_deep(model.spaces[name], region, solution.indexes)

    for _ in model.prices.gate.crew.each(look, list(regions)):
        pass


def _look_deep(space: PlanSpace, region: Region, indexes: Package) -> None:
    """Look at the region, then at the one in it that the set lies in, and so on: the solver would come to it next."""
    for _ in range(DEPTH):
        smaller = [one for one in space.explore(region) if one.holding <= indexes and not one.without & indexes]
        if not smaller:
            break
        region = smaller[0]


def _planned(model: Model, indexes: Package, late: Late) -> Found:
    """The set really planned, as a whole and without each index that a plan reads."""

    def cost(space: PlanSpace) -> float:
        held = indexes & space.pool
        plan = space.learn(held)
        found = space.cost(held)
        for index in sorted(plan, key=lambda i: i.name):
            if not late():
                space.learn(held - {index})
        return found

    costs = model.prices.gate.crew.each(cost, list(model.spaces.values()))
    return Found(indexes, sum(costs) + model.prices.write_costs(indexes))


def _known_plans(model: Model) -> int:
    return sum(len(space.plans) for space in model.spaces.values())
