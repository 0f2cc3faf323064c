"""Several processes on this machine."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from dbtune.logs.executors.base import Piece, Result
from dbtune.model.errors import UsageError


class ProcessExecutor:
    """``workers`` processes, started at the first piece."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        # a fork would take the parent's threads and memory along
        self._pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))

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
