"""Statements that were cancelled before they were done: by a timeout, by the user, by a standby's replay.

All the work until then is lost, and whoever waited got an error. The reason tells what to do about it, and the server
writes it beside the statement.

## Example

```sql
SET statement_timeout = '30s';                     -- ERROR: canceling statement due to statement timeout
SET lock_timeout = '2s';                           -- ERROR: canceling statement due to lock timeout
SET SESSION max_execution_time = 30000;            -- MySQL: maximum statement execution time exceeded
ALTER SYSTEM SET max_standby_streaming_delay = '5min';   -- a standby waits longer before it cancels a query
```

## When not to follow it

A search whose user types on cancels the former one; a timeout of a migration is meant to strike, and the migration
tries again.

Source: PostgreSQL manual, "Client Connection Defaults", "Hot Standby", Handling Query Conflicts; MySQL manual,
"Server System Variables", max_execution_time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dbtune.model.digest import Digest, Incident
from dbtune.model.recommendation import Severity
from dbtune.rules.log_incidents import Troubles, by_statement
from dbtune.rules.log_rules import Found, log_rule
from dbtune.rules.log_words import counted, titled

OFTEN = 10
"""Cancellations of one statement for one reason, from which on they are one step more severe."""


@dataclass(frozen=True)
class Reason:
    """Why a server cancels: the words that it says so with, our own, what to do, and how bad it is."""

    mark: str
    words: str
    advice: str
    severity: Severity


_SLOW = "Make the statement faster, or give it alone a longer timeout where it has to run so long."
_LOCKED = "Find the transaction that holds the lock so long, and shorten it; try again where the statement can wait."
_IDLE = "Let the program commit or roll back before it does anything else: an open transaction holds locks and rows."

REASONS = (
    Reason("statement timeout", "the statement timeout", _SLOW, "medium"),
    Reason("lock timeout", "the lock timeout", _LOCKED, "medium"),
    Reason("lock wait timeout", "the lock timeout", _LOCKED, "medium"),
    Reason("idle-in-transaction timeout", "the idle-in-transaction timeout", _IDLE, "medium"),
    Reason("transaction timeout", "the transaction timeout", _SLOW, "medium"),
    Reason("max_statement_time", "the statement timeout", _SLOW, "medium"),
    Reason("maximum statement execution time", "the statement timeout", _SLOW, "medium"),
    Reason(
        "conflict with recovery",
        "a conflict with the replay on a standby",
        "Run it on the primary, or set hot_standby_feedback or a longer max_standby_streaming_delay on the standby.",
        "medium",
    ),
    Reason(
        "autovacuum",
        "another session that needed its lock",
        "Find what locks the table again and again (DDL, LOCK TABLE): autovacuum gives way and never finishes.",
        "low",
    ),
    Reason(
        "user request",
        "a request of the user or the program",
        "See whether a timeout of the driver or of a proxy cancels it; then it is too slow for whoever waits for it.",
        "low",
    ),
    Reason(
        "killed",
        "a KILL",
        "See who kills it, a person, a watchdog or a proxy: it was too slow for them.",
        "low",
    ),
)
OTHER = Reason("", "the server", "Look at the log for what the server says about it.", "low")


@log_rule("log.cancelled", severity="medium")
def cancelled(digest: Digest) -> Iterator[Found]:
    """Statements that were cancelled, once for each reason."""
    incidents = (incident for incident in digest.incidents if incident.kind == "cancelled")
    for one in by_statement(incidents, lambda incident: _reason(incident).words):
        yield _found(one, next((reason for reason in REASONS if reason.words == one.reason), OTHER))


def _reason(incident: Incident) -> Reason:
    said = f"{incident.detail} {incident.text if incident.fingerprint is None else ''}".lower()
    said = re.sub(r"\s*-\s*", "-", said)  # a detail is normalised as SQL is, which sets the hyphens apart
    return next((reason for reason in REASONS if reason.mark in said), OTHER)


def _found(one: Troubles, reason: Reason) -> Found:
    return Found(
        title=titled(f"Cancelled by {reason.words}", one.statement),
        reason=f"{counted(one.count, 'cancellation', one.first_seen, one.last_seen)}.",
        advice=reason.advice,
        fingerprints=one.fingerprints,
        severity=_severity(one, reason),
        key=one.key,
    )


def _severity(one: Troubles, reason: Reason) -> Severity:
    if one.count < OFTEN:
        return reason.severity
    return "high" if reason.severity == "medium" else "medium"
