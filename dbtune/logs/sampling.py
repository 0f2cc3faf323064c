"""A few executions of each statement, chosen so that the choice does not depend on who read which part of the log."""

from __future__ import annotations

from bisect import insort
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dbtune.logs.batch import Batch
from dbtune.logs.bursts import mixed
from dbtune.logs.sparse import Integers

LONGEST_SAMPLE = 1 << 15
"""Longer executions, in bytes, are not kept: nobody would read them, nor would planning them be quick."""

_PIECE_SHIFT = np.uint64(40)


class RawSample(NamedTuple):
    """An execution as the log has it. ``priority``: the lowest ones of a statement are kept."""

    priority: int
    text: bytes
    ms: float
    time: float
    parameters: bytes
    plan: bytes
    database: bytes

    @property
    def size(self) -> int:
        """Bytes in memory, about."""
        return len(self.text) + len(self.parameters) + len(self.plan) + 300


class Samples:
    """The ``keep`` executions of each statement with the lowest random priority (bottom-k sampling), and the slowest.

    The priority comes from the execution's place in the log. Executions with parameters or a plan go first.
    """

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._limits = np.empty(0, np.uint64)
        self._chosen: dict[int, list[RawSample]] = {}
        self._slowest: dict[int, RawSample] = {}
        self.bytes = 0

    def add(self, rows: Integers, batch: Batch, place: int, ordinal: int) -> None:
        """Look at the events of a batch; ``place`` is that of the piece, ``ordinal`` of the first event in it."""
        if self._keep == 0 or not len(rows):
            return
        self._grow(int(rows.max()) + 1)
        ordinals = np.arange(ordinal, ordinal + len(rows), dtype=np.uint64)
        priorities = mixed(mixed(ordinals + (np.uint64(place) << _PIECE_SHIFT))) >> np.uint64(2)
        if batch.plans:
            priorities[list(batch.plans)] >>= np.uint64(30)
        wanted = priorities < self._limits[rows]
        for at in np.flatnonzero(wanted).tolist():
            self._offer(int(rows[at]), _raw(batch, at, int(priorities[at])))

    def add_slowest(self, rows: Integers, batch: Batch, improved: npt.NDArray[np.bool_]) -> None:
        """Keep the events where ``improved`` is true as the slowest of their statements; the first of equals stays."""
        if self._keep == 0:
            return
        for at in np.flatnonzero(improved).tolist():
            row, sample = int(rows[at]), _raw(batch, at, 0)
            known = self._slowest.get(row)
            if len(sample.text) <= LONGEST_SAMPLE and (known is None or sample.ms > known.ms):
                self.bytes += sample.size - (known.size if known else 0)
                self._slowest[row] = sample

    def of(self, row: int) -> list[RawSample]:
        """The samples of a statement, the slowest first, each once."""
        slowest = self._slowest.get(row)
        found = ([slowest] if slowest else []) + self._chosen.get(row, [])
        return list({(sample.text, sample.parameters): sample for sample in reversed(found)}.values())[::-1]

    def merge(self, other: Samples, rows: Integers) -> None:
        """Add those of ``other``; its row ``r`` is ``rows[r]`` here, and is left out where that is -1."""
        self._grow(int(rows.max(initial=-1)) + 1)
        for old, samples in other._chosen.items():
            for sample in samples:
                if rows[old] >= 0 and sample.priority < self._limits[rows[old]]:
                    self._offer(int(rows[old]), sample)
        for old, sample in other._slowest.items():
            known = self._slowest.get(int(rows[old]))
            if rows[old] >= 0 and (known is None or sample.ms > known.ms):
                self.bytes += sample.size - (known.size if known else 0)
                self._slowest[int(rows[old])] = sample

    def renumber(self, rows: Integers) -> None:
        """Call row ``r`` ``rows[r]``, and leave out those called -1."""
        limits = np.full(int(rows.max(initial=-1)) + 1, np.iinfo(np.uint64).max, np.uint64)
        known = np.flatnonzero(rows[: len(self._limits)] >= 0)
        limits[rows[known]] = self._limits[known]
        self._limits = limits
        self._chosen = {int(rows[old]): kept for old, kept in self._chosen.items() if rows[old] >= 0}
        self._slowest = {int(rows[old]): kept for old, kept in self._slowest.items() if rows[old] >= 0}
        self.bytes = sum(sample.size for kept in self._chosen.values() for sample in kept)
        self.bytes += sum(sample.size for sample in self._slowest.values())

    def _offer(self, row: int, sample: RawSample) -> None:
        if len(sample.text) > LONGEST_SAMPLE:
            return
        kept = self._chosen.setdefault(row, [])
        if any(one.text == sample.text and one.parameters == sample.parameters for one in kept):
            return
        insort(kept, sample)
        self.bytes += sample.size
        if len(kept) > self._keep:
            self.bytes -= kept.pop().size
        if len(kept) == self._keep:
            self._limits[row] = kept[-1].priority

    def _grow(self, size: int) -> None:
        missing = size - len(self._limits)
        if missing > 0:
            more = np.full(max(missing, len(self._limits)), np.iinfo(np.uint64).max, np.uint64)
            self._limits = np.concatenate([self._limits, more])


def _raw(batch: Batch, at: int, priority: int) -> RawSample:
    return RawSample(
        priority,
        batch.texts[at],
        float(batch.ms[at]),
        float(batch.times[at]),
        batch.parameters.get(at, b""),
        batch.plans.get(at, b""),
        batch.databases[at] if batch.databases is not None else b"",
    )
