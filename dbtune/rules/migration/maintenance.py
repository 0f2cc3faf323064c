"""Maintenance that locks a table for as long as it takes: VACUUM FULL, CLUSTER, REINDEX, REFRESH MATERIALIZED VIEW.

VACUUM FULL and CLUSTER write the table anew under ACCESS EXCLUSIVE: reads and writes wait. `pg_repack` does the same
without. REINDEX without CONCURRENTLY stops writes, and reads that would use the index; REFRESH without CONCURRENTLY
stops reads of the view (CONCURRENTLY needs a unique index on it).

## Example

```sql
REINDEX TABLE orders;

REINDEX TABLE CONCURRENTLY orders;
```

## When not to follow it

It runs in a window in which nobody needs the table.

Source: PostgreSQL manual, Explicit Locking; REINDEX; REFRESH MATERIALIZED VIEW.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.names import QualifiedName
from dbtune.model.recommendation import Change
from dbtune.rules.finding import Finding
from dbtune.rules.migration_context import MigrationContext
from dbtune.rules.migration_findings import about, by_size, finding, waiting_words, what
from dbtune.rules.migration_rules import migration_rule
from dbtune.sql.ddl_form import Ddl


@migration_rule("migration.maintenance", severity="medium", confidence="heuristic")
def maintenance(ctx: MigrationContext) -> Iterator[Finding]:
    """One finding for each such statement on a table of some size."""
    for effects, ddl in ctx.steps():
        if not _blocks(ddl) or not effects.locks:
            continue
        table = effects.locks[0].table
        if ctx.is_small(table):
            continue
        who = "writes" if ddl.verb == "reindex" else "reads and writes" if ddl.verb != "refresh" else "reads"
        concurrently = _concurrently(ctx, ddl, table)
        yield finding(
            effects,
            severity=by_size(ctx, table),
            subject=about(table),
            title=f"{what(effects)} locks {table} for as long as it takes",
            reason=f"It goes over {ctx.table_words(table)}; {waiting_words(ctx, table, who)}. "
            + _way(ddl, concurrently),
            evidence=ctx.known(),
            change=Change(up=(concurrently,)) if concurrently else Change(),
        )


def _blocks(ddl: Ddl) -> bool:
    if ddl.verb == "vacuum":
        return ddl.full
    return ddl.verb in ("cluster", "reindex", "refresh") and not ddl.concurrently


def _way(ddl: Ddl, concurrently: str) -> str:
    if concurrently:
        return "CONCURRENTLY lets them pass."
    if ddl.verb == "refresh":
        return "CONCURRENTLY lets them pass, and needs a unique index on the view."
    return "pg_repack does the same without stopping anybody."


def _concurrently(ctx: MigrationContext, ddl: Ddl, name: QualifiedName) -> str:
    """The statement with CONCURRENTLY; empty where it cannot be had."""
    if ddl.verb not in ("reindex", "refresh"):
        return ""
    table = ctx.before.table(name)
    if ddl.verb == "refresh" and not any(one.unique and one.is_plain for one in (table.indexes if table else ())):
        return ""
    word = "view" if ddl.verb == "refresh" else ddl.object
    at = ddl.end_of_word(word)
    return "" if at is None else f"{ddl.text[:at]} CONCURRENTLY{ddl.text[at:]}"
