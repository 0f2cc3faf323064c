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


def percentile(buckets: Integers, calls: Numbers, fraction: float) -> float:
    """The duration in ms that the ``fraction`` of the calls stays within: the middle of a bucket.

    ``buckets`` ascend and are not empty.
    """
    reached = np.cumsum(calls)
    at = int(np.searchsorted(reached, fraction * reached[-1] * (1 - 1e-12)))
    bucket = int(buckets[min(at, len(buckets) - 1)])
    return 0.0 if bucket == LOWEST else float(10 ** ((bucket + 0.5) / PER_DECADE))
