"""A statement that waits for locks which other sessions hold.

While it waits it does nothing, and neither does whoever waits for it: a table seems frozen though the server is idle.
The cause is the session that holds the lock: a transaction left open while a program does something else, a large
UPDATE or DELETE, a change of the schema, two programs that count in the same row.

Postgres writes a line once a wait has lasted `deadlock_timeout` (a second), where `log_lock_waits` is on; up to
Postgres 18 it is off by default. MySQL's slow log has the lock time of each statement, for tables and rows together.

## Example

```sql
ALTER SYSTEM SET log_lock_waits = on;

SET LOCAL lock_timeout = '2s';   -- a change of the schema gives up instead of stopping everybody behind it
SELECT * FROM jobs WHERE done_at IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;   -- a queue does not queue up
```

## When not to follow it

The waits are those of one migration in a quiet hour.

Source: PostgreSQL manual, "Error Reporting and Logging", log_lock_waits, and "Explicit Locking"; MySQL manual, "The
Slow Query Log".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.digest import Digest, StatementDigest
from dbtune.model.units import human_ms, plural
from dbtune.rules.log_incidents import Troubles, by_statement
from dbtune.rules.log_rules import Found, log_rule, severity_of
from dbtune.rules.log_words import counted, percent, titled

LEAST_LOCK_MS = 1_000
"""Of one statement over the whole log; what Postgres writes a line for has lasted so long already."""

LEAST_LOCK_SHARE = 0.1
"""Of a statement's own time: below it, waiting is not what makes it slow."""


@log_rule("log.lock_wait", severity="medium")
def lock_wait(digest: Digest) -> Iterator[Found]:
    """Statements with waits that the log names, and those whose lock time is a part of their time."""
    waits = by_statement(incident for incident in digest.incidents if incident.kind == "lock_wait")
    for wait in waits:
        yield _from_waits(wait, digest.total_ms)
    named = {wait.fingerprint for wait in waits}
    for one in digest.statements:
        if one.fingerprint not in named and one.lock_ms is not None and one.lock_ms >= LEAST_LOCK_MS:
            own = one.lock_ms / one.total_ms if one.total_ms else 1.0
            if own >= LEAST_LOCK_SHARE:
                yield _from_lock_time(one, one.lock_ms, own, digest.total_ms)


def _from_waits(wait: Troubles, total_ms: float | None) -> Found:
    share = wait.total_amount / total_ms if total_ms else 0.0
    return Found(
        title=titled("Waits for locks", wait.statement),
        reason=(
            f"{counted(wait.count, 'wait', wait.first_seen, wait.last_seen)}, {human_ms(wait.total_amount)} together, "
            f"the longest {human_ms(wait.max_amount)}."
        ),
        advice=_ADVICE,
        fingerprints=wait.fingerprints,
        severity=severity_of(share),
        share=share,
        key=wait.key,
    )


def _from_lock_time(one: StatementDigest, lock_ms: float, own: float, total_ms: float | None) -> Found:
    share = lock_ms / total_ms if total_ms else 0.0
    return Found(
        title=titled("Waits for locks", one.text),
        reason=f"Lock time of {human_ms(lock_ms)} in {plural(one.calls, 'call')}: {percent(min(own, 1))} of its time.",
        advice=_ADVICE,
        fingerprints=(one.fingerprint,),
        severity=severity_of(share),
        share=share,
    )


_ADVICE = (
    "Find who holds the lock meanwhile, and make that transaction shorter: commit before doing anything slow, write in "
    "smaller batches, change the schema with a lock timeout."
)
