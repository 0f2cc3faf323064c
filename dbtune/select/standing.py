"""A set of indexes as the planner itself sees the workload under it, and whether each index is worth having."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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


@dataclass(frozen=True)
class Worth:
    """What a set saves by holding an index: planner units over the workload."""

    net: float
    """What writes pay deducted."""
    without: Mapping[str, Answer]
    """Of the statements whose plan reads it: the answers without it."""
    touched: float
    """What the statements that it changes cost without it."""
    halves: bool
    """Whether it halves a statement of some weight."""


class Standing:
    """A set that only gets smaller. Knows the planner's answers and what each index is worth, by ``min_gain``."""

    def __init__(self, model: Model, min_gain: float, indexes: Package) -> None:
        self.indexes = indexes
        self._model = model
        self._min_gain = min_gain
        self._today = {name: space.today for name, space in model.spaces.items()}
        self._answers = {
            name: model.prices.weighted(name, indexes & space.pool) for name, space in model.spaces.items()
        }
        self._readers: dict[Index, set[str]] = {index: set() for index in indexes}
        for name, answer in self._answers.items():
            for index in answer.used:
                self._readers[index].add(name)
        self._worths: dict[Index, Worth] = {}

    @property
    def objective(self) -> float:
        """Cost of the workload, with what writes pay, in planner units."""
        return sum(answer.cost for answer in self._answers.values()) + self._model.prices.write_costs(self.indexes)

    @property
    def least_gain(self) -> float:
        """``min_gain`` of the cost that is left, and of a part of today's, since what is saved cannot be saved again.

        The dearest statement is left out of both: a runaway would hide all others.
        """
        left = _without_dearest(answer.cost for answer in self._answers.values())
        return self._min_gain * max(left, NEXT_TO_NOTHING * _without_dearest(self._today.values()))

    def prune(self) -> None:
        """Take out what does not prove itself beside the others, the least useful first."""
        while True:
            least_gain = self.least_gain
            useless = [
                (worth.net, index.name, index)
                for index in self.indexes
                if not self._pays(worth := self._worth(index), least_gain)
            ]
            if not useless:
                return
            for _, _, index in sorted(useless, key=lambda one: one[:2]):
                if index in self._worths:  # none that was taken out just now has left it more to do
                    self._take_out(index)

    def _pays(self, worth: Worth, least_gain: float) -> bool:
        """Whether the index is worth having: its share of the whole and of what it touches, or a statement's half."""
        if worth.net <= 0:
            return False
        return worth.halves or worth.net >= max(least_gain, self._min_gain * worth.touched)

    def _worth(self, index: Index) -> Worth:
        if index not in self._worths:
            self._worths[index] = self._weighed(index)
        return self._worths[index]

    def _weighed(self, index: Index) -> Worth:
        prices, left = self._model.prices, self.indexes - {index}
        without = {name: prices.weighted(name, left & self._model.spaces[name].pool) for name in self._readers[index]}
        changed = [
            (prices.statements[name].calls, answer.cost, self._answers[name].cost)
            for name, answer in without.items()
            if abs(answer.cost - self._answers[name].cost) > CHANGED * answer.cost
        ]
        saved = sum(before - after for _, before, after in changed)
        halves = any(
            before >= prices.scale.noticeable * calls and after <= (1 - STATEMENT_GAIN) * before
            for calls, before, after in changed
        )
        return Worth(saved - prices.write_cost(index), without, sum(before for _, before, _ in changed), halves=halves)

    def _take_out(self, index: Index) -> None:
        """Without it its statements read others, whose worth is another one then."""
        without = self._worth(index).without
        self.indexes -= {index}
        del self._worths[index], self._readers[index]
        for name, answer in without.items():
            for other in (self._answers[name].used | answer.used) & self.indexes:
                self._worths.pop(other, None)
                (self._readers[other].add if other in answer.used else self._readers[other].discard)(name)
            self._answers[name] = answer


def _without_dearest(costs: Iterable[float]) -> float:
    known = list(costs)
    return sum(known) - max(known, default=0.0)
