"""Durations by log-spaced buckets, from which percentiles come."""

from __future__ import annotations

import numpy as np

from dbtune.logs.batch import Numbers
from dbtune.logs.sparse import Integers

PER_DECADE = 40
"""Buckets from 1 ms to 10 ms: neighbours differ by 5.9 %, so that a bucket's middle is off by at most 3 %."""

LOWEST = -9 * PER_DECADE
"""The bucket of zero and of all below 1e-9 ms."""


def bucket_of(ms: Numbers) -> Integers:
    """The bucket of each of the durations, in ms."""
    with np.errstate(divide="ignore", invalid="ignore"):
        exponents = np.floor(np.log10(ms) * PER_DECADE)
    buckets: Integers = np.clip(np.nan_to_num(exponents, nan=LOWEST, neginf=LOWEST), LOWEST, 12 * PER_DECADE).astype(
        np.int64
    )
    return buckets


def percentile(buckets: Integers, calls: Numbers, fraction: float, shortest: float, longest: float) -> float:
    """The duration in ms that the ``fraction`` of the calls stays within (nearest rank).

    That of the first call is ``shortest``, that of the last ``longest``; between them it is the middle of a bucket, no
    more than the longest and no less than the shortest. ``buckets`` ascend and are not empty.
    """
    reached = np.cumsum(calls)
    rank = fraction * float(reached[-1]) * (1 - 1e-12)
    if rank > float(reached[-1]) - 1:
        return longest
    if rank <= 1:
        return shortest
    bucket = int(buckets[min(int(np.searchsorted(reached, rank)), len(buckets) - 1)])
    middle = 0.0 if bucket == LOWEST else float(10 ** ((bucket + 0.5) / PER_DECADE))
    return min(max(middle, shortest), longest)
