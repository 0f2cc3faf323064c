"""A new index that another one makes needless, or that makes another one needless.

A B-tree answers all that one on its first columns answers. Two of them cost writes, memory and disk twice. Where the
new one is the longer, the older one can go (another migration, after a look at who reads it).

Nothing is said of an index that is unique, since it holds rows to something, nor of one by which a statement of the
workload becomes cheaper than without it.

## Example

```sql
CREATE INDEX state ON orders (state);
-- there is KEY state_created (state, created)
```

## When not to follow it

The narrower index is read very often, and the wider one is many times its size.

Source: MySQL Reference Manual, "Multiple-Column Indexes".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.migration import Effects
from dbtune.model.recommendation import Evidence
from dbtune.model.schema import Index, Table
from dbtune.rules.finding import Finding
from dbtune.rules.migration_context import MigrationContext, StatementChange, index_of
from dbtune.rules.migration_findings import about, finding
from dbtune.rules.migration_rules import MYSQL, migration_rule
from dbtune.rules.mysql_redundancy import begins_with

CHEAPER = 0.95
"""Of its cost: a statement to which the new index matters."""


@migration_rule("migration.redundant-index", severity="medium", confidence="estimated", dialects=MYSQL)
def redundant_index(ctx: MigrationContext) -> Iterator[Finding]:
    """One finding for each new index on a table that was there before, beside one that begins with its columns, or with
    whose columns it begins."""
    for effects in ctx.effects:
        for name in effects.built:
            index = index_of(ctx.after, name)
            table = None if index is None else ctx.after.table(index.table)
            if table is None or index is None or index.primary or ctx.before.table(table.name) is None:
                continue
            yield from _redundant(ctx, effects, table, index)


def _redundant(ctx: MigrationContext, effects: Effects, table: Table, index: Index) -> Iterator[Finding]:
    others = [one for one in table.indexes if one.name != index.name]
    wider = next((one for one in others if begins_with(one, index) or _is_same(one, index)), None)
    if wider is not None and not index.unique:
        if any(_needs(change, index) for change in ctx.changes):
            return
        yield finding(
            effects,
            subject=about(table.name, index.columns, index.name),
            title=f"the new index {index.name} on {table.name} is redundant",
            reason=f"{wider.name} {_columns(wider)} {_holds(wider, index)}, and no statement of the workload becomes "
            f"cheaper by {index.name} {_columns(index)}. Every write pays for both.",
            evidence=Evidence("estimated", ctx.planner),
            key=index.name,
        )
        return
    known = ctx.before.table(table.name)
    former = {one.name for one in known.indexes} if known is not None else set()
    for narrower in others:
        if narrower.name in former and not narrower.unique and begins_with(index, narrower):
            yield finding(
                effects,
                severity="low",
                subject=about(table.name, narrower.columns, narrower.name),
                title=f"with the new index {index.name}, {narrower.name} on {table.name} is redundant",
                reason=f"{index.name} {_columns(index)} begins with the columns of {narrower.name} "
                f"{_columns(narrower)}, which can be dropped in a later migration.",
                evidence=Evidence("estimated", ctx.planner),
                key=narrower.name,
            )


def _is_same(one: Index, other: Index) -> bool:
    return one.method == other.method and one.keys == other.keys


def _holds(wider: Index, index: Index) -> str:
    return "holds the same" if _is_same(wider, index) else "begins with the same columns"


def _columns(index: Index) -> str:
    return f"({', '.join(index.columns)})"


def _needs(change: StatementChange, index: Index) -> bool:
    if change.after is None or change.after.cost > change.before.cost * CHEAPER:
        return False
    return index.name in change.after.indexes
