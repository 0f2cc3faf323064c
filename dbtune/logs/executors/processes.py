"""Several processes on this machine."""

from __future__ import annotations

import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context

from dbtune.logs.executors.base import Piece, Result
from dbtune.model.errors import UsageError

_STOPPING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


def _nothing() -> None:
    """What the processes do first."""


def _begin() -> None:
    """Ctrl-C on a terminal reaches all processes of the group: here it is left to the one that started this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)


class ProcessExecutor:
    """``workers`` processes, started at once: before the caller starts threads of its own."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._waiting: deque[Future[object]] = deque()
        # a fork is quick, but takes along what other threads hold
        can_fork = sys.platform == "linux" and threading.active_count() == 1
        others = set(active_children())
        # held back until the processes know what to do with them
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
        try:
            self._pool = ProcessPoolExecutor(
                workers, mp_context=get_context("fork" if can_fork else "spawn"), initializer=_begin
            )
            self._pool.submit(_nothing)
            self._processes = set(active_children()) - others
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)

    def map(self, work: Callable[[Piece], Result], pieces: Sequence[Piece]) -> Iterator[Result]:
        waiting: deque[Future[Result]] = deque()
        self._waiting = waiting  # type: ignore[assignment]  # only asked whether they are done
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
        """End the processes, also in the middle of a piece that nobody waits for any more."""
        if not all(future.done() for future in self._waiting):
            for process in self._processes:
                process.terminate()
        self._pool.shutdown(wait=True, cancel_futures=True)
