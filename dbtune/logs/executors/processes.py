"""Several processes on this machine."""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from dbtune.logs.executors.base import Piece, Result
from dbtune.model.errors import UsageError


def _nothing() -> None:
    """What the processes do first."""


class ProcessExecutor:
    """``workers`` processes, started at once: before the caller starts threads of its own."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        # a fork is quick, but takes along what other threads hold
        can_fork = sys.platform == "linux" and threading.active_count() == 1
        self._pool = ProcessPoolExecutor(workers, mp_context=get_context("fork" if can_fork else "spawn"))
        self._pool.submit(_nothing)

    def map(self, work: Callable[[Piece], Result], pieces: Sequence[Piece]) -> Iterator[Result]:
        waiting: deque[Future[Result]] = deque()
        try:
            for piece in pieces:
                waiting.append(self._pool.submit(work, piece))
                if len(waiting) > self._workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool:
            raise UsageError("a worker process ended unexpectedly (out of memory?); try --workers 1") from None
        finally:
            for future in waiting:
                future.cancel()

    def close(self) -> None:
        """End the processes."""
        self._pool.shutdown(wait=True, cancel_futures=True)
