"""An UPDATE or DELETE in a migration that goes over many rows in one transaction.

Every row it writes stays locked until the end, and its old version stays in the table: other writers of these rows
wait, the table grows, and replicas fall behind. Together with an ALTER TABLE in the same transaction, that one's
lock lasts as long too.

Do it in batches of some thousand rows, each committed on its own, outside the migration that changes the schema.

## Example

```sql
UPDATE orders SET flag = true;

UPDATE orders SET flag = true WHERE id BETWEEN 1 AND 10000;
```

## When not to follow it

Nobody else writes these rows meanwhile.

Source: PostgreSQL manual, Explicit Locking, "Row-Level Locks"; Routine Vacuuming.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dbtune.model.recommendation import Evidence
from dbtune.model.snapshot import Dialect
from dbtune.rules.finding import Finding
from dbtune.rules.migration_context import MigrationContext
from dbtune.rules.migration_findings import about, finding, what
from dbtune.rules.migration_rules import ALL, migration_rule
from dbtune.rules.wording import rows_words

MANY_ROWS = 100_000

OLD_VERSIONS: Mapping[Dialect, str] = {
    "postgres": "the table grows by their old versions",
    "mysql": "replicas are behind for as long as it took",
    "mariadb": "replicas are behind for as long as it took",
}


@migration_rule("migration.rows-at-once", severity="medium", confidence="estimated", dialects=ALL)
def rows_at_once(ctx: MigrationContext) -> Iterator[Finding]:
    """One finding for each statement that the planner thinks writes so many rows of a table of some size."""
    for effects, ddl in ctx.steps():
        write = ctx.writes.get(effects.location) if ddl.verb in ("update", "delete", "with", "merge") else None
        if write is None or write.rows < MANY_ROWS or ctx.is_small(write.table):
            continue
        yield finding(
            effects,
            subject=about(write.table),
            title=f"{what(effects)} writes {rows_words(write.rows)} of {write.table} in one transaction",
            reason=f"The planner expects {rows_words(write.rows)} out of {ctx.table_words(write.table)}. All of them "
            f"stay locked until the end, and {OLD_VERSIONS[ctx.dialect]}. Write them in batches, each committed on its "
            "own.",
            evidence=Evidence("estimated", ctx.planner),
        )
