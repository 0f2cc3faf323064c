"""A statement of the workload that cannot run any more once the migration has.

Its table or column is dropped or renamed, or is of another type. Every call fails from the moment at which the
migration commits until the last instance of the application runs code that no longer needs it. The statement was
planned on the schema as it will be, and the server refused it; its reason is given.

Do it in two deployments: first the code that no longer uses the column, then the migration. A rename is safest as a
new column that both versions write, filled in batches, or as a view with the old name.

## Example

```sql
ALTER TABLE customers DROP COLUMN note;
-- breaks: SELECT id, note FROM customers WHERE id = $1
```

## When not to follow it

The statement is that of an old version which no longer runs: the statistics of the snapshot count from before.

Source: PostgreSQL manual, ALTER TABLE.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbtune.model.migration import Effects
from dbtune.model.names import QualifiedName
from dbtune.model.recommendation import Subject
from dbtune.model.units import plural
from dbtune.rules.finding import Finding
from dbtune.rules.migration_context import MigrationContext, StatementChange, named
from dbtune.rules.migration_findings import finding, what
from dbtune.rules.migration_rules import ALL, migration_rule
from dbtune.sql.ddl import unquoted
from dbtune.sql.lexing import tokens


@migration_rule("migration.breaks", severity="high", dialects=ALL)
def breaks(ctx: MigrationContext) -> Iterator[Finding]:
    """Each broken statement under the step that takes away what it needs."""
    by_step: dict[int, list[StatementChange]] = {}
    for change in ctx.changes:
        if change.is_broken:
            by_step.setdefault(_culprit(ctx, change), []).append(change)
    for number, broken in sorted(by_step.items()):
        effects = ctx.effects[number]
        table = _table(effects, broken[0])
        yield finding(
            effects,
            subject=Subject(table.schema, table.name) if table is not None else Subject("", ""),
            title=f"{what(effects)} breaks {plural(len(broken), 'statement')} of the workload",
            reason=f"Once it has run, the server refuses {named(broken)}: {broken[0].failure}. Deploy the code that no "
            "longer needs it first, and run this afterwards.",
            evidence=ctx.proof(broken),
        )


def _culprit(ctx: MigrationContext, change: StatementChange) -> int:
    """The first step that takes away what the statement uses; else the first that locks a table of its."""
    tables = change.planned.facts.tables
    statement = change.planned.statement
    words = {unquoted(token) for token in tokens((*statement.samples, statement.text)[0], ctx.dialect)}
    for number, effects in enumerate(ctx.effects):
        if any(view.name in words for view in effects.lost_views):
            return number
    said = {unquoted(token) for token in tokens(change.failure)} | set(re.findall(r"[\w$]+", change.failure))
    for number, effects in enumerate(ctx.effects):
        if any(table in tables and column in said for table, column in effects.lost_columns):
            return number
    columns = {(use.table, column) for use in change.planned.facts.uses for column in use.columns}
    columns |= {(write.table, column) for write in change.planned.facts.writes for column in write.columns}
    for number, effects in enumerate(ctx.effects):
        if effects.lost_tables & tables or effects.lost_columns & columns:
            return number
    for number, effects in enumerate(ctx.effects):
        if effects.retyped & columns:
            return number
    for number, effects in enumerate(ctx.effects):
        if any(table in tables for table, _ in effects.lost_columns):
            return number
    for number, effects in enumerate(ctx.effects):
        if effects.locked & tables:
            return number
    changing = (number for number, effects in enumerate(ctx.effects) if effects.applied)
    return next(changing, 0)


def _table(effects: Effects, change: StatementChange) -> QualifiedName | None:
    tables = change.planned.facts.tables
    lost = {*effects.lost_tables, *(table for table, _ in (*effects.lost_columns, *effects.retyped))}
    return min(lost & tables or tables or lost, default=None)
