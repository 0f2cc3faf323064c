"""A smaller index in the place of one that is larger than its gain asks for: shorter, partial or without INCLUDE."""

from __future__ import annotations

from collections.abc import Iterable

from dbtune.candidates.generate import serves
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Index
from dbtune.select.model import Model
from dbtune.select.plan_space import Package

NEARLY_ALL = 0.02
"""Share of an index's net gain that may be given up for a much smaller one."""

ALL_BUT_FREE = 0.0005
"""The same share, where the smaller index has other keys."""

MUCH_SMALLER = 0.75
"""Of the size: an index below it is much smaller."""


def slim(model: Model, start: Package, least_gain: float) -> Package:
    """The set with smaller candidates where they keep nearly all of what the larger ones save, by the known plans.

    ``least_gain``: planner units that would be worth an index of their own, and so are never given up.
    """
    slimming = _Slimming(model, start, least_gain)
    for index in sorted(start, key=lambda i: (-model.prices.size(i), i.name)):
        smaller = slimming.replacement(index)
        while smaller is not None:
            slimming.replace(index, smaller)
            index, smaller = smaller, slimming.replacement(smaller)
    return slimming.indexes


class _Slimming:
    def __init__(self, model: Model, start: Package, least_gain: float) -> None:
        self.indexes = start
        self._model = model
        self._least_gain = least_gain
        self._readers = model.readers()
        self._chosen: dict[QualifiedName, set[Index]] = {}
        """Those of the set by table."""
        for index in start:
            self._chosen.setdefault(index.table, set()).add(index)
        self._on_table: dict[QualifiedName, list[Index]] = {}
        for index in sorted(self._readers, key=lambda i: (model.prices.size(i), i.name)):
            self._on_table.setdefault(index.table, []).append(index)

    def replace(self, index: Index, smaller: Index) -> None:
        self.indexes = (self.indexes - {index}) | {smaller}
        self._chosen[index.table] ^= {index, smaller}

    def replacement(self, index: Index) -> Index | None:
        """The smallest useful candidate on the table that takes much less space and loses next to nothing."""
        size = self._model.prices.size
        others = self.indexes - {index}
        beside = self._chosen[index.table] - {index}
        touched = self._readers.get(index, ())
        at_present = self._objective(touched, self.indexes, index)
        worth = self._objective(touched, others) - at_present
        for smaller in self._on_table.get(index.table, ()):
            if size(smaller) >= MUCH_SMALLER * size(index):
                break
            if smaller in self.indexes or any(serves(have, smaller) for have in beside):
                continue
            lost = self._objective(touched, others | {smaller}, smaller) - at_present
            # fewer keys may lose an order or a filter that a busier value would need: that has to be all but free
            bearable = NEARLY_ALL if self._holds_less(index, smaller) else ALL_BUT_FREE
            # of a runaway's gain a small share is still a lot: what another index would be built for is not given up
            if lost < min(bearable * worth, self._least_gain):
                return smaller
        return None

    def _holds_less(self, index: Index, smaller: Index) -> bool:
        """Whether the smaller one finds the same rows: it holds fewer of them, or less of each."""
        if smaller.keys == index.keys or smaller.predicate is not None:
            return True
        # without INCLUDE, what is only read stands behind the keys
        return self._model.prices.scale.tries_shorter and index.keys[: len(smaller.keys)] == smaller.keys

    def _objective(self, names: Iterable[str], indexes: Package, written: Index | None = None) -> float:
        """Cost of these statements, and what writes pay for one index."""
        costs = sum(self._model.spaces[name].cost(indexes) for name in names)
        return costs + (0.0 if written is None else self._model.prices.write_cost(written))
