"""A Dask cluster, for those with more log than machine: ``pip install 'dbtune[dask]'``."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from dbtune import __version__
from dbtune.logs.executors.base import Piece, Result
from dbtune.model.errors import ConnectionFailed, UsageError

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT_SECONDS = 10


def installed_version() -> str:
    """The version of dbtune where this runs."""
    return __version__


class DaskExecutor:
    """The workers of a scheduler that runs already; closing leaves the cluster as it was.

    Raises UsageError without the package or with another dbtune on a worker, ConnectionFailed where the scheduler
    does not answer or has no worker.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise UsageError("--cluster needs Dask: pip install 'dbtune[dask]'") from None
        try:
            self._client: Client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ConnectionFailed(f"no Dask scheduler answers at {address}: {error}") from None
        try:
            self._check_workers(address)
        except BaseException:
            self.close()
            raise

    def _check_workers(self, address: str) -> None:
        versions = self._client.run(installed_version, on_error="return")
        if not versions:
            raise ConnectionFailed(f"the Dask scheduler at {address} has no worker")
        for worker, version in versions.items():
            if version != __version__:
                found = "no dbtune" if isinstance(version, Exception) else f"dbtune {version}"
                raise UsageError(f"the worker {worker} has {found}, this is dbtune {__version__}: install the same")
        self._slots = 2 * sum(self._client.nthreads().values())

    def map(self, work: Callable[[Piece], Result], pieces: Sequence[Piece]) -> Iterator[Result]:
        waiting: deque[Future] = deque()
        try:
            for piece in pieces:
                # not pure: a log that has grown since is read again
                waiting.append(self._client.submit(work, piece, pure=False))
                if len(waiting) > self._slots:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def close(self) -> None:
        """Leave the cluster."""
        self._client.close()
