"""A table or a column is renamed, and no workload says whether it is used.

While a new version of the application is rolled out, the old one still runs, and asks for the old name. Where there
is a workload, its statements say what breaks (`migration.breaks`) and this rule is silent.

Add a column of the new name that both versions write and fill it in batches, or rename the table and make a view of
the old name in the same transaction; the view can be read and written.

## Example

```sql
ALTER TABLE customers RENAME TO clients;

BEGIN;
ALTER TABLE customers RENAME TO clients;
CREATE VIEW customers AS SELECT * FROM clients;
COMMIT;
```

## When not to follow it

Nothing else runs while the migration does, or nothing uses the name.

Source: PostgreSQL manual, ALTER TABLE; CREATE VIEW, "Updatable Views".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.recommendation import Change
from dbtune.rules.finding import Finding
from dbtune.rules.migration_context import MigrationContext
from dbtune.rules.migration_findings import about, finding, what
from dbtune.rules.migration_rules import ALL, migration_rule


@migration_rule("migration.renames", severity="medium", confidence="heuristic", dialects=ALL)
def renames(ctx: MigrationContext) -> Iterator[Finding]:
    """One finding for each renamed table or column, where nothing is known of who uses it."""
    if ctx.changes:
        return
    for effects, ddl in ctx.steps():
        kinds = {action.kind for action in ddl.actions} & {"rename table", "rename column"}
        lost = {*effects.lost_tables, *(table for table, _ in effects.lost_columns)}
        table = min(lost, default=None)
        if not kinds or table is None or (ctx.rows(table) == 0 and not ctx.bytes(table)):
            continue
        thing = f"table {table}" if "rename table" in kinds else f"a column of {table}"
        yield finding(
            effects,
            subject=about(table),
            title=f"{what(effects)} renames {thing}",
            reason=f"Whatever still asks for the old name fails from this moment on. There is no workload that says "
            f"who uses {ctx.table_words(table)}: give one (--workload, --log) to know.",
            evidence=ctx.known(),
            change=Change(),
        )
