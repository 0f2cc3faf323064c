"""Incidents put together by the statement that they happened to."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dbtune.model.digest import Incident


@dataclass(frozen=True)
class Troubles:
    """Incidents of one kind that happened to one statement, or said the same where none is named."""

    fingerprint: str | None
    text: str
    reason: str
    count: int
    total_amount: float
    max_amount: float
    first_seen: float | None
    last_seen: float | None

    @property
    def fingerprints(self) -> tuple[str, ...]:
        return () if self.fingerprint is None else (self.fingerprint,)

    @property
    def statement(self) -> str:
        """Its text; empty where none is named."""
        return self.text if self.fingerprint is not None else ""

    @property
    def key(self) -> str:
        """The same in every run."""
        return (
            self.reason
            if self.fingerprint is not None
            else f"{self.reason} {hashlib.sha256(self.text.encode()).hexdigest()}"
        )


def by_statement(
    incidents: Iterable[Incident], reason: Callable[[Incident], str] = lambda incident: ""
) -> tuple[Troubles, ...]:
    """One for each statement and reason: those with the largest amount first, then the most frequent."""
    groups: dict[tuple[str | None, str, str], list[Incident]] = {}
    for incident in incidents:
        text = "" if incident.fingerprint else incident.text
        groups.setdefault((incident.fingerprint, text, reason(incident)), []).append(incident)
    made = (
        Troubles(
            fingerprint=fingerprint,
            text=members[0].text,
            reason=why,
            count=sum(one.count for one in members),
            total_amount=sum(one.total_amount for one in members),
            max_amount=max(one.max_amount for one in members),
            first_seen=min((one.first_seen for one in members if one.first_seen is not None), default=None),
            last_seen=max((one.last_seen for one in members if one.last_seen is not None), default=None),
        )
        for (fingerprint, _, why), members in groups.items()
    )
    return tuple(sorted(made, key=lambda one: (-one.total_amount, -one.count, one.text, one.reason)))
