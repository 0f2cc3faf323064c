"""Calls, time and errors by slots of time, whose width grows with the span so that their number has a bound."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dbtune.logs.batch import Numbers
from dbtune.logs.sparse import Integers, SparseSums, columns_of, summed_pairs
from dbtune.model.digest import TimelineSlot

WIDTHS = (1, 5, 15, 30, 60, 300, 600, 1800, 3600, 10800, 21600, 43200, 86400, 604800, 2419200, 31449600)
"""In seconds; each is a multiple of the one before."""

MOST_SLOTS = 120
"""Slots in which something happened; more make the next width."""

LATEST = 1e11
"""In seconds since the epoch. Later times, and such as are before the epoch by as much, are taken for errors."""


class Timeline:
    """Sums of calls, ms and errors by statement and slot. Slots are counted from the epoch."""

    def __init__(self) -> None:
        self._width = 0
        self._sums = SparseSums(3)
        self._whole = SparseSums(3)
        self._slots: set[int] = set()

    @property
    def slot_seconds(self) -> int:
        return WIDTHS[self._width]

    def add(self, rows: Integers, times: Numbers, calls: Numbers, ms: Numbers, errors: Numbers) -> None:
        """Add events; those without a time (NaN) are left out, and NaN counts as zero ms."""
        known = np.isfinite(times) & (np.abs(times) < LATEST)
        if not known.all():
            rows, times, calls, ms, errors = rows[known], times[known], calls[known], ms[known], errors[known]
        slots = np.floor(times / self.slot_seconds).astype(np.int64)
        pairs = summed_pairs(rows, slots, calls, np.nan_to_num(ms * calls), errors)
        self._sums.add_pairs(pairs)
        keys, sums = pairs
        slots = columns_of(keys)
        self._whole.add(np.zeros_like(slots), slots, *sums)
        self._slots.update(slots.tolist())
        self._bound()

    def merge(self, other: Timeline, rows: Integers) -> None:
        """Add what ``other`` holds; its row ``r`` is ``rows[r]`` here. That of a row called -1 stays in the whole."""
        while self._width < other._width:
            self._widen()
        factor = self.slot_seconds // other.slot_seconds
        for mine, theirs in ((self._sums, other._sums.renumbered(rows)), (self._whole, other._whole)):
            numbers, slots, sums = theirs.items()
            mine.add(numbers, slots // factor, *sums)
        self._slots.update(slot // factor for slot in other._slots)
        self._bound()

    def renumber(self, rows: Integers) -> None:
        """Call row ``r`` ``rows[r]``, and leave out those called -1 but for the whole."""
        self._sums = self._sums.renumbered(rows)

    def of_rows(self, wanted: Sequence[int]) -> dict[int, tuple[TimelineSlot, ...]]:
        """The slots of these rows in which there were calls, in order."""
        return self._by_row(self._sums, wanted)

    def whole(self) -> tuple[TimelineSlot, ...]:
        """The slots of everything."""
        return self._by_row(self._whole, [0]).get(0, ())

    def _by_row(self, sums: SparseSums, wanted: Sequence[int]) -> dict[int, tuple[TimelineSlot, ...]]:
        rows, slots, (calls, ms, errors) = sums.items()
        found: dict[int, list[TimelineSlot]] = {}
        for at in np.flatnonzero(np.isin(rows, np.array(wanted, np.int64))).tolist():
            start = float(slots[at] * self.slot_seconds)
            slot = TimelineSlot(start, float(calls[at]), float(ms[at]), float(errors[at]))
            found.setdefault(int(rows[at]), []).append(slot)
        return {row: tuple(listed) for row, listed in found.items()}

    def _bound(self) -> None:
        while len(self._slots) > MOST_SLOTS and self._width + 1 < len(WIDTHS):
            self._widen()

    def _widen(self) -> None:
        factor = WIDTHS[self._width + 1] // self.slot_seconds
        self._width += 1
        self._sums = self._sums.coarsened(factor)
        self._whole = self._whole.coarsened(factor)
        self._slots = {slot // factor for slot in self._slots}
