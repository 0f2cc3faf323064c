"""What a log says, summed up by statement while it is read; tallies of pieces merge in order into that of the whole.

Memory has a bound, whatever the log: ``CAPACITY`` statements are told apart, the heaviest ones, and the rest is
counted together. The order of merging decides which are dropped, so it is always that of the log.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dbtune.logs.batch import Batch, IncidentEvent, Numbers
from dbtune.logs.bursts import BurstCounter
from dbtune.logs.clients import Clients
from dbtune.logs.histogram import bucket_of
from dbtune.logs.incidents import Incidents
from dbtune.logs.literals import Keys
from dbtune.logs.sampling import Samples
from dbtune.logs.sparse import Integers, SparseSums, added_up
from dbtune.logs.timeline import Timeline
from dbtune.model.snapshot import Dialect

CAPACITY = 5_000
"""Statements that are told apart; twice as many while reading."""

TEXT_BYTES = 24 << 20
"""Bytes of texts and samples; more drop the lighter statements early."""

LONGEST_TEXT = 1 << 14
"""Of a longer statement, only its text without literals is kept, cut to four times as much."""

AMOUNTS = ("lock_ms", "rows_sent", "rows_examined", "rows_affected", "bytes_sent", "temporary_bytes")
"""Columns of a batch that are summed up as they are, weighted by the calls."""


@dataclass
class Sums:
    """Columns by row; all of the same length. ``known`` says by column of amounts whether a row ever had one."""

    calls: Numbers
    timed_calls: Numbers
    total_ms: Numbers
    max_ms: Numbers
    shortest_ms: Numbers
    longest_ms: Numbers
    """Of the calls that the log has one by one, which are those of the histogram."""
    errors: Numbers
    first: Numbers
    last: Numbers
    max_rows: Numbers
    amounts: dict[str, Numbers]
    known: dict[str, Numbers]

    @classmethod
    def empty(cls, size: int) -> Sums:
        def zeros() -> Numbers:
            return np.zeros(size)

        def filled(value: float) -> Numbers:
            return np.full(size, value)

        return cls(
            zeros(),
            zeros(),
            zeros(),
            filled(-np.inf),
            filled(np.inf),
            filled(-np.inf),
            zeros(),
            filled(np.inf),
            filled(-np.inf),
            filled(-np.inf),
            {name: zeros() for name in AMOUNTS},
            {name: zeros() for name in AMOUNTS},
        )

    def merge(self, other: Sums, places: Integers) -> None:
        """Add row ``r`` of the other to row ``places[r]``, leaving out those at -1."""
        kept = np.flatnonzero(places >= 0)
        rows = places[kept]
        pairs = [(self.calls, other.calls), (self.timed_calls, other.timed_calls), (self.total_ms, other.total_ms)]
        pairs.append((self.errors, other.errors))
        pairs += [(self.amounts[name], other.amounts[name]) for name in AMOUNTS]
        pairs += [(self.known[name], other.known[name]) for name in AMOUNTS]
        for mine, theirs in pairs:
            np.add.at(mine, rows, theirs[kept])
        for mine, theirs in (
            (self.max_ms, other.max_ms),
            (self.longest_ms, other.longest_ms),
            (self.last, other.last),
            (self.max_rows, other.max_rows),
        ):
            np.maximum.at(mine, rows, theirs[kept])
        np.minimum.at(self.first, rows, other.first[kept])
        np.minimum.at(self.shortest_ms, rows, other.shortest_ms[kept])

    def moved(self, places: Integers, size: int) -> Sums:
        """The same sums at other rows, in columns of another length."""
        fresh = Sums.empty(size)
        fresh.merge(self, places)
        return fresh


class Tally:
    """Sums by statement. A row is a statement's number within this tally."""

    def __init__(self, dialect: Dialect, samples: int = 0, place: int = 0, capacity: int = CAPACITY) -> None:
        self._dialect: Dialect = dialect
        self._place = place
        self._capacity = capacity
        self._memory: Keys | None = None
        self._rows: dict[bytes, int] = {}
        self._text_bytes = 0
        self._ordinal = 0
        self.texts: list[bytes] = []
        """One statement of each row, as it came; a long one without its literals."""
        self.sums = Sums.empty(64)
        self.histogram = SparseSums(1)
        self.timeline = Timeline()
        self.clients = Clients()
        self.bursts = BurstCounter()
        self.samples = Samples(samples)
        self.incidents = Incidents()
        self.others = np.zeros(3)
        """Calls, ms and errors of statements that are not told apart."""

    @property
    def events(self) -> int:
        """Events added, each once whatever it stands for."""
        return self._ordinal

    @property
    def keys(self) -> Keys:
        """Of this dialect; not sent along when the tally is."""
        if self._memory is None:
            self._memory = Keys(self._dialect)
        return self._memory

    def add(self, batch: Batch) -> None:
        """Add the events of one block."""
        for incident in batch.incidents:
            self._add_incident(incident)
        if not batch.texts:
            return
        rows = self._rows_of(batch.texts)
        size = len(self.texts)
        calls = np.ones(len(batch)) if batch.calls is None else batch.calls
        self._add_sums(rows, batch, calls, size)
        self.clients.add(rows, batch, calls)
        if not batch.totals:
            self._add_moments(rows, batch, calls)
        self.samples.add(rows, batch, self._place, self._ordinal)
        self._ordinal += len(batch)
        if size > 2 * self._capacity or self._text_bytes + self.samples.bytes > TEXT_BYTES:
            self._prune()

    def finish(self) -> None:
        """The piece is read to its end."""
        self.bursts.finish()
        self._memory = None

    def settle(self) -> None:
        """All is read: keep no more statements than are told apart."""
        if len(self.texts) > self._capacity:
            self._prune()

    def merge(self, other: Tally) -> None:
        """Add the tally of the next piece, which is finished."""
        self._place = max(self._place, other._place)
        by_row = sorted(other._rows.items(), key=lambda item: item[1])
        places = np.array([self._row_of(key, other.texts[row]) for key, row in by_row], np.int64)
        self.sums.merge(other.sums, _padded(places, other))
        numbers, buckets, values = other.histogram.renumbered(places).items()
        self.histogram.add(numbers, buckets, *values)
        self.timeline.merge(other.timeline, places)
        self.clients.merge(other.clients, places)
        self.bursts.merge(other.bursts, places)
        self.samples.merge(other.samples, places)
        self.incidents.merge(other.incidents)
        self.others += other.others
        self._ordinal += other._ordinal
        if len(self.texts) > 2 * self._capacity or self._text_bytes + self.samples.bytes > TEXT_BYTES:
            self._prune()

    def _rows_of(self, texts: list[bytes]) -> Integers:
        keys = self.keys.of(texts)
        rows = list(map(self._rows.get, keys))
        if None in rows:
            rows = [
                self._row_of(key, text) if row is None else row
                for row, key, text in zip(rows, keys, texts, strict=True)
            ]
        return np.array(rows, np.int64)

    def _row_of(self, key: bytes, text: bytes) -> int:
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = len(self.texts)
            kept = text if len(text) <= LONGEST_TEXT else self.keys.readable(text)[: 4 * LONGEST_TEXT]
            self.texts.append(kept)
            self._text_bytes += len(kept) + len(key) + 200
            if row >= len(self.sums.calls):
                self.sums = self.sums.moved(np.arange(len(self.sums.calls)), 2 * len(self.sums.calls))
        return row

    def _add_sums(self, rows: Integers, batch: Batch, calls: Numbers, size: int) -> None:
        def summed(values: Numbers) -> Numbers:
            return added_up(rows, values, size)

        sums = self.sums
        sums.calls[:size] += summed(calls)
        timed = ~np.isnan(batch.ms)
        sums.timed_calls[:size] += summed(calls * timed)
        sums.total_ms[:size] += summed(np.nan_to_num(batch.ms) * calls)
        if batch.errors is not None:
            sums.errors[:size] += summed(np.nan_to_num(batch.errors) * calls)
        for name in AMOUNTS:
            column: Numbers | None = getattr(batch, name)
            if column is not None:
                sums.amounts[name][:size] += summed(np.nan_to_num(column) * calls)
                sums.known[name][:size] += summed(~np.isnan(column) * 1.0)
        if batch.rows_sent is not None and not batch.totals:
            np.fmax.at(sums.max_rows, rows, batch.rows_sent)
        former = sums.max_ms[rows]
        longest = batch.ms if batch.max_ms is None else batch.max_ms
        np.fmax.at(sums.max_ms, rows, longest)
        self.samples.add_slowest(rows, batch, (longest > former) & (longest == sums.max_ms[rows]))
        np.fmax.at(sums.last, rows, batch.times)
        np.fmin.at(sums.first, rows, batch.times if batch.first_times is None else batch.first_times)

    def _add_moments(self, rows: Integers, batch: Batch, calls: Numbers) -> None:
        timed = ~np.isnan(batch.ms)
        if timed.all():
            self.histogram.add(rows, bucket_of(batch.ms), calls)
        elif timed.any():
            self.histogram.add(rows[timed], bucket_of(batch.ms[timed]), calls[timed])
        np.fmin.at(self.sums.shortest_ms, rows, batch.ms)
        np.fmax.at(self.sums.longest_ms, rows, batch.ms)
        errors = np.zeros(len(batch)) if batch.errors is None else np.nan_to_num(batch.errors) * calls
        self.timeline.add(rows, batch.times, calls, batch.ms, errors)
        if batch.sessions is not None:
            self.bursts.add(rows, batch.sessions, batch.times, batch.ms)

    def _add_incident(self, event: IncidentEvent) -> None:
        key = self.keys.of([event.text])[0] if event.text else b""
        self.incidents.add(event, key)

    def _prune(self) -> None:
        """Keep the heaviest statements, half as many as there is room for."""
        weight = self.sums.total_ms[: len(self.texts)]
        order = np.lexsort((-self.sums.calls[: len(self.texts)], -weight))
        room = TEXT_BYTES // 2
        sizes = np.array([len(text) for text in self.texts])[order] + 300
        share = self.samples.bytes / max(1, len(self.texts))
        fitting = int(np.searchsorted(np.cumsum(sizes + share), room))
        kept = np.sort(order[: max(1, min(self._capacity, fitting))])
        rows = np.full(len(self.texts), -1, np.int64)
        rows[kept] = np.arange(len(kept))
        dropped = rows < 0
        size = len(self.texts)
        for at, column in enumerate((self.sums.calls, self.sums.total_ms, self.sums.errors)):
            self.others[at] += column[:size][dropped].sum()
        self.sums = self.sums.moved(_padded(rows, self), max(64, 2 * len(kept)))
        self.texts = [self.texts[at] for at in kept.tolist()]
        self._rows = {key: int(rows[row]) for key, row in self._rows.items() if rows[row] >= 0}
        self._text_bytes = sum(map(len, self.texts)) + sum(len(key) + 200 for key in self._rows)
        self.histogram = self.histogram.renumbered(rows)
        self.timeline.renumber(rows)
        self.clients.renumber(rows)
        self.bursts.renumber(rows)
        self.samples.renumber(rows)


def _padded(rows: Integers, tally: Tally) -> Integers:
    """``rows`` made as long as the tally's columns."""
    return np.concatenate([rows, np.full(len(tally.sums.calls) - len(rows), -1, np.int64)])
