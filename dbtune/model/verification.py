"""What measuring the advice on a copy of the database found: predicted beside measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dbtune.model.risk import RiskLevel

SLOWER = 1.2
"""A statement that takes this many times as long with the advice is slower."""

NOISE_MS = 1.0
"""Differences below it are the clock's and the scheduler's."""


@dataclass(frozen=True)
class Timing:
    """Median of a statement's warm runs in ms, seen from the client; the time limit where that ended them."""

    ms: float
    runs: int
    timed_out: bool = False


Outcome = Literal["faster", "same", "slower", "same plan", "failed"]


@dataclass(frozen=True)
class MeasuredStatement:
    """One statement without and with the advice. Costs are planner units of a call on the copy."""

    fingerprint: str
    text: str
    calls: float
    level: RiskLevel | None
    """What the report calls it; None where the report expects no change."""
    reason: str
    cost_before: float | None = None
    cost_after: float | None = None
    before: Timing | None = None
    after: Timing | None = None
    error: str | None = None

    @property
    def ratio(self) -> float | None:
        """Time with the advice as a multiple of that without; None where it was not measured, or neither run ended."""
        if self.before is None or self.after is None or self.before.ms <= 0:
            return None
        return None if self.before.timed_out and self.after.timed_out else self.after.ms / self.before.ms

    @property
    def outcome(self) -> Outcome:
        if self.error is not None:
            return "failed"
        if self.before is None or self.after is None:
            return "same plan"
        ratio = self.ratio
        if ratio is None or abs(self.after.ms - self.before.ms) <= NOISE_MS:
            return "same"
        return "slower" if ratio > SLOWER else "faster" if ratio < 1 / SLOWER else "same"


@dataclass(frozen=True)
class BuiltObject:
    """Something that the report builds. ``bytes`` is None where it could not be built, or has no size of its own."""

    name: str
    predicted_bytes: int | None
    bytes: int | None
    seconds: float
    error: str | None = None


@dataclass(frozen=True)
class NotRun:
    """A statement that could not be run, and why."""

    fingerprint: str
    text: str
    reason: str


@dataclass(frozen=True)
class Verification:
    """The whole of it."""

    dbtune: str
    dialect: str
    database: str
    server_version: str
    statements: tuple[MeasuredStatement, ...]
    built: tuple[BuiltObject, ...]
    not_run: tuple[NotRun, ...] = ()

    @property
    def contradicted(self) -> tuple[MeasuredStatement, ...]:
        """Statements that are slower though the report calls their plans safe."""
        return tuple(one for one in self.statements if one.outcome == "slower" and one.level == "safe")
