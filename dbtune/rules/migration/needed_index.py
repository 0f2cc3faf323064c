"""An index is dropped that statements of the workload need.

Their plans read it today, and without it they cost more: each was planned before the migration and after all of it,
so an index that another one of the same migration replaces is no finding. The index's uses are those of the workload
at hand: a monthly job that is not in it may need the index too.

## Example

```sql
DROP INDEX orders_customer;
-- SELECT * FROM orders WHERE customer_id = $1: cost 24 before, 14,138 after
```

## When not to follow it

The statements named are those of code that goes as well.

Source: PostgreSQL manual, DROP INDEX.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.recommendation import Change, Subject
from dbtune.model.units import plural
from dbtune.rules.finding import Finding
from dbtune.rules.migration_context import MigrationContext, named
from dbtune.rules.migration_findings import finding, how_bad
from dbtune.rules.migration_rules import ALL, migration_rule


@migration_rule("migration.needed-index", severity="high", dialects=ALL)
def needed_index(ctx: MigrationContext) -> Iterator[Finding]:
    """One finding for each dropped index whose readers become dearer."""
    for effects in ctx.effects:
        for name in effects.dropped_indexes:
            index = ctx.index(name)
            if index is None:
                continue
            readers = [one for one in ctx.changes if one.is_worse and one.reads(index)]
            if not readers:
                continue
            need = "needs" if len(readers) == 1 else "need"
            definition = index.facts.definition if index.facts is not None else ""
            become = "this becomes" if len(readers) == 1 else "these become"
            yield finding(
                effects,
                subject=Subject(index.table.schema, index.table.name, index.columns, index.name),
                title=f"index {name} is dropped, and {plural(len(readers), 'statement')} {need} it",
                reason=f"Without it {become} dearer: {named(readers)}. "
                "Keep the index, or make what takes its place in an earlier migration.",
                evidence=ctx.proof(readers),
                severity=how_bad(ctx, readers),
                change=Change(down=(definition,) if definition else ()),
                key=str(name),
            )
