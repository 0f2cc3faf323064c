"""Two digests side by side: which statements are new, gone, slower, faster, or called more or less often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dbtune.model.digest import Digest, StatementDigest

Kind = Literal["new", "gone", "slower", "faster", "more calls", "fewer calls", "alike"]

NOTABLE = 0.2
"""A mean or a rate of calls that differs by less than this fraction is alike: logs of equal days differ so much."""

SHORTEST_SPAN_SECONDS = 60.0
"""Rates over shorter spans say nothing; totals are compared instead."""


@dataclass(frozen=True)
class StatementChange:
    """One statement before and after. Amounts are per hour, or totals where ``Comparison.per_hour`` is false."""

    kind: Kind
    fingerprint: str
    text: str
    before: StatementDigest | None
    after: StatementDigest | None
    calls_before: float
    calls_after: float
    ms_before: float
    ms_after: float

    @property
    def ms_change(self) -> float:
        """Time that the statement takes more, in ms."""
        return self.ms_after - self.ms_before


@dataclass(frozen=True)
class Comparison:
    """What differs between two digests; the largest changes of time first."""

    before: Digest
    after: Digest
    per_hour: bool
    changes: tuple[StatementChange, ...]

    @property
    def ms_before(self) -> float:
        return (self.before.total_ms or 0.0) / _hours(self.before, per_hour=self.per_hour)

    @property
    def ms_after(self) -> float:
        return (self.after.total_ms or 0.0) / _hours(self.after, per_hour=self.per_hour)


def compare(before: Digest, after: Digest) -> Comparison:
    """The comparison of two digests, by fingerprint."""
    per_hour = min(_span(before), _span(after)) >= SHORTEST_SPAN_SECONDS
    old = {one.fingerprint: one for one in before.statements}
    new = {one.fingerprint: one for one in after.statements}
    hours = _hours(before, per_hour=per_hour), _hours(after, per_hour=per_hour)
    changes = [_change(old.get(key), new.get(key), *hours) for key in dict.fromkeys([*new, *old])]
    changes.sort(key=lambda one: (-abs(one.ms_change), -abs(one.calls_after - one.calls_before), one.fingerprint))
    return Comparison(before, after, per_hour, tuple(changes))


def _change(
    before: StatementDigest | None, after: StatementDigest | None, hours_before: float, hours_after: float
) -> StatementChange:
    known = after or before
    assert known is not None
    return StatementChange(
        kind=_kind(before, after, hours_before, hours_after),
        fingerprint=known.fingerprint,
        text=known.text,
        before=before,
        after=after,
        calls_before=0.0 if before is None else before.calls / hours_before,
        calls_after=0.0 if after is None else after.calls / hours_after,
        ms_before=0.0 if before is None else (before.total_ms or 0.0) / hours_before,
        ms_after=0.0 if after is None else (after.total_ms or 0.0) / hours_after,
    )


def _kind(
    before: StatementDigest | None, after: StatementDigest | None, hours_before: float, hours_after: float
) -> Kind:
    if before is None:
        return "new"
    if after is None:
        return "gone"
    if before.mean_ms is not None and after.mean_ms is not None:
        if after.mean_ms > before.mean_ms * (1 + NOTABLE):
            return "slower"
        if after.mean_ms * (1 + NOTABLE) < before.mean_ms:
            return "faster"
    rate_before, rate_after = before.calls / hours_before, after.calls / hours_after
    if rate_after > rate_before * (1 + NOTABLE):
        return "more calls"
    return "fewer calls" if rate_after * (1 + NOTABLE) < rate_before else "alike"


def _span(digest: Digest) -> float:
    if digest.first_seen is None or digest.last_seen is None:
        return 0.0
    return digest.last_seen - digest.first_seen


def _hours(digest: Digest, *, per_hour: bool) -> float:
    return _span(digest) / 3600 if per_hour else 1.0
