"""An index that nothing reads: no scan since the statistics' reset, and no plan of the workload.

Every write keeps it up to date, VACUUM cleans it, and it takes space, cache and backup. It is proposed only where the
counters are old enough to mean something (14 days), where it enforces nothing (not unique, no constraint, no replica
identity, not the index of CLUSTER), where no foreign key rests on it, and where the planner, asked for every
statement of the workload, does not choose it. The counters of all partitions are summed up.

With statistics too young or of unknown age it is only mentioned (severity info), without SQL to run: Postgres 15 and
later do not say when counting began unless `pg_stat_reset()` was called.

## Example

```sql
SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'orders_note_idx';   -- 0, for a year

DROP INDEX CONCURRENTLY IF EXISTS public.orders_note_idx;
```

## When not to follow it

Each server counts for itself: an index read only on a replica shows 0 on the primary. Jobs that run once a quarter or
a year may need it.

Source: PostgreSQL manual, "The Cumulative Statistics System", pg_stat_all_indexes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from dbtune.model.recommendation import Change, Severity
from dbtune.model.schema import Index, Table
from dbtune.model.units import human_count
from dbtune.rules.changes import drop
from dbtune.rules.context import Context
from dbtune.rules.dropping import (
    REPLICAS,
    drop_evidence,
    harmless,
    must_stay,
    subject_of,
    supports_foreign_key,
)
from dbtune.rules.finding import Finding
from dbtune.rules.registry import rule
from dbtune.rules.wording import key_words, table_words, upkeep_words

SECONDS_A_DAY = 86_400.0


@rule(
    "index.unused",
    group="index",
    severity="low",
    after=("index.missing", "index.invalid", "index.duplicate", "index.redundant", "index.foreign-key"),
)
def unused_index(ctx: Context) -> Iterator[Finding]:
    """Indexes without a scan that no plan reads."""
    for table in ctx.tables():
        for index in ctx.existing_indexes(table):
            if must_stay(index) or index.unique or ctx.scans(index) != 0:
                continue
            if ctx.index_bytes(index) < ctx.options.small_index_bytes or supports_foreign_key(table, index):
                continue
            if not ctx.ledger.readers(index):
                yield from _finding(ctx, table, index)


def _finding(ctx: Context, table: Table, index: Index) -> Iterator[Finding]:
    comparison = ctx.ledger.without(index)
    if not harmless(ctx, comparison):
        return
    since = _since(ctx, table)
    if since is None:
        return
    planned = (
        f"none of the {len(ctx.statements)} planned statements of the workload reads it"
        if ctx.statements
        else "there is no workload to plan"
    )
    yield Finding(
        subject=subject_of(index),
        title=f"Drop {index.name}: nothing reads it"
        if since.severity != "info"
        else f"{index.name} has not been read so far",
        reason=(
            f"{index.name} {key_words(index)} on {table_words(ctx, table)} {since.words}, and {planned}. "
            f"{upkeep_words(ctx, table, index)}."
        ),
        evidence=drop_evidence(ctx, table, index, comparison),
        change=drop(index, ctx.snapshot, ctx.ledger.tree) if since.severity != "info" else Change(),
        risk=REPLICAS,
        severity=since.severity,
        drop=frozenset({index.qualified_name}) if since.severity != "info" else frozenset(),
    )


class _Since:
    """How long nothing has read the index, and how far that is to be trusted."""

    def __init__(self, words: str, severity: Severity) -> None:
        self.words, self.severity = words, severity


def _since(ctx: Context, table: Table) -> _Since | None:
    days = statistics_age_days(ctx.snapshot.server.statistics_reset, ctx.snapshot.collected_at)
    if days is not None:
        words = f"was not scanned once in the {days:,.0f} days since the statistics were reset"
        return _Since(words, "low" if days >= ctx.options.unused_days else "info")
    scans = _other_scans(ctx, table)
    if scans < ctx.options.unused_table_scans:
        return None
    words = f"was not scanned once, against {human_count(scans)} scans of the table by other ways"
    return _Since(f"{words}; when the statistics began is unknown", "info")


def statistics_age_days(reset: str | None, now: str) -> float | None:
    """Days from the statistics' reset to the snapshot; None where either is unknown."""
    if reset is None:
        return None
    try:
        age = (datetime.fromisoformat(now) - datetime.fromisoformat(reset)).total_seconds()
    except (ValueError, TypeError):
        return None
    return max(age, 0.0) / SECONDS_A_DAY


def _other_scans(ctx: Context, table: Table) -> int:
    """Scans of the table and its partitions by any way, each counted once a scan node."""
    own = 0
    if table.activity is not None:
        own = table.activity.sequential_scans + (table.activity.index_scans or 0)
    return own + sum(_other_scans(ctx, child) for child in ctx.snapshot.children(table.name))
