"""Digests for tests: what matters is named, the rest is that of a quiet log of one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dbtune.model.digest import Bursts, Digest, Incident, StatementDigest, TimelineSlot
from dbtune.sql.fingerprint import fingerprint

START = 1_795_500_000.0
"""2026-11-24 06:00 UTC."""

SLOT = 60.0

QUIET = StatementDigest(
    fingerprint="",
    text="SELECT * FROM orders WHERE id = $1",
    calls=100.0,
    share=0.0,
    total_ms=100.0,
    mean_ms=1.0,
    p50_ms=1.0,
    p95_ms=1.0,
    p99_ms=1.0,
    max_ms=1.0,
    lock_ms=None,
    rows_sent=None,
    rows_examined=None,
    rows_affected=None,
    bytes_sent=None,
    temporary_bytes=None,
    errors=0.0,
    first_seen=START,
    last_seen=START + 3600,
)

INCIDENT = Incident("deadlock", None, "", 1, 0.0, 0.0, START, START)


def statement(fields: Mapping[str, Any]) -> StatementDigest:
    """``bursts`` are fields of Bursts, ``timeline`` pairs of calls and mean ms, a slot each; None: no call."""
    given = dict(fields)
    if "bursts" in given:
        given["bursts"] = Bursts(**{"session": "4711", "start": START, "total_ms": 0.0, **given["bursts"]})
    if "timeline" in given:
        given["timeline"] = slots(given["timeline"])
        given["calls"] = sum(slot.calls for slot in given["timeline"])
        given["total_ms"] = sum(slot.total_ms for slot in given["timeline"])
    whole = {**_fields(QUIET), **given}
    if whole["total_ms"] is not None and "mean_ms" not in given:
        whole["mean_ms"] = whole["total_ms"] / whole["calls"]
    whole["fingerprint"] = fingerprint(whole["text"])
    return StatementDigest(**whole)


def slots(pairs: Sequence[tuple[float, float] | None]) -> tuple[TimelineSlot, ...]:
    return tuple(
        TimelineSlot(START + SLOT * number, float(pair[0]), float(pair[0]) * pair[1], 0.0)
        for number, pair in enumerate(pairs)
        if pair is not None
    )


def incident(fields: Mapping[str, Any]) -> Incident:
    """``text`` is the statement's where ``statement`` is not false."""
    given = dict(fields)
    named = given.pop("statement", True)
    whole = {**_fields(INCIDENT), **given}
    if named and whole["text"]:
        whole["fingerprint"] = fingerprint(whole["text"])
    return Incident(**whole)


def digest(fields: Mapping[str, Any]) -> Digest:
    """``statements`` and ``incidents`` are fields; totals are their sums unless given."""
    given = dict(fields)
    statements = [statement(one) for one in given.pop("statements", [])]
    total_ms = given.pop("total_ms", sum(one.total_ms or 0.0 for one in statements))
    calls = given.pop("calls", sum(one.calls for one in statements))
    shared = tuple(
        replace(one, share=(one.total_ms or 0.0) / total_ms if total_ms else one.calls / calls) for one in statements
    )
    return Digest(
        dialect=given.pop("dialect", "postgres"),
        sources=(),
        calls=calls,
        total_ms=total_ms,
        errors=sum(one.errors for one in statements),
        first_seen=START,
        last_seen=START + 3600,
        slot_seconds=SLOT,
        timeline=(),
        statements=shared,
        incidents=tuple(incident(one) for one in given.pop("incidents", [])),
        **given,
    )


def _fields(noun: StatementDigest | Incident) -> dict[str, Any]:
    return {name: getattr(noun, name) for name in noun.__dataclass_fields__}
