"""Running statements without and with what was built, turn by turn, in transactions that are rolled back.

The two are measured in turn, so that a machine that becomes busier or a cache that fills is fair to both. ``Without``
is a transaction that begins by dropping what was built and ends by rolling back: nobody else sees the index gone, and
it is there again at once. So the indexes that the report drops can be left out of the runs ``with``, too.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from dbtune.connect.refusals import first_line
from dbtune.ddl.quoting import identifier, literal
from dbtune.model.errors import PlanFailed
from dbtune.model.plan import Plan
from dbtune.model.verification import NOISE_MS, SLOWER, Timing
from dbtune.planner.plan_reader import read_plan
from dbtune.verify.building import Connection


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


@dataclass(frozen=True)
class World:
    """The database as a run sees it: these statements are executed first, and rolled back at the end."""

    drops: tuple[str, ...] = ()


@dataclass(frozen=True)
class Runnable:
    """A statement's executions, with their literals; one run is all of them."""

    texts: tuple[str, ...]
    search_path: tuple[str, ...] = ()


class Runner:
    """Runs statements in either world on one session."""

    def __init__(self, connection: Connection, pace: Pace, *, writes: bool = False) -> None:
        self._connection = connection
        self._pace = pace
        self._writes = writes

    def plan(self, world: World, one: Runnable) -> Plan:
        """The plan of the first execution. Raises PlanFailed."""
        try:
            with self._inside(world, one):
                return self._explain(one.texts[0])
        except psycopg.Error as error:
            self._raise_if_lost(error)
            raise PlanFailed(first_line(error)) from None

    def compare(self, before: World, after: World, one: Runnable) -> tuple[Timing, Timing]:
        """Timings in both worlds, run in turn after a run each that is not counted. Raises PlanFailed."""
        times: tuple[list[float], list[float]] = ([], [])
        worlds = (before, after)
        warm = [self._run(world, one) for world in worlds]
        ended = [ms is not None for ms in warm]
        while any(ended) and self._more(times, ended):
            # each goes first every other time
            order = (0, 1) if len(times[0]) % 2 == 0 else (1, 0)
            for which in order:
                ms = self._run(worlds[which], one) if ended[which] else None
                if ms is not None:
                    times[which].append(ms)
                else:
                    ended[which] = False
        first, second = (self._timing(times[which], ended=ended[which]) for which in (0, 1))
        return first, second

    def _more(self, times: tuple[list[float], list[float]], ended: Sequence[bool]) -> bool:
        done = max(len(times[0]), len(times[1]))
        if done < (self._pace.least if all(ended) else 1):
            return True
        patience = self._pace.doubtful if all(ended) and _seems_slower(times) else 1
        return done < patience * self._pace.runs and sum(map(sum, times)) < patience * self._pace.enough_ms

    def _timing(self, times: Sequence[float], *, ended: bool) -> Timing:
        if not ended:
            return Timing(self._pace.limit_ms, len(times), timed_out=True)
        return Timing(statistics.median(times), len(times))

    def _run(self, world: World, one: Runnable) -> float | None:
        """Milliseconds until the last row is here, without the planning; None where the time limit ended it."""
        try:
            with self._inside(world, one):
                for text in one.texts:
                    self._explain(text)  # brings the catalog's entries back after the drops
                started = time.perf_counter()
                for text in one.texts:
                    self._execute(text)
                return (time.perf_counter() - started) * 1000
        except psycopg.errors.QueryCanceled:
            return None
        except psycopg.Error as error:
            self._raise_if_lost(error)
            raise PlanFailed(first_line(error)) from None

    @contextmanager
    def _inside(self, world: World, one: Runnable) -> Iterator[None]:
        """A transaction in that world; always rolled back."""
        with self._connection.transaction(force_rollback=True):
            for sql in world.drops:
                self._connection.execute(sql.encode())
            if one.search_path:
                path = ", ".join(identifier(schema) for schema in one.search_path)
                self._connection.execute(f"SET LOCAL search_path = {path}".encode())
            if not self._writes:
                self._connection.execute(b"SET TRANSACTION READ ONLY")
            limit = literal(f"{self._pace.limit_ms:.0f}ms")
            self._connection.execute(f"SET LOCAL statement_timeout = {limit}".encode())
            yield

    def _explain(self, text: str) -> Plan:
        row = self._execute(f"EXPLAIN (FORMAT JSON, VERBOSE) {text}").fetchone()
        decoded = row[0] if row is not None else None
        return read_plan(decoded if isinstance(decoded, list) else str(decoded))

    def _execute(self, text: str) -> psycopg.Cursor[tuple[object, ...]]:
        """Until the last row is here; rows are not decoded, which would be Python's time and not the server's."""
        # binary results come by the extended protocol, which takes one statement and no more: none can end the
        # transaction and go on without it
        return self._connection.execute(text.strip().rstrip(";").encode(), binary=True)

    def _raise_if_lost(self, error: psycopg.Error) -> None:
        if self._connection.broken or self._connection.closed:
            raise error


def _seems_slower(times: tuple[list[float], list[float]]) -> bool:
    before, after = map(statistics.median, times)
    return after > SLOWER * before and after - before > NOISE_MS
