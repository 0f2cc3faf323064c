"""A set of indexes as the planner itself sees the workload under it, and whether each index is worth having."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dbtune.model.schema import Index
from dbtune.select.model import Model
from dbtune.select.plan_space import Package
from dbtune.select.prices import Answer

CHANGED = 1e-4
"""Relative change of a statement's cost that counts as one."""

NEXT_TO_NOTHING = 0.1
"""Of ``min_gain``: the share of today's cost that counts."""

STATEMENT_GAIN = 0.5
"""An index also pays that halves a statement of some weight, however small its share of the whole workload is."""

NOTICEABLE_COST = 1_000.0
"""Planner units for one call: about 10 ms. A statement below it is fast as it is."""


@dataclass(frozen=True)
class Standing:
    """A set, and the planner's answers under it by statement."""

    indexes: Package
    answers: Mapping[str, Answer]

    @property
    def cost(self) -> float:
        """Of the workload, in planner units."""
        return sum(answer.cost for answer in self.answers.values())


@dataclass(frozen=True)
class Worth:
    """What a set saves by holding an index: planner units over the workload, costs of the statements it changes."""

    net: float
    before: Mapping[str, float]
    after: Mapping[str, float]


class Ground:
    """Asks the planner about sets and judges their indexes. ``min_gain`` as in ``choose``."""

    def __init__(self, model: Model, min_gain: float) -> None:
        self.model = model
        self.prices = model.prices
        self.min_gain = min_gain
        self.today = self.standing(frozenset())

    def standing(self, indexes: Package) -> Standing:
        """The set, every statement asked."""
        spaces = self.model.spaces.items()
        return Standing(indexes, {name: self.prices.weighted(name, indexes & space.pool) for name, space in spaces})

    def without(self, standing: Standing, index: Index) -> Standing:
        """The set without an index: the statements whose plan reads it are asked again, the others' plans stay."""
        left = standing.indexes - {index}
        answers = dict(standing.answers)
        for name, answer in standing.answers.items():
            if index in answer.used:
                answers[name] = self.prices.weighted(name, left & self.model.spaces[name].pool)
        return Standing(left, answers)

    def worth(self, without: Standing, with_it: Standing, index: Index) -> Worth:
        """What the index saves, net of what writes pay for it."""
        changed = [
            name
            for name, answer in with_it.answers.items()
            if abs(answer.cost - without.answers[name].cost) > CHANGED * without.answers[name].cost
        ]
        before = {name: without.answers[name].cost for name in changed}
        after = {name: with_it.answers[name].cost for name in changed}
        saved = sum(before.values()) - sum(after.values())
        return Worth(saved - self.prices.write_cost(index), before, after)

    def pays(self, without: Standing, worth: Worth) -> bool:
        """Whether the index is worth having: its share of the whole and of what it touches, or a statement's half."""
        if worth.net <= 0:
            return False
        if worth.net >= max(self.least_gain(without), self.min_gain * sum(worth.before.values())):
            return True
        return any(self._halves(name, worth.before[name], worth.after[name]) for name in worth.before)

    def least_gain(self, standing: Standing) -> float:
        """``min_gain`` of the cost that is left, and of a part of today's, since what is saved cannot be saved again.

        The dearest statement is left out of both: a runaway would hide all others.
        """
        left, today = (_without_dearest(one) for one in (standing, self.today))
        return self.min_gain * max(left, NEXT_TO_NOTHING * today)

    def _halves(self, name: str, before: float, after: float) -> bool:
        calls = self.prices.statements[name].calls
        return before >= NOTICEABLE_COST * calls and after <= (1 - STATEMENT_GAIN) * before


def _without_dearest(standing: Standing) -> float:
    costs = [answer.cost for answer in standing.answers.values()]
    return sum(costs) - max(costs, default=0.0)
