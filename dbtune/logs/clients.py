"""Calls by statement and by who made them: user, database, host."""

from __future__ import annotations

from collections import Counter
from itertools import repeat

import numpy as np

from dbtune.logs.batch import Batch, Numbers
from dbtune.logs.sparse import Integers, SparseSums

MOST_CLIENTS = 4096
"""Different clients that are told apart; hosts with a name each (containers) could be any number."""

Client = tuple[bytes, bytes, bytes]

_OTHERS: Client = (b"(others)", b"(others)", b"(others)")


class Clients:
    """Sums of calls by statement and client."""

    def __init__(self) -> None:
        self._codes: dict[Client, int] = {_OTHERS: 0}
        self._sums = SparseSums(1)

    def add(self, rows: Integers, batch: Batch, calls: Numbers) -> None:
        """Add the events of a batch, where the log names any client."""
        if batch.users is None and batch.databases is None and batch.hosts is None:
            return
        triples = list(zip(*(repeat(b"") if c is None else c for c in (batch.users, batch.databases, batch.hosts))))  # noqa: B905
        codes = list(map(self._codes.get, triples))
        if None in codes:
            codes = [self._code(triple) for triple in triples]
        self._sums.add(rows, np.array(codes, np.int64), calls)

    def merge(self, other: Clients, rows: Integers) -> None:
        """Add those of ``other``; its row ``r`` is ``rows[r]`` here, and is left out where that is -1."""
        codes = np.array([self._code(client) for client in other._codes], np.int64)
        numbers, clients, (calls,) = other._sums.renumbered(rows).items()
        self._sums.add(numbers, codes[clients], calls)

    def renumber(self, rows: Integers) -> None:
        """Call row ``r`` ``rows[r]``, and leave out those called -1."""
        self._sums = self._sums.renumbered(rows)

    def by_row(self) -> dict[int, tuple[Counter[bytes], Counter[bytes], Counter[bytes]]]:
        """Row to calls by user, by database and by host."""
        names = list(self._codes)
        found: dict[int, tuple[Counter[bytes], Counter[bytes], Counter[bytes]]] = {}
        numbers, codes, (calls,) = self._sums.items()
        for row, code, count in zip(numbers.tolist(), codes.tolist(), calls.tolist(), strict=True):
            counters = found.setdefault(row, (Counter(), Counter(), Counter()))
            for counter, name in zip(counters, names[code], strict=True):
                counter[name] += count
        return found

    def _code(self, client: Client) -> int:
        code = self._codes.get(client)
        if code is None:
            if len(self._codes) >= MOST_CLIENTS:
                return 0
            code = self._codes[client] = len(self._codes)
        return code
