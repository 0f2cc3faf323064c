"""An index that nothing reads: no scan since the statistics' reset, and no plan of the workload.

Every write keeps it up to date, VACUUM cleans it, and it takes space, cache and backup. It is proposed only where the
counters are old enough to mean something (14 days), where it enforces nothing (not unique, no constraint, no replica
identity, not the index of CLUSTER), where no foreign key rests on it, and where the planner, asked for every
statement of the workload, does not choose it. The counters of all partitions are summed up.

With statistics too young or of unknown age it is only mentioned (severity info), without SQL to run: Postgres 15 and
later do not say when counting began unless `pg_stat_reset()` was called.

MySQL and MariaDB count from the server's start, in `performance_schema`. MariaDB's other counters (`userstat`) may
have been switched on or flushed at any time since, so an index is only mentioned by them. Before the drop the index can
be hidden (`INVISIBLE`, MariaDB: `IGNORED`): no plan uses it, it is still kept up to date, and one statement brings it
back.

## Example

```sql
SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'orders_note_idx';   -- 0, for a year

DROP INDEX CONCURRENTLY IF EXISTS public.orders_note_idx;

-- MySQL: first hidden, some days later dropped
ALTER TABLE `shop`.`orders` ALTER INDEX `orders_note` INVISIBLE, ALGORITHM=INPLACE, LOCK=NONE;
ALTER TABLE `shop`.`orders` DROP INDEX `orders_note`, ALGORITHM=INPLACE, LOCK=NONE;
```

## When not to follow it

Each server counts for itself: an index read only on a replica shows 0 on the primary. Jobs that run once a quarter or
a year may need it.

Source: PostgreSQL manual, "The Cumulative Statistics System", pg_stat_all_indexes; MySQL manual, "Table I/O and Lock
Wait Summary Tables", "The schema_unused_indexes View", "Invisible Indexes"; MariaDB, "Ignored Indexes".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from dbtune.model.mysql import MySQLServer
from dbtune.model.recommendation import Change, Severity
from dbtune.model.schema import Index, Table
from dbtune.model.units import human_count
from dbtune.rules.changes import drop
from dbtune.rules.context import Context
from dbtune.rules.dropping import (
    drop_evidence,
    harmless,
    must_stay,
    replicas_words,
    serves_nothing_else,
    subject_of,
    supports_foreign_key,
)
from dbtune.rules.finding import Finding
from dbtune.rules.mysql_tables import is_visible
from dbtune.rules.registry import rule
from dbtune.rules.wording import key_words, table_words, upkeep_words

SECONDS_A_DAY = 86_400.0


@rule(
    "index.unused",
    group="index",
    severity="low",
    dialects=("postgres", "mysql", "mariadb"),
    after=(
        "index.missing",
        "index.invalid",
        "query.collation-mismatch",
        "query.implicit-cast",
        "query.leading-wildcard",
        "index.duplicate",
        "index.redundant",
        "index.foreign-key",
    ),
)
def unused_index(ctx: Context) -> Iterator[Finding]:
    """Indexes without a scan that no plan reads."""
    for table in ctx.tables():
        for index in ctx.existing_indexes(table):
            if must_stay(index) or index.unique or ctx.scans(index) != 0:
                continue
            if ctx.index_bytes(index) < ctx.options.small_index_bytes or supports_foreign_key(table, index):
                continue
            if not is_visible(index) or not serves_nothing_else(ctx, table, index):
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
        title=f"Drop {index.full_name.name}: nothing reads it"
        if since.severity != "info"
        else f"{index.full_name.name} has not been read so far",
        reason=(
            f"{index.name} {key_words(index)} on {table_words(ctx, table)} {since.words}, and {planned}. "
            f"{upkeep_words(ctx, table, index)}."
        ),
        evidence=drop_evidence(ctx, table, index, comparison),
        change=drop(index, ctx.snapshot, ctx.ledger.tree) if since.severity != "info" else Change(),
        risk=replicas_words(ctx),
        severity=since.severity,
        drop=frozenset({index.full_name}) if since.severity != "info" else frozenset(),
    )


class _Since:
    """How long nothing has read the index, and how far that is to be trusted."""

    def __init__(self, words: str, severity: Severity) -> None:
        self.words, self.severity = words, severity


def _since(ctx: Context, table: Table) -> _Since | None:
    if ctx.snapshot.server.mysql is not None:
        return _since_start(ctx, ctx.snapshot.server.mysql)
    days = statistics_age_days(ctx.snapshot.server.statistics_reset, ctx.snapshot.collected_at)
    if days is not None:
        words = f"was not scanned once in the {days:,.0f} days since the statistics were reset"
        return _Since(words, "low" if days >= ctx.options.unused_days else "info")
    scans = _other_scans(ctx, table)
    if scans < ctx.options.unused_table_scans:
        return None
    words = f"was not scanned once, against {human_count(scans)} scans of the table by other ways"
    return _Since(f"{words}; when the statistics began is unknown", "info")


def _since_start(ctx: Context, server: MySQLServer) -> _Since:
    days = server.uptime_seconds / SECONDS_A_DAY
    words = f"was not used once in the {days:,.0f} days since the server's start"
    if server.index_counters == "userstat":
        return _Since(f"{words}, as far as userstat has counted: since when is unknown", "info")
    return _Since(words, "low" if days >= ctx.options.unused_days else "info")


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
