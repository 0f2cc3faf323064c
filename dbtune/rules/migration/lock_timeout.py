"""A lock that stops others is asked for without a limit on the time to wait for it.

ALTER TABLE and its like need a strong lock, if only for a moment. Behind one long transaction they wait, and
everybody who wants the table waits behind them: a report that runs for ten minutes becomes ten minutes in which
nothing works. A short `lock_timeout` (2 s) and another try later keep that from happening.

Said once a file, and only where the table is of some size or the workload uses it. Statements that CREATE or DROP an
index CONCURRENTLY need no short limit: there `lock_timeout` would end the build for any other open transaction.

## Example

```sql
SET lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN note text;
```

## When not to follow it

The limit is set elsewhere: for the role, in the connection of the tool that runs the migrations.

Source: PostgreSQL manual, `lock_timeout`; Explicit Locking.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.migration import BLOCKS_WRITES
from dbtune.model.recommendation import Change
from dbtune.rules.finding import Finding
from dbtune.rules.migration_context import MigrationContext
from dbtune.rules.migration_findings import about, finding, timeouts, what
from dbtune.rules.migration_rules import migration_rule

LIMIT = "SET lock_timeout = '2s'"


@migration_rule("migration.lock-timeout", severity="low")
def lock_timeout(ctx: MigrationContext) -> Iterator[Finding]:
    """One finding a file: the first statement that takes such a lock."""
    told: set[str] = set()
    for number, (effects, ddl) in enumerate(ctx.steps()):
        file = effects.location.file
        if ddl.object == "index" or ddl.verb in (
            "reindex",
            "vacuum",
            "cluster",
            "refresh",
        ):  # there is better advice for these
            continue
        strong = [
            lock
            for lock in effects.locks
            if lock.mode in BLOCKS_WRITES and (ctx.calls(lock.table) or not ctx.is_small(lock.table))
        ]
        if not strong or file in told or timeouts(ctx, number):
            continue
        told.add(file)
        lock = max(strong, key=lambda one: (BLOCKS_WRITES.index(one.mode), ctx.bytes(one.table)))
        traffic = ctx.traffic_words(lock.table)
        yield finding(
            effects,
            subject=about(lock.table),
            title=f"{what(effects)} may wait for its lock on {lock.table} without limit",
            reason=f"It asks for {lock.mode} on {ctx.table_words(lock.table)}. While it waits behind a long "
            f"transaction, all others wait behind it{'; ' + traffic if traffic else ''}. With a short lock_timeout it "
            "gives up instead, and can be tried again.",
            evidence=ctx.seen(),
            change=Change(up=(LIMIT,)),
        )
