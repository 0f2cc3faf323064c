"""Sums by a pair of small integers, most of whose combinations never occur."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dbtune.logs.batch import Numbers

Integers = npt.NDArray[np.int64]

Pairs = tuple[Integers, list[Numbers]]
"""Pairs as one number each, and columns of sums."""

_PENDING = 1 << 16
_COLUMN_BITS = 40


class SparseSums:
    """Sums of several values by (row, column); 0 <= row < 2**23, and a column is within 2**39 of zero.

    Memory is that of the pairs that occur, and a fixed amount of pairs that are not yet summed up.
    """

    def __init__(self, values: int) -> None:
        self._values = values
        self._keys: Integers = np.empty(0, np.int64)
        self._sums: list[Numbers] = [np.empty(0) for _ in range(values)]
        self._pending: list[Pairs] = []
        self._waiting = 0

    def add(self, rows: Integers, columns: Integers, *values: Numbers) -> None:
        """Add each of the values to the sum of its pair."""
        self.add_pairs(summed_pairs(rows, columns, *values))

    def add_pairs(self, pairs: Pairs) -> None:
        """Add sums of pairs that each occur once."""
        keys, sums = pairs
        self._pending.append((keys, sums))
        self._waiting += len(keys)
        if self._waiting > max(_PENDING, len(self._keys)):
            self._compact()

    def items(self) -> tuple[Integers, Integers, list[Numbers]]:
        """Rows, columns and sums of all pairs, by row and column."""
        self._compact()
        columns = columns_of(self._keys)
        return (self._keys - columns) >> _COLUMN_BITS, columns, self._sums

    def renumbered(self, rows: Integers) -> SparseSums:
        """The same sums with row ``r`` called ``rows[r]``; a row called -1 is left out."""
        old, columns, sums = self.items()
        new = rows[old] if len(old) else old
        kept = new >= 0
        other = SparseSums(self._values)
        other.add(new[kept], columns[kept], *(each[kept] for each in sums))
        return other

    def coarsened(self, factor: int) -> SparseSums:
        """The same sums with ``factor`` neighbouring columns as one."""
        rows, columns, sums = self.items()
        other = SparseSums(self._values)
        other.add(rows, columns // factor, *sums)
        return other

    def _compact(self) -> None:
        if not self._pending:
            return
        keys = np.concatenate([self._keys, *(keys for keys, _ in self._pending)])
        columns = [
            np.concatenate([self._sums[at], *(sums[at] for _, sums in self._pending)]) for at in range(self._values)
        ]
        self._keys, self._sums = _summed(keys, columns)
        self._pending.clear()
        self._waiting = 0


def summed_pairs(rows: Integers, columns: Integers, *values: Numbers) -> Pairs:
    """The pairs that occur, each once, and the sum of each of the values."""
    return _summed((rows << _COLUMN_BITS) + columns, list(values))


def columns_of(keys: Integers) -> Integers:
    """The columns of pairs."""
    half = 1 << (_COLUMN_BITS - 1)
    columns: Integers = ((keys + half) & (2 * half - 1)) - half
    return columns


def _summed(keys: Integers, values: list[Numbers]) -> Pairs:
    unique, places = np.unique(keys, return_inverse=True)
    return unique, [added_up(places, each, len(unique)) for each in values]


def added_up(places: Integers, values: Numbers, size: int) -> Numbers:
    """The sums of the values at each of the places 0 to ``size`` - 1."""
    return np.bincount(places, values, size).astype(np.float64, copy=False)
