"""A statement that fails again and again.

Each failure is a round through the server for nothing, undoes what its transaction had done, and is perhaps an error
that a user sees. Many are not noticed, because the program catches them: a table or column that a release took away,
a duplicate key where an upsert was meant, a value that is too long.

The share is of the calls that the log holds: where it leaves fast statements out, only the failures of a statement
may be in it. Calls that were cancelled, or aborted by a deadlock, are not counted here.

## Example

```sql
INSERT INTO visits (day, page, n) VALUES ('2026-11-24', '/', 1);   -- duplicate key, then an UPDATE

INSERT INTO visits (day, page, n) VALUES ('2026-11-24', '/', 1)
    ON CONFLICT (day, page) DO UPDATE SET n = visits.n + 1;        -- MySQL: ON DUPLICATE KEY UPDATE
```

## When not to follow it

A program that tries to insert and takes a duplicate key for an answer, and a serializable transaction that is
repeated, fail by design.

Source: PostgreSQL manual, "Error Reporting and Logging", log_min_error_statement, and "PostgreSQL Error Codes".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from dbtune.model.digest import Digest, StatementDigest
from dbtune.model.recommendation import Severity
from dbtune.model.units import human_count, plural
from dbtune.rules.log_rules import Found, log_rule
from dbtune.rules.log_words import percent, titled

LEAST_ERRORS = 10
"""Fewer are somebody's typing, or a deployment."""

LEAST_SHARE = 0.05
"""Of the statement's calls."""

OFTEN = 0.01
"""Of all calls in the logs."""


@log_rule("log.errors", severity="low")
def errors(digest: Digest) -> Iterator[Found]:
    """Statements by the share of their calls that failed, without those that log.cancelled and log.deadlock tell of."""
    aborted: Counter[str | None] = Counter()
    for incident in digest.incidents:
        if incident.kind in ("cancelled", "deadlock"):
            aborted[incident.fingerprint] += incident.count
    for one in digest.statements:
        own = one.errors - aborted[one.fingerprint]
        if own >= LEAST_ERRORS and own >= LEAST_SHARE * one.calls:
            yield _found(one, own, digest)


def _found(one: StatementDigest, own: float, digest: Digest) -> Found:
    return Found(
        title=titled("Fails often", one.text),
        reason=_reason(one, own),
        advice="Look up its message in the log; to catch the error in the program spares neither call nor rollback.",
        fingerprints=(one.fingerprint,),
        severity=_severity(own, digest),
        share=one.share,
    )


def _reason(one: StatementDigest, own: float) -> str:
    if own >= one.calls:
        return f"All {human_count(own)} of its calls in the logs failed (calls that succeed may not be logged)."
    return f"{human_count(own)} of {plural(one.calls, 'call')} failed, {percent(own / one.calls)}."


def _severity(own: float, digest: Digest) -> Severity:
    return "medium" if own >= OFTEN * digest.calls else "low"
