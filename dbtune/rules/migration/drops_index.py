"""An index that is dropped without CONCURRENTLY.

`DROP INDEX` takes an ACCESS EXCLUSIVE lock on the table. It holds it for a moment only, but it has to wait for every
transaction that uses the table, and everybody who comes after it waits behind it. `DROP INDEX CONCURRENTLY`, outside
a transaction, waits without a lock that stops anybody. A `lock_timeout` set before it is an answer as well, and then
this is no finding.

## Example

```sql
DROP INDEX orders_note;

DROP INDEX CONCURRENTLY orders_note;
```

## When not to follow it

The migration has to stay in one transaction, and a `lock_timeout` is set elsewhere (for the role, say).

Source: PostgreSQL manual, DROP INDEX.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.recommendation import Change
from dbtune.rules.finding import Finding
from dbtune.rules.migration_context import MigrationContext
from dbtune.rules.migration_findings import about, finding, timeouts, what
from dbtune.rules.migration_rules import migration_rule


@migration_rule("migration.drops-index", severity="low")
def drops_index(ctx: MigrationContext) -> Iterator[Finding]:
    """One finding for each such DROP INDEX on a table of some size that the workload uses."""
    for number, (effects, ddl) in enumerate(ctx.steps()):
        if (ddl.verb, ddl.object) != ("drop", "index") or ddl.concurrently or not effects.dropped_indexes:
            continue
        index = ctx.index(effects.dropped_indexes[0])
        table = None if index is None else ctx.before.table(index.table)
        if index is None or table is None or table.kind == "partitioned":  # these cannot be dropped concurrently
            continue
        if ctx.is_small(table.name) or timeouts(ctx, number):
            continue
        at = ddl.after_index_word
        assert at is not None
        yield finding(
            effects,
            subject=about(table.name, index.columns, index.name),
            title=f"{what(effects)} waits for every transaction on {table.name}, and all others behind it",
            reason=f"It takes an ACCESS EXCLUSIVE lock on {ctx.table_words(table.name)}. "
            "DROP INDEX CONCURRENTLY, outside a transaction, stops nobody.",
            evidence=ctx.seen(),
            change=Change(up=(f"{ddl.text[:at]} CONCURRENTLY{ddl.text[at:]}",)),
        )
