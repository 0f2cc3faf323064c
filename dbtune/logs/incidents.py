"""Incidents summed up by kind and statement."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import inf, isnan

from dbtune.logs.batch import IncidentEvent
from dbtune.model.digest import IncidentKind

MOST_INCIDENTS = 1_000
"""Pairs of kind and statement that are told apart; what comes after them is counted as of no statement."""

_LONGEST_DETAIL = 500

IncidentKey = tuple[IncidentKind, bytes, bytes]


@dataclass
class IncidentTotals:
    """All incidents of one kind that happened to one statement for one reason."""

    text: bytes
    detail: bytes
    count: int = 0
    total: float = 0.0
    longest: float = 0.0
    first: float = inf
    last: float = -inf

    def merge(self, other: IncidentTotals) -> None:
        self.count += other.count
        self.total += other.total
        self.longest = max(self.longest, other.longest)
        self.first = min(self.first, other.first)
        self.last = max(self.last, other.last)


class Incidents:
    """Totals by kind, statement's key and reason."""

    def __init__(self) -> None:
        self.totals: dict[IncidentKey, IncidentTotals] = {}

    def add(self, event: IncidentEvent, key: bytes) -> None:
        """Add one; ``key`` is that of its statement, or empty."""
        known_time = not isnan(event.time)
        self._merge(
            (event.kind, key, reason(event.detail)),
            IncidentTotals(
                event.text[: 1 << 14],
                event.detail[:_LONGEST_DETAIL],
                1,
                event.amount,
                event.amount,
                event.time if known_time else inf,
                event.time if known_time else -inf,
            ),
        )

    def merge(self, other: Incidents) -> None:
        """Add those of the next piece."""
        for key, totals in other.totals.items():
            self._merge(key, totals)

    def _merge(self, key: IncidentKey, totals: IncidentTotals) -> None:
        if key not in self.totals and len(self.totals) >= MOST_INCIDENTS:
            key = (key[0], b"", b"")
            totals.text = totals.detail = b""
        known = self.totals.get(key)
        if known is None:
            self.totals[key] = totals
        else:
            known.merge(totals)


def reason(detail: bytes) -> bytes:
    """The detail without what differs from one incident to the next: numbers and quoted values."""
    return re.sub(rb"\d+|\"[^\"]*\"|'[^']*'", b"?", detail[:_LONGEST_DETAIL])
