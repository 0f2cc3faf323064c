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

OTHER_DATABASE = "a statement of another database"

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
    own_database: str | None = None
    """Only events of this database, and those that do not say of which they are; the others are counted."""
    match: str | None = None
    """Regular expression that is looked for in the statement, whatever the case."""

    def apply(self, batch: Batch) -> Batch:
        """The batch without the events that do not pass, and without the incidents outside the times."""
        if self.since is not None or self.until is not None:
            since = -np.inf if self.since is None else self.since
            until = np.inf if self.until is None else self.until
            batch.incidents = [one for one in batch.incidents if since <= one.time < until]
            batch = batch.chosen((batch.times >= since) & (batch.times < until))
        if self.users:
            batch.incidents = [one for one in batch.incidents if one.user.decode("utf-8", "replace") in self.users]
            batch = batch.chosen(_named(batch.users, self.users, len(batch)))
        if self.databases:
            names = self.databases
            batch.incidents = [one for one in batch.incidents if one.database.decode("utf-8", "replace") in names]
            batch = batch.chosen(_named(batch.databases, self.databases, len(batch)))
        if self.hosts:
            batch.incidents = [one for one in batch.incidents if one.host.decode("utf-8", "replace") in self.hosts]
            batch = batch.chosen(_named(batch.hosts, self.hosts, len(batch)))
        if self.own_database is not None and batch.databases is not None:
            batch = self._of_own_database(batch, {self.own_database.encode(), b""})
        return batch if self.match is None else self._matching(batch, re.compile(self.match.encode(), re.IGNORECASE))

    @staticmethod
    def _of_own_database(batch: Batch, names: set[bytes]) -> Batch:
        mask = np.array([name in names for name in batch.databases or ()], np.bool_)
        batch.incidents = [one for one in batch.incidents if one.database in names]
        if not mask.all():
            batch.skipped[OTHER_DATABASE] += len(batch) - int(mask.sum())
            batch = batch.chosen(mask)
        return batch

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
            chosen = self.filters.apply(batch)
            skipped.update(chosen.skipped)
            tally.add(chosen)

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
