"""What all forms of a digest say in the same words."""

from __future__ import annotations

from datetime import UTC, datetime

from dbtune.model.digest import Digest, Incident, IncidentKind, LogSource
from dbtune.model.units import plural
from dbtune.report.text import human_bytes, human_count, human_ms

_INCIDENTS: dict[IncidentKind, tuple[str, str]] = {
    "lock_wait": ("wait for a lock", "waits for locks"),
    "deadlock": ("deadlock", "deadlocks"),
    "temporary_file": ("temporary file", "temporary files"),
    "cancelled": ("cancelled statement", "cancelled statements"),
}


def incidents(one: Incident) -> str:
    """How many of which kind."""
    return f"{one.count:,} {_INCIDENTS[one.kind][one.count != 1]}"


def moment(seconds: float | None) -> str:
    """A time of day for people: ``2024-05-01 10:00:00``, as UTC."""
    return "?" if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}"


def iso(seconds: float | None) -> str:
    """A time of day for programs: ISO 8601 with its zone; empty where it is not known."""
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


def span(digest: Digest) -> str:
    """From when to when, and how long."""
    if not digest.calls:
        return "nothing that counts"
    if digest.first_seen is None or digest.last_seen is None:
        return "no times in the log"
    first, last = moment(digest.first_seen), moment(digest.last_seen)
    if first[:10] == last[:10]:
        last = last[11:]
    return f"{first} to {last} ({human_ms((digest.last_seen - digest.first_seen) * 1000)})"


def source(one: LogSource) -> str:
    """A log, what it is, and how much of it was read."""
    around = f" in {one.wrapper}" if one.wrapper else ""
    packed = f", {one.compression}" if one.compression else ""
    return f"{one.name}: {one.format}{around}{packed}, {human_bytes(one.bytes)}, {plural(one.events, 'event')}"


def totals(digest: Digest) -> str:
    """Calls, statements, time and errors in one line."""
    parts = [plural(digest.calls, "call"), plural(len(digest.statements), "statement")]
    if digest.total_ms is not None:
        parts.append(f"{human_ms(digest.total_ms)} in all")
    if digest.errors:
        parts.append(plural(digest.errors, "error"))
    return ", ".join(parts)


def amount(incident: Incident) -> str:
    """How much an incident took, where that can be said."""
    if incident.kind == "lock_wait":
        return f"{human_ms(incident.total_amount)} in all, up to {human_ms(incident.max_amount)}"
    if incident.kind == "temporary_file":
        return f"{human_bytes(incident.total_amount)} in all, up to {human_bytes(incident.max_amount)}"
    return ""


def others(digest: Digest) -> str:
    """The statements that are not told apart, or nothing."""
    if not digest.others.calls:
        return ""
    time = f", {human_ms(digest.others.total_ms)}" if digest.total_ms is not None else ""
    return f"and statements too many to tell apart: {human_count(digest.others.calls)} calls{time}"


def skipped(digest: Digest) -> list[str]:
    """What was not read, and why; one line each."""
    lines = [
        f"{one.name}: {part.reason} ({'once' if part.count == 1 else f'{part.count:,} times'})"
        for one in digest.sources
        for part in one.skipped
    ]
    return lines + [f"{limit.what}: {limit.why}" for limit in digest.limits]
