"""Runs of one statement within one session and one second: the mark of a query in a loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dbtune.logs.batch import Numbers
from dbtune.logs.sparse import Integers, added_up
from dbtune.logs.timeline import LATEST

BURST_CALLS = 10
"""Calls of one statement in one session that begin within one second of the clock; fewer are a page's own queries."""

Hashes = npt.NDArray[np.uint64]


def mixed(values: Hashes) -> Hashes:
    """Each value to one that looks random, always the same (the finaliser of splitmix64, Steele et al. 2014)."""
    with np.errstate(over="ignore"):
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


@dataclass
class BurstTotals:
    """All bursts of one statement."""

    count: int = 0
    calls: float = 0.0
    total_ms: float = 0.0
    longest: float = 0.0
    session: str = ""
    start: float = 0.0

    def merge(self, other: BurstTotals) -> None:
        self.count += other.count
        self.calls += other.calls
        self.total_ms += other.total_ms
        if (other.longest, -other.start) > (self.longest, -self.start):
            self.longest, self.session, self.start = other.longest, other.session, other.start


@dataclass(frozen=True)
class _Runs:
    """Runs that may still go on: what tells them apart, statement, second, calls, ms, and the session's words."""

    hashes: Hashes
    rows: Integers
    seconds: Integers
    calls: Numbers
    ms: Numbers
    sessions: npt.NDArray[np.uint64]


_SESSION_WORDS = 3
_NONE = _Runs(
    np.empty(0, np.uint64),
    np.empty(0, np.int64),
    np.empty(0, np.int64),
    np.empty(0),
    np.empty(0),
    np.empty((0, _SESSION_WORDS), np.uint64),
)


class BurstCounter:
    """Counts runs over blocks in the order of the log; a run that the next block continues is one."""

    def __init__(self) -> None:
        self.totals: dict[int, BurstTotals] = {}
        self._open = _NONE

    def add(self, rows: Integers, sessions: Sequence[bytes], times: Numbers, ms: Numbers) -> None:
        """Add events; those without a session or a time are left out."""
        known = np.isfinite(times) & (np.abs(times) < LATEST)
        seconds = np.floor(np.where(known, times, 0.0)).astype(np.int64)
        words = np.array(sessions, dtype=f"S{8 * _SESSION_WORDS}").view(np.uint64).reshape(-1, _SESSION_WORDS)
        kept = known & (words[:, 0] != 0)
        if not kept.any():
            return
        rows, seconds, words, ms = rows[kept], seconds[kept], words[kept], np.nan_to_num(ms[kept])
        hashes = _hashed(words, rows, seconds)
        self._count(_Runs(hashes, rows, seconds, np.ones(len(rows)), ms, words), int(seconds.max()))

    def _count(self, fresh: _Runs, latest: int) -> None:
        before = self._open
        hashes, first, places = np.unique(
            np.concatenate([before.hashes, fresh.hashes]), return_index=True, return_inverse=True
        )
        runs = _Runs(
            hashes,
            np.concatenate([before.rows, fresh.rows])[first],
            np.concatenate([before.seconds, fresh.seconds])[first],
            added_up(places, np.concatenate([before.calls, fresh.calls]), len(hashes)),
            added_up(places, np.concatenate([before.ms, fresh.ms]), len(hashes)),
            np.concatenate([before.sessions, fresh.sessions])[first],
        )
        still_open = runs.seconds >= latest - 1
        self._settle(_picked(runs, ~still_open & (runs.calls >= BURST_CALLS)))
        self._open = _picked(runs, still_open)

    def finish(self) -> None:
        """Nothing more comes: runs that were open are over."""
        self._settle(_picked(self._open, self._open.calls >= BURST_CALLS))
        self._open = _NONE

    def merge(self, other: BurstCounter, rows: Integers) -> None:
        """Add the totals of ``other``, which is finished; its row ``r`` is ``rows[r]`` here."""
        for old, totals in other.totals.items():
            if rows[old] >= 0:
                self.totals.setdefault(int(rows[old]), BurstTotals()).merge(totals)

    def renumber(self, rows: Integers) -> None:
        """Call row ``r`` ``rows[r]``, and leave out those called -1."""
        self.totals = {int(rows[old]): totals for old, totals in self.totals.items() if rows[old] >= 0}
        named = rows[self._open.rows]
        still = _picked(self._open, named >= 0)
        named = named[named >= 0]
        hashes = _hashed(still.sessions, named, still.seconds)
        self._open = _Runs(hashes, named, still.seconds, still.calls, still.ms, still.sessions)

    def _settle(self, runs: _Runs) -> None:
        for at in np.lexsort((runs.hashes, runs.rows, runs.seconds)).tolist():
            calls = float(runs.calls[at])
            session = runs.sessions[at].tobytes().rstrip(b"\0").decode("utf-8", "replace")
            one = BurstTotals(1, calls, float(runs.ms[at]), calls, session, float(runs.seconds[at]))
            self.totals.setdefault(int(runs.rows[at]), BurstTotals()).merge(one)


def _hashed(words: npt.NDArray[np.uint64], rows: Integers, seconds: Integers) -> Hashes:
    with np.errstate(over="ignore"):
        hashes = mixed(words[:, 0] + np.uint64(0x9E3779B97F4A7C15))
        for column in (words[:, 1], words[:, 2], rows.astype(np.uint64), seconds.astype(np.uint64)):
            hashes = mixed(hashes + column)
    return hashes


def _picked(runs: _Runs, mask: npt.NDArray[np.bool_]) -> _Runs:
    return _Runs(
        runs.hashes[mask],
        runs.rows[mask],
        runs.seconds[mask],
        runs.calls[mask],
        runs.ms[mask],
        runs.sessions[mask],
    )
