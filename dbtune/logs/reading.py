"""One piece of a log to one tally: what executors run."""

from __future__ import annotations

import gc
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from dbtune.logs.batch import Batch, Names
from dbtune.logs.cutting import Cutter
from dbtune.logs.pieces import Piece
from dbtune.logs.tally import Tally
from dbtune.model.snapshot import Dialect

PLACE_BYTES = 1 << 20
"""A piece's place in the run, for the choice of samples, is counted in these."""


@dataclass(frozen=True)
class Filters:
    """Which events count. Times are seconds since the epoch; an empty tuple lets every name pass."""

    since: float | None = None
    until: float | None = None
    """Exclusive."""
    users: tuple[str, ...] = ()
    databases: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    match: str | None = None
    """Regular expression that is looked for in the statement, whatever the case."""

    def apply(self, batch: Batch) -> Batch:
        """The batch without the events that do not pass, and without the incidents outside the times."""
        if self.since is not None or self.until is not None:
            since = -np.inf if self.since is None else self.since
            until = np.inf if self.until is None else self.until
            batch.incidents = [one for one in batch.incidents if since <= one.time < until]
            batch = batch.chosen((batch.times >= since) & (batch.times < until))
        if self.users or self.databases or self.hosts:
            batch.incidents = []  # they do not say whose they were
        if self.users:
            batch = batch.chosen(_named(batch.users, self.users, len(batch)))
        if self.databases:
            batch = batch.chosen(_named(batch.databases, self.databases, len(batch)))
        if self.hosts:
            batch = batch.chosen(_named(batch.hosts, self.hosts, len(batch)))
        return batch if self.match is None else self._matching(batch, re.compile(self.match.encode(), re.IGNORECASE))

    @staticmethod
    def _matching(batch: Batch, pattern: re.Pattern[bytes]) -> Batch:
        batch.incidents = [one for one in batch.incidents if pattern.search(one.text)]
        return batch.chosen(np.array([pattern.search(text) is not None for text in batch.texts], np.bool_))


def _named(column: Names | None, wanted: tuple[str, ...], size: int) -> npt.NDArray[np.bool_]:
    if column is None:
        return np.zeros(size, np.bool_)
    names = {name.encode() for name in wanted}
    return np.array([name in names for name in column], np.bool_)


@dataclass(frozen=True)
class PieceResult:
    """What one piece gave. ``events`` counts those before filtering, ``bytes`` what was read after decompression."""

    source: int
    tally: Tally
    events: int
    bytes: int
    skipped: Counter[str]


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Rows are many small tuples without cycles: looking for some takes a fifth of the time and finds none."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@dataclass(frozen=True)
class PieceReader:
    """Reads pieces; picklable."""

    dialect: Dialect
    filters: Filters
    samples: int

    def __call__(self, piece: Piece) -> PieceResult:
        return self.read(piece, None)

    def read(self, piece: Piece, stdin: BinaryIO | None) -> PieceResult:
        """The piece's tally; ``stdin`` is read where the piece is standard input."""
        cutter = Cutter(piece, stdin)
        reader = piece.layout.reader()
        tally = Tally(self.dialect, self.samples, place=(piece.source << 12) + piece.start // PLACE_BYTES)
        skipped: Counter[str] = Counter()
        events = 0

        def take(batch: Batch) -> None:
            nonlocal events
            events += len(batch)
            skipped.update(batch.skipped)
            tally.add(self.filters.apply(batch))

        with _no_garbage_collection():
            for block in cutter.blocks():
                batch = reader.read(block.content)
                if not block.priming:
                    take(batch)
            if piece.last:
                take(reader.finish())
        tally.finish()
        skipped.update(cutter.skipped)
        return PieceResult(piece.source, tally, events, cutter.bytes, skipped)
