"""From the tally of all logs to the statements and incidents of the digest: here fingerprints are made, once a key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, isnan

import numpy as np

from dbtune.logs.batch import Numbers
from dbtune.logs.bursts import BurstCounter, BurstTotals
from dbtune.logs.clients import Clients
from dbtune.logs.histogram import percentile
from dbtune.logs.incidents import IncidentKey, IncidentTotals, reason
from dbtune.logs.parameters import bound
from dbtune.logs.sampling import RawSample, Samples
from dbtune.logs.sparse import Integers, SparseSums
from dbtune.logs.tally import Sums, Tally
from dbtune.logs.timeline import Timeline
from dbtune.model.digest import (
    Bursts,
    Client,
    Incident,
    Others,
    Sample,
    StatementDigest,
    TimelineSlot,
)
from dbtune.model.snapshot import Dialect
from dbtune.sql.fingerprint import fingerprint, normalise
from dbtune.sql.lexing import tokens

MOST_NAMES = 50
"""Users, databases and hosts that are listed for a statement."""

TIMELINES = 500
"""Statements that have a timeline of their own: those with the most time."""


@dataclass(frozen=True)
class Finished:
    """The digest's numbers."""

    statements: tuple[StatementDigest, ...]
    others: Others
    incidents: tuple[Incident, ...]
    timeline: tuple[TimelineSlot, ...]
    slot_seconds: float
    calls: float
    total_ms: float | None
    errors: float
    first_seen: float | None
    last_seen: float | None


def finish(tally: Tally, dialect: Dialect, samples: int) -> Finished:
    """The statements of a tally by fingerprint, most time first."""
    merged = _Merged(tally, dialect, samples)
    sums = merged.sums
    others = Others(*(float(value) for value in tally.others))
    timed = bool(sums.timed_calls.any()) or others.total_ms > 0
    total_ms = float(sums.total_ms.sum()) + others.total_ms if timed else None
    calls = float(sums.calls.sum()) + others.calls
    order = np.lexsort((-sums.calls, -sums.total_ms)).tolist()
    slots = merged.timeline.of_rows(order[:TIMELINES])
    whole = total_ms if total_ms else calls
    statements = tuple(merged.statement(row, whole, by_time=bool(total_ms), slots=slots.get(row, ())) for row in order)
    return Finished(
        statements=statements,
        others=others,
        incidents=_incidents(tally.incidents.totals, dialect),
        timeline=merged.timeline.whole(),
        slot_seconds=float(merged.timeline.slot_seconds),
        calls=calls,
        total_ms=total_ms,
        errors=float(sums.errors.sum()) + others.errors,
        first_seen=_finite(float(sums.first.min(initial=np.inf))),
        last_seen=_finite(float(sums.last.max(initial=-np.inf))),
    )


class _Merged:
    """A tally whose rows are fingerprints."""

    def __init__(self, tally: Tally, dialect: Dialect, samples: int) -> None:
        self._dialect: Dialect = dialect
        self._samples_kept = samples
        self.texts: list[tuple[str, str]] = []
        places = self._places(tally.texts)
        size = len(self.texts)
        self.sums: Sums = tally.sums.moved(
            np.concatenate([places, np.full(len(tally.sums.calls) - len(places), -1, np.int64)]), size
        )
        self._percentiles = _by_row(tally.histogram.renumbered(places))
        self.timeline = Timeline()
        self.timeline.merge(tally.timeline, places)
        clients = Clients()
        clients.merge(tally.clients, places)
        self._clients = clients.by_row()
        bursts = BurstCounter()
        bursts.merge(tally.bursts, places)
        self._bursts = bursts.totals
        self._samples = Samples(samples)
        self._samples.merge(tally.samples, places)

    def _places(self, texts: Sequence[bytes]) -> Integers:
        known: dict[str, int] = {}
        places = np.empty(len(texts), np.int64)
        for row, raw in enumerate(texts):
            text = raw.decode("utf-8", "replace")
            key = fingerprint(text, dialect=self._dialect)
            if key not in known:
                known[key] = len(self.texts)
                self.texts.append((key, normalise(text, dialect=self._dialect)))
            places[row] = known[key]
        return places

    def statement(self, row: int, whole: float, *, by_time: bool, slots: tuple[TimelineSlot, ...]) -> StatementDigest:
        sums = self.sums
        key, text = self.texts[row]
        calls, timed = float(sums.calls[row]), float(sums.timed_calls[row])
        total_ms = float(sums.total_ms[row]) if timed else None
        max_ms = _finite(float(sums.max_ms[row]))
        users, databases, hosts = self._clients.get(row, (Counter[bytes](), Counter[bytes](), Counter[bytes]()))
        p50, p95, p99 = self._fractions(row)
        return StatementDigest(
            fingerprint=key,
            text=text,
            calls=calls,
            share=((total_ms or 0.0) if by_time else calls) / whole if whole else 0.0,
            total_ms=total_ms,
            mean_ms=None if total_ms is None else total_ms / timed,
            p50_ms=p50,
            p95_ms=p95,
            p99_ms=p99,
            max_ms=max_ms,
            lock_ms=self._amount("lock_ms", row),
            rows_sent=self._amount("rows_sent", row),
            rows_examined=self._amount("rows_examined", row),
            rows_affected=self._amount("rows_affected", row),
            bytes_sent=self._amount("bytes_sent", row),
            temporary_bytes=self._amount("temporary_bytes", row),
            errors=float(sums.errors[row]),
            first_seen=_finite(float(sums.first[row])),
            last_seen=_finite(float(sums.last[row])),
            users=_most(users),
            databases=_most(databases),
            hosts=_most(hosts),
            timeline=slots,
            bursts=_bursts(self._bursts.get(row)),
            max_rows_sent=_finite(float(sums.max_rows[row])),
            samples=self._executions(row),
        )

    def _amount(self, name: str, row: int) -> float | None:
        return float(self.sums.amounts[name][row]) if self.sums.known[name][row] else None

    def _fractions(self, row: int) -> tuple[float | None, float | None, float | None]:
        if row not in self._percentiles:
            return None, None, None
        buckets, calls = self._percentiles[row]
        shortest, longest = float(self.sums.shortest_ms[row]), float(self.sums.longest_ms[row])
        p50, p95, p99 = (percentile(buckets, calls, fraction, shortest, longest) for fraction in (0.5, 0.95, 0.99))
        return p50, p95, p99

    def _executions(self, row: int) -> tuple[Sample, ...]:
        made = (_sample(raw, self._dialect) for raw in self._samples.of(row))
        return tuple(sample for sample in made if sample is not None)


def _sample(raw: RawSample, dialect: Dialect) -> Sample | None:
    """The execution with its parameters in their places; None where one of them is not known."""
    sql = raw.text.decode("utf-8", "replace")
    if raw.parameters:
        sql = bound(sql, raw.parameters.decode("utf-8", "replace"))
    if any(token.kind == "parameter" for token in tokens(sql, dialect=dialect)):
        return None
    database = raw.database.decode("utf-8", "replace")
    return Sample(
        sql=sql,
        ms=None if isnan(raw.ms) else raw.ms,
        time=None if isnan(raw.time) else raw.time,
        search_path=(database,) if database and dialect != "postgres" else (),
        plan=raw.plan.decode("utf-8", "replace") or None,
    )


def _by_row(sums: SparseSums) -> dict[int, tuple[Integers, Numbers]]:
    rows, columns, (values,) = sums.items()
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    ends = np.append(starts, len(rows))[1:]
    return {
        int(rows[start]): (columns[start:end], values[start:end])
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
    }


def _most(names: Counter[bytes]) -> tuple[Client, ...]:
    ranked = sorted(((name, calls) for name, calls in names.items() if name), key=lambda pair: (-pair[1], pair[0]))
    return tuple(Client(name.decode("utf-8", "replace"), float(calls)) for name, calls in ranked[:MOST_NAMES])


def _bursts(totals: BurstTotals | None) -> Bursts | None:
    if totals is None:
        return None
    return Bursts(totals.count, totals.calls, totals.longest, totals.total_ms, totals.session, totals.start)


def _incidents(totals: Mapping[IncidentKey, IncidentTotals], dialect: Dialect) -> tuple[Incident, ...]:
    """Incidents by kind, statement and reason; most often first."""
    merged: dict[tuple[str, str, str], tuple[IncidentKey, str, IncidentTotals]] = {}
    for key, one in totals.items():
        text = one.text.decode("utf-8", "replace")
        detail = reason(one.detail).decode("utf-8", "replace")
        fp = fingerprint(text, dialect=dialect) if text else ""
        known = merged.setdefault((key[0], fp, detail), (key, text, IncidentTotals(one.text, one.detail)))
        known[2].merge(one)
    made = (
        Incident(
            kind=key[0],
            fingerprint=fp or None,
            text=normalise(text, dialect=dialect) if text else "",
            count=one.count,
            total_amount=one.total,
            max_amount=one.longest,
            first_seen=_finite(one.first),
            last_seen=_finite(one.last),
            detail=detail,
        )
        for (_, fp, detail), (key, text, one) in merged.items()
    )
    return tuple(sorted(made, key=lambda incident: (-incident.count, incident.kind, incident.text)))


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
