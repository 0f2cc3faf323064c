"""Planners of one database that answer at the same time, each in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from dbtune.model.plan import Configuration, Plan
from dbtune.model.schema import Index
from dbtune.model.workload import Instance
from dbtune.planner.protocol import Planner

Item = TypeVar("Item")
Result = TypeVar("Result")


class Crew:
    """The planner that was opened, and others like it. All plan alike, so that nobody need know which one answered.

    A planner works for one thread: the first one for the thread that made the crew, and for the first of those that
    ``each`` starts while that one waits.
    """

    def __init__(self, first: Planner) -> None:
        self.first = first
        self._planners = [first]
        self._own = threading.local()
        self._asked = [0]

    @property
    def asked(self) -> int:
        """Questions put to all of them."""
        return sum(self._asked)

    def plan(self, instance: Instance, configuration: Configuration) -> Plan:
        """The plan by this thread's planner. Raises PlanFailed."""
        number = getattr(self._own, "number", 0)
        self._asked[number] += 1
        return self._planners[number].plan(instance, configuration)

    def grow(self, size: int) -> None:
        """Have ``size`` planners, where there can be as many."""
        while len(self._planners) < size:
            another = self.first.another()
            if another is None:
                return
            self._planners.append(another)
            self._asked += [0] * (len(self._planners) - len(self._asked))

    def prepare(self, candidates: Iterable[Index]) -> tuple[Index, ...]:
        """Those that all of them can plan with."""
        wanted = tuple(candidates)
        first, *others = self._by_each_planner(lambda planner: planner.prepare(wanted))
        by_all = frozenset(first).intersection(*others)
        return tuple(index for index in first if index in by_all)

    def each(self, work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """The work's results in the order of the items, some worked on at the same time."""
        if len(self._planners) == 1 or len(items) <= 1:
            yield from map(work, items)
            return
        numbers = iter(range(len(self._planners)))
        with ThreadPoolExecutor(len(self._planners), initializer=lambda: self._take(numbers)) as threads:
            yield from threads.map(work, items)

    def close(self) -> None:
        """Close the others; the first one is closed by who opened it."""
        for planner in self._planners[1:]:
            planner.close()
        del self._planners[1:]

    def _take(self, numbers: Iterator[int]) -> None:
        self._own.number = next(numbers)

    def _by_each_planner(self, work: Callable[[Planner], Result]) -> Iterator[Result]:
        if len(self._planners) == 1:
            yield work(self.first)
            return
        with ThreadPoolExecutor(len(self._planners)) as threads:
            yield from threads.map(work, self._planners)
