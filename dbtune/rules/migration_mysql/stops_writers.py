"""A statement that MySQL or MariaDB carries out in place, while every write waits.

A FULLTEXT or SPATIAL index, the first AUTO_INCREMENT column: the table is not copied, but LOCK=NONE is refused, so
INSERT, UPDATE and DELETE wait until it is done; readers go on. A statement that asks for LOCK=SHARED or EXCLUSIVE by
itself is told of as well.

Which lock the server takes was tried on an empty copy of the schema.

## Example

```sql
ALTER TABLE articles ADD FULLTEXT KEY body (body);
-- LOCK=NONE is refused: Fulltext index creation requires a lock
```

## When not to follow it

It runs in a window in which nobody writes to the table.

Source: MySQL Reference Manual, "Online DDL Operations"; MariaDB's manual, "InnoDB Online DDL Overview".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.rules.finding import Finding
from dbtune.rules.migration_context import MigrationContext
from dbtune.rules.migration_findings import about, by_size, finding, waiting_words, what
from dbtune.rules.migration_rules import MYSQL, migration_rule


@migration_rule("migration.stops-writers", severity="medium", dialects=MYSQL)
def stops_writers(ctx: MigrationContext) -> Iterator[Finding]:
    """One finding for each such statement on a table of some size."""
    for effects, ddl in ctx.steps():
        way = effects.way
        if way is None or way.algorithm == "COPY" or not way.stops_writers or ctx.is_small(way.table):
            continue
        who = "reads and writes" if way.lock == "EXCLUSIVE" else "writes"
        if ddl.lock:
            why = f"It asks for LOCK={ddl.lock}"
        else:
            why = "The server takes it with no weaker lock" + (f" ({way.refusal})" if way.refusal else "")
        yield finding(
            effects,
            severity=by_size(ctx, way.table),
            subject=about(way.table),
            title=f"{what(effects)} on {way.table} stops {who}",
            reason=f"{why}: it goes over {ctx.table_words(way.table)}; {waiting_words(ctx, way.table, who)}.",
            evidence=ctx.seen(),
        )
