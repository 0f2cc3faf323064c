"""A statement of the workload that becomes dearer by a migration, though no index that it reads is dropped.

A change of a column's type that makes an index useless for a comparison, a view that is written anew, a table that
becomes partitioned. The statement was planned before the migration and after it. One that is planned as before, and
costs more only because the planner knows less of a column until the next ANALYZE, is no finding. Nor is one whose plan
takes an index that the migration makes: it does not have to, and is dearer by what is guessed of that index alone.

## Example

```sql
CREATE OR REPLACE VIEW paid AS SELECT id + 0 AS id, total FROM orders WHERE state = 'paid';
-- SELECT * FROM paid WHERE id = $1: the primary key is of no use any more
```

## When not to follow it

A following ANALYZE gives the planner back what it no longer knows of a column.

Source: PostgreSQL manual, Using EXPLAIN.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.names import QualifiedName
from dbtune.model.recommendation import Subject
from dbtune.model.units import plural
from dbtune.rules.finding import Finding
from dbtune.rules.migration_context import MigrationContext, StatementChange, named
from dbtune.rules.migration_findings import finding, how_bad, what
from dbtune.rules.migration_rules import ALL, migration_rule


@migration_rule("migration.slower", severity="medium", dialects=ALL)
def slower(ctx: MigrationContext) -> Iterator[Finding]:
    """Each slower statement under the first step that changes a table it uses."""
    names = (name for effects in ctx.effects for name in effects.dropped_indexes)
    dropped = [index for name in names if (index := ctx.index(name)) is not None]
    by_step: dict[int, list[StatementChange]] = {}
    for change in ctx.changes:
        if not change.is_worse or not change.is_planned_otherwise or any(map(change.reads, dropped)):
            continue
        if not _is_guess(ctx, change):
            by_step.setdefault(_culprit(ctx, change), []).append(change)
    for number, slower in sorted(by_step.items()):
        effects = ctx.effects[number]
        table = min(slower[0].planned.facts.tables, default=None)
        yield finding(
            effects,
            subject=Subject(table.schema, table.name) if table is not None else Subject("", ""),
            title=f"{what(effects)} makes {plural(len(slower), 'statement')} of the workload dearer",
            reason=f"Planned before the migration and after it: {named(slower)}.",
            evidence=ctx.proof(slower),
            severity=how_bad(ctx, slower),
        )


def _is_guess(ctx: MigrationContext, change: StatementChange) -> bool:
    """Whether the plan is dearer by what is guessed of a new index alone: an index more is a choice more for the
    planner, and costs a statement nothing that it does not have to take."""
    built = {name for effects in ctx.effects for name in effects.built}
    new = {index.name for index in ctx.after.indexes if index.full_name in built}
    columns = _columns_of(change)
    retyped = any(effects.retyped & columns for effects in ctx.effects)
    return change.after is not None and bool(change.after.indexes & new) and not retyped


def _columns_of(change: StatementChange) -> set[tuple[QualifiedName, str]]:
    return {(use.table, column) for use in change.planned.facts.uses for column in use.columns}


def _culprit(ctx: MigrationContext, change: StatementChange) -> int:
    tables = change.planned.facts.tables
    retyped = [number for number, effects in enumerate(ctx.effects) if effects.retyped & _columns_of(change)]
    strong = [number for number, effects in enumerate(ctx.effects) if effects.locked & tables]
    touching = [
        number for number, effects in enumerate(ctx.effects) if any(lock.table in tables for lock in effects.locks)
    ]
    applied = [number for number, effects in enumerate(ctx.effects) if effects.applied]
    return next(iter([*retyped, *strong, *touching, *applied]), 0)
