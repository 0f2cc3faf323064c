"""Calls, time and errors by slots of time, whose width grows with the span so that their number has a bound."""

from __future__ import annotations

import numpy as np

from dbtune.logs.batch import Numbers
from dbtune.logs.sparse import Integers, SparseSums

WIDTHS = (1, 5, 15, 30, 60, 300, 600, 1800, 3600, 10800, 21600, 43200, 86400, 604800, 2419200, 31449600)
"""In seconds; each is a multiple of the one before."""

MOST_SLOTS = 120
"""Slots in which something happened; more make the next width."""


class Timeline:
    """Sums of calls, ms and errors by statement and slot. Slots are counted from the epoch."""

    def __init__(self) -> None:
        self._width = 0
        self._sums = SparseSums(3)
        self._overall: set[int] = set()

    @property
    def slot_seconds(self) -> int:
        return WIDTHS[self._width]

    def add(self, rows: Integers, times: Numbers, calls: Numbers, ms: Numbers, errors: Numbers) -> None:
        """Add events; those without a time (NaN) are left out, and NaN counts as zero ms."""
        known = np.isfinite(times) & (np.abs(times) < 1e11)
        if not known.all():
            rows, times, calls, ms, errors = rows[known], times[known], calls[known], ms[known], errors[known]
        slots = np.floor(times / self.slot_seconds).astype(np.int64)
        self._sums.add(rows, slots, calls, np.nan_to_num(ms * calls), errors)
        self._overall.update(np.unique(slots).tolist())
        self._bound()

    def merge(self, other: Timeline, rows: Integers) -> None:
        """Add what ``other`` holds; its row ``r`` is ``rows[r]`` here, and is left out where that is -1."""
        while self._width < other._width:
            self._widen()
        numbers, slots, sums = other._sums.renumbered(rows).items()
        factor = self.slot_seconds // other.slot_seconds
        self._sums.add(numbers, slots // factor, *sums)
        self._overall.update(slot // factor for slot in other._overall)
        self._bound()

    def renumber(self, rows: Integers) -> None:
        """Call row ``r`` ``rows[r]``, and leave out those called -1."""
        self._sums = self._sums.renumbered(rows)

    def items(self) -> tuple[Integers, Integers, list[Numbers]]:
        """Rows, slots and [calls, ms, errors], by row and slot."""
        return self._sums.items()

    def _bound(self) -> None:
        while len(self._overall) > MOST_SLOTS and self._width + 1 < len(WIDTHS):
            self._widen()

    def _widen(self) -> None:
        factor = WIDTHS[self._width + 1] // self.slot_seconds
        self._width += 1
        self._sums = self._sums.coarsened(factor)
        self._overall = {slot // factor for slot in self._overall}
