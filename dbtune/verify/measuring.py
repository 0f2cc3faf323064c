"""Running statements without and with what was built, turn by turn.

The two are measured in turn, so that a machine that becomes busier or a cache that fills is fair to both.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dbtune.model.verification import NOISE_MS, SLOWER, Timing
from dbtune.verify.staging import World


@dataclass(frozen=True)
class Pace:
    """How often and how long."""

    runs: int = 5
    """Timed runs of each statement at most, without and with."""
    enough_ms: float = 4_000.0
    """After so much time in timed runs there are no more than ``least``."""
    least: int = 2
    doubtful: int = 3
    """So many times as many runs, and as much time, where the statement seems to be slower: it may have been chance."""
    limit_ms: float = 60_000.0
    """A run is ended after this long."""


WORLDS: tuple[World, World] = ("without", "with")


def compare(run: Callable[[World], float | None], pace: Pace) -> tuple[Timing, Timing]:
    """Timings in both worlds, run in turn after a run each that is not counted. ``run`` gives ms, None where its time
    limit ended it, and raises PlanFailed."""
    times: tuple[list[float], list[float]] = ([], [])
    warm = [run(world) for world in WORLDS]
    ended = [ms is not None for ms in warm]
    while any(ended) and _more(pace, times, ended):
        # each goes first every other time
        order = (0, 1) if len(times[0]) % 2 == 0 else (1, 0)
        for which in order:
            ms = run(WORLDS[which]) if ended[which] else None
            if ms is not None:
                times[which].append(ms)
            else:
                ended[which] = False
    first, second = (_timing(pace, times[which], ended=ended[which]) for which in (0, 1))
    return first, second


def _more(pace: Pace, times: tuple[list[float], list[float]], ended: Sequence[bool]) -> bool:
    done = max(len(times[0]), len(times[1]))
    if done < (pace.least if all(ended) else 1):
        return True
    patience = pace.doubtful if all(ended) and _seems_slower(times) else 1
    return done < patience * pace.runs and sum(map(sum, times)) < patience * pace.enough_ms


def _timing(pace: Pace, times: Sequence[float], *, ended: bool) -> Timing:
    if not ended:
        return Timing(pace.limit_ms, len(times), timed_out=True)
    return Timing(statistics.median(times), len(times))


def _seems_slower(times: tuple[list[float], list[float]]) -> bool:
    before, after = map(statistics.median, times)
    return after > SLOWER * before and after - before > NOISE_MS
