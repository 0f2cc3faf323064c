"""A change of a table that does not say by which ALGORITHM and LOCK it is to be done.

The server takes the way that disturbs least of those it can, and where it can do nothing better it copies the table
without a word, while all writes wait. That depends on its version, on the row format, on settings, on what was done to
the table before (MySQL adds columns instantly 64 times, then no more). With the clauses written out it refuses at once
instead, and nothing has happened.

The clauses given are those that the server took on an empty copy of the schema.

## Example

```sql
ALTER TABLE orders ADD INDEX total (total);

ALTER TABLE orders ALGORITHM=INPLACE, LOCK=NONE, ADD INDEX total (total);
```

## When not to follow it

The tool that runs the migrations writes the clauses itself.

Source: MySQL Reference Manual, "ALTER TABLE Statement", Performance and Space Requirements; MariaDB's manual,
"ALTER TABLE", ALGORITHM, LOCK.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.ddl.mysql_alter import way_clauses
from dbtune.rules.finding import Finding
from dbtune.rules.migration_context import MigrationContext
from dbtune.rules.migration_findings import about, finding, what, written_out
from dbtune.rules.migration_rules import MYSQL, migration_rule


@migration_rule("migration.no-algorithm", severity="low", dialects=MYSQL)
def no_algorithm(ctx: MigrationContext) -> Iterator[Finding]:
    """One finding for each such statement on a table of some size that can be changed without stopping writers."""
    for effects, ddl in ctx.steps():
        way = effects.way
        if way is None or not ddl.leaves_way or ctx.is_small(way.table):
            continue
        if way.stops_writers or way.algorithm == "COPY":  # told by other rules
            continue
        clauses = ", ".join(way_clauses(way.algorithm, way.lock))
        yield finding(
            effects,
            subject=about(way.table),
            title=f"{what(effects)} on {way.table} leaves its way to the server",
            reason=f"The server takes {clauses} for it here. Where it cannot, it copies {ctx.table_words(way.table)} "
            f"without a word, and writes wait. With {clauses} written out it refuses instead.",
            evidence=ctx.seen(),
            change=written_out(ctx, ddl, way),
        )
