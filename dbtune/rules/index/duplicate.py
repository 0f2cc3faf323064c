"""Two indexes that hold exactly the same.

The second one answers no question that the first does not answer, but every INSERT, every UPDATE that is not
heap-only, VACUUM and the cache pay for both. Of a group the one stays that a constraint, replication or CLUSTER
depends on, else the one that is read most; the workload is planned without the others, and nothing is said where a
statement would become dearer. Uniqueness counts as a difference only for the unique one: a plain index that repeats a
unique one is its duplicate.

## Example

```sql
CREATE UNIQUE INDEX users_email_key ON users (email);
CREATE INDEX users_email_idx ON users (email);         -- holds the same rows in the same order

DROP INDEX CONCURRENTLY IF EXISTS public.users_email_idx;

ALTER TABLE `shop`.`users` DROP INDEX `users_email_idx`, ALGORITHM=INPLACE, LOCK=NONE;   -- MySQL, MariaDB
```

## When not to follow it

A hint (pg_hint_plan) or a monitoring script may name the index. Otherwise there is no reason to keep both. On MySQL and
MariaDB an index that a statement of the workload names in a hint is left alone: the statement would fail without it.

Source: PostgreSQL wiki, "Index Maintenance", Duplicate Indexes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from dbtune.model.schema import Index, Table
from dbtune.rules.changes import drop
from dbtune.rules.context import Context
from dbtune.rules.dropping import (
    drop_evidence,
    harmless,
    is_referenced,
    must_stay,
    serves_nothing_else,
    subject_of,
)
from dbtune.rules.finding import Finding
from dbtune.rules.mysql_tables import index_facts, is_visible
from dbtune.rules.registry import rule
from dbtune.rules.wording import key_words, scans_words, table_words, upkeep_words


@rule(
    "index.duplicate",
    group="index",
    severity="medium",
    dialects=("postgres", "mysql", "mariadb"),
    after=("index.missing", "index.invalid", "query.collation-mismatch", "query.implicit-cast"),
)
def duplicate_index(ctx: Context) -> Iterator[Finding]:
    """Of indexes that hold the same, all but one."""
    for table in ctx.tables():
        if ctx.is_small(table):
            continue
        for group in _same(ctx.existing_indexes(table)):
            kept = min(group, key=lambda index: _keeping_order(ctx, index))
            for index in group:
                if index is kept or must_stay(index) or _is_needed_unique(ctx, table, index, kept):
                    continue
                if serves_nothing_else(ctx, table, index) and (is_visible(kept) or not is_visible(index)):
                    yield from _finding(ctx, table, index, kept)


def _same(indexes: tuple[Index, ...]) -> Iterator[list[Index]]:
    groups: dict[tuple[object, ...], list[Index]] = defaultdict(list)
    for index in indexes:
        parser = index_facts(index).parser
        shape = (index.method, index.keys, frozenset(index.include), index.exclusion, index.predicate, parser)
        groups[shape].append(index)
    yield from (group for group in groups.values() if len(group) > 1)


def _keeping_order(ctx: Context, index: Index) -> tuple[bool, bool, bool, bool, int, str]:
    """The first is kept."""
    assert index.facts is not None
    reads = ctx.scans(index) or 0
    return (not must_stay(index), not index.primary, not index.unique, not is_visible(index), -reads, index.name)


def _is_needed_unique(ctx: Context, table: Table, index: Index, kept: Index) -> bool:
    """A unique index that enforces what the kept one does not, or that a foreign key may rest on."""
    if not index.unique:
        return False
    stricter = not kept.unique or (index.nulls_not_distinct and not kept.nulls_not_distinct)
    return stricter or is_referenced(ctx, table, index)


def _finding(ctx: Context, table: Table, index: Index, kept: Index) -> Iterator[Finding]:
    comparison = ctx.ledger.without(index)
    # where the planner cannot be asked, that both hold the same is known without it
    if not comparison.failed and not harmless(ctx, comparison):
        return
    same = "the same rows in the same order as" if index.method == "btree" else "the same as"
    why = "which backs a constraint" if kept.facts is not None and kept.facts.constraint else "which stays"
    yield Finding(
        subject=subject_of(index),
        title=f"Drop {index.full_name.name}: it duplicates {kept.name} on {table.name}",
        reason=(
            f"{index.name} {key_words(index)} on {table_words(ctx, table)} holds {same} {kept.name}, {why}. "
            f"{upkeep_words(ctx, table, index)}, and the workload is as cheap without it."
        ),
        evidence=drop_evidence(ctx, table, index, comparison),
        change=drop(index, ctx.snapshot, ctx.ledger.tree),
        risk=f"None for plans: {kept.name} ({scans_words(ctx.scans(kept))}) serves all that {index.name} "
        f"({scans_words(ctx.scans(index))}) did. A hint that names it would fail.",
        severity="medium" if ctx.rows(table) else "low",
        drop=frozenset({index.full_name}),
    )
