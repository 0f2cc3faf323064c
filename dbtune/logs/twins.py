"""Files in which one server wrote the same events in several forms: ``log_destination = stderr,csvlog,jsonlog``."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from dbtune.logs.registry import Recognised
from dbtune.logs.sources import LogFile

_FORMS = ("postgres-csv", "postgres-json", "postgres-stderr")
"""The one that says most comes first."""

_ENDING = re.compile(r"\.(?:log|csv|json)(?=(?:\.[a-z0-9]+)?\Z)")

NEAR_SECONDS = 1.0
"""A prefix with ``%t`` has whole seconds."""


def twins(logs: Sequence[tuple[LogFile, Recognised]]) -> dict[str, str]:
    """Name of a log to the name of another of these logs that has the same events.

    The collector gives the files of all forms one name but for the ending, and begins them at the same moment.
    """
    groups: dict[str, list[tuple[LogFile, Recognised]]] = {}
    for file, recognised in logs:
        if recognised.format.name in _FORMS and recognised.wrapper is None and file.stream() is None:
            groups.setdefault(_ENDING.sub("", file.name), []).append((file, recognised))
    found: dict[str, str] = {}
    for group in groups.values():
        if len({recognised.format.name for _, recognised in group}) < 2:
            continue
        group.sort(key=lambda one: _FORMS.index(one[1].format.name))
        kept: list[tuple[str, float]] = []
        for file, recognised in group:
            begins = _first_time(file, recognised)
            same = next((name for name, time in kept if abs(time - begins) <= NEAR_SECONDS), None)
            if same is None:
                kept.append((file.name, begins))
            else:
                found[file.name] = same
    return found


def _first_time(file: LogFile, recognised: Recognised) -> float:
    """When the first of its events was, in seconds since the epoch; NaN, which nothing is near, where it is unknown."""
    reader = recognised.layout.reader()
    head = file.head()
    batches = (reader.read(head[: head.rfind(b"\n") + 1]), reader.finish())
    times = np.concatenate([batch.times for batch in batches])
    return float(np.nanmin(times)) if np.isfinite(times).any() else np.nan
