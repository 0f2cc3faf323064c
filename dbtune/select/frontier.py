"""Gain against size: what more or less space for indexes would do, by the plans that are known."""

from __future__ import annotations

from dbtune.model.recommendation import FrontierPoint
from dbtune.select.greedy import SIZE_WEIGHTS, Step, grown
from dbtune.select.model import Model
from dbtune.select.optimising import Found

MOST_POINTS = 24

LEAST_STEP = 0.002
"""Of the cost: a point that is cheaper by less is not worth showing."""


LAST_GAIN = 0.02
"""Of the workload's cost: what the space beyond the knee would save is less than that."""


def knee(model: Model, most_bytes: int) -> int:
    """The size in bytes beyond which more space, up to ``most_bytes``, hardly makes the workload cheaper.

    The smallest set that comes near the best one within ``most_bytes``; a curve of index sizes has no sharper bend that
    could be told from chance.
    """
    steps = [step for weight in SIZE_WEIGHTS for step in grown(model, most_bytes, weight)]
    lowest = min(step.objective for step in steps)
    return min(step.bytes for step in steps if step.objective <= (1 + LAST_GAIN) * lowest)


def frontier_points(model: Model, best: Found) -> tuple[FrontierPoint, ...]:
    """Points from no index to the most that helps, with the chosen set among them."""
    steps = [step for weight in SIZE_WEIGHTS for step in grown(model, None, weight)]
    chosen = Step(best.indexes, model.prices.sizes(best.indexes), best.objective)
    kept: list[Step] = []
    for step in sorted([*steps, chosen], key=lambda s: (s.bytes, s.objective, s is not chosen)):
        if not kept or step is chosen or step.objective < (1 - LEAST_STEP) * kept[-1].objective:
            kept.append(step)
    kept = [step for step in kept if step is chosen or not _is_beaten(step, chosen)]
    points: list[FrontierPoint] = []
    for step in _thinned(kept, chosen):
        # steps are grown with risky plans credited in part; what is shown is what the planner says
        cost = step.objective if step is chosen else model.promised(step.indexes)
        if step is chosen:
            points = [point for point in points if point.cost > cost or not point.indexes]
        if not points or step is chosen or cost < points[-1].cost:
            points.append(FrontierPoint(step.bytes, cost, len(step.indexes), step is chosen))
    return tuple(points)


def _is_beaten(step: Step, chosen: Step) -> bool:
    return step.bytes >= chosen.bytes and step.objective >= chosen.objective


def _thinned(steps: list[Step], chosen: Step) -> list[Step]:
    """At most so many, evenly by number, with the first, the last and the chosen one."""
    if len(steps) <= MOST_POINTS:
        return steps
    stride = (len(steps) - 1) / (MOST_POINTS - 2)
    wanted = {round(number * stride) for number in range(MOST_POINTS - 1)}
    return [step for number, step in enumerate(steps) if number in wanted or step is chosen]
