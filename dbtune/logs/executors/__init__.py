"""Who reads the pieces of logs: this process, several, or a cluster. The result is the same."""

from __future__ import annotations

import os

from dbtune.logs.executors.base import Executor


def available_workers() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def open_executor(workers: int, cluster: str | None = None) -> Executor:
    """The executor for so many processes, or for the Dask scheduler at the address ``cluster``; to be closed.

    Raises UsageError and ConnectionFailed where the cluster cannot be used.
    """
    if cluster is not None:
        from dbtune.logs.executors.dask import DaskExecutor

        return DaskExecutor(cluster)
    if workers > 1:
        from dbtune.logs.executors.processes import ProcessExecutor

        return ProcessExecutor(workers)
    from dbtune.logs.executors.serial import SerialExecutor

    return SerialExecutor()
