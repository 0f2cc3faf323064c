"""Which of the plans that a set leads to are risky: what they save counts in part, so that safer sets win over them.

A plan is risky where it loses to today's plan under an error of the row estimates that is within doubt (see
``dbtune.planner.robustness``). The planner will run it all the same where its indexes are there; it is no reason,
though, to build them, unless it saves much more than the safe plans that the space could be used for.
"""

from __future__ import annotations

from dbtune.model.plan import Configuration, Plan
from dbtune.select.model import Model
from dbtune.select.plan_space import Package

RISKY_CREDIT = 0.7
"""Share of its gain that a risky plan is credited with. A third of the statements called risky ran slower than
before when measured (docs/risk.md), half of them faster; a judgement, not an optimum."""

LEAST_ROOM = 0.001
"""Of what all statements may save: the plans of one that may save less are not looked at."""


def distrust_risky(model: Model, indexes: Package) -> bool:
    """Find the risky plans under the set; whether there are any that were not known as such."""
    least = LEAST_ROOM * sum(space.room for space in model.spaces.values())
    found = False
    for name, space in model.spaces.items():
        if space.room < least:
            continue
        package = space.learn(indexes)
        if package and _is_risky(model, name, package):
            found |= space.distrust(package, RISKY_CREDIT)
    return found


def _joins(plan: Plan) -> bool:
    """Errors multiply in joins; what a plan on one relation loses depends on the values that it is planned with."""
    return sum(node.relation is not None for node in plan.root.walk()) > 1


def _is_risky(model: Model, name: str, package: Package) -> bool:
    after = model.prices.answer(name, Configuration(package))
    if not any(_joins(plan) for plan in after.plans):
        return False
    risk = model.prices.risks.of(model.prices.statements[name], after)
    return risk is not None and risk.level == "risky"
