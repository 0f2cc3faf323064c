"""A format as simple as can be, for tests of what is the same for all: an event starts at a line with ``> ``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dbtune.logs.batch import Batch
from dbtune.logs.registry import LogFormat, Reader, Recognised, Sniffed

_BOUNDARY = re.compile(rb"^(?=> )", re.MULTILINE)


class ToyReader:
    """An event is its lines."""

    def read(self, block: bytes) -> Batch:
        texts = [part.rstrip(b"\n") for part in _BOUNDARY.split(block) if part.startswith(b"> ")]
        return Batch(texts=texts, ms=np.ones(len(texts)), times=np.full(len(texts), np.nan))

    def finish(self) -> Batch:
        return Batch()


@dataclass(frozen=True)
class ToyLayout:
    @property
    def boundary(self) -> re.Pattern[bytes]:
        return _BOUNDARY

    def reader(self) -> Reader:
        return ToyReader()


TOY = Recognised(
    LogFormat(
        "toy", title="toy", dialect="postgres", sniff=lambda head, options: Sniffed(1.0, ToyLayout()), whole=False
    ),
    ToyLayout(),
    None,
)


def log_of(events: Sequence[str]) -> bytes:
    return "".join(f"> {event}\n" for event in events).encode()
