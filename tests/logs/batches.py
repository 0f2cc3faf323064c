"""Batches of events for tests of what happens to events after they are read."""

from __future__ import annotations

import numpy as np

from dbtune.logs.batch import Batch


def batch(
    texts: list[str],
    ms: list[float] | None = None,
    times: list[float] | None = None,
    session: str = "",
    user: str = "",
) -> Batch:
    """Events with these texts; a millisecond each and a second apart unless told."""
    size = len(texts)
    return Batch(
        texts=[text.encode() for text in texts],
        ms=np.array(ms if ms is not None else [1.0] * size),
        times=np.array(times if times is not None else [1.7e9 + at for at in range(size)]),
        sessions=[session.encode()] * size if session else None,
        users=[user.encode()] * size if user else None,
    )
