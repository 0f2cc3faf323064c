"""An index that is built while the table is locked.

`CREATE INDEX` holds a SHARE lock for as long as the build takes: every INSERT, UPDATE and DELETE waits. A UNIQUE or
PRIMARY KEY constraint, or an exclusion, builds its index under ACCESS EXCLUSIVE: reads wait too.

`CREATE INDEX CONCURRENTLY` lets both pass. It must stand outside a transaction, and leaves an invalid index where it
fails, which has to be dropped before it is tried again. A key is added in two steps: the unique index concurrently,
then `ADD CONSTRAINT … USING INDEX`, which takes a moment. A partitioned table needs an index `ON ONLY` it, one built
concurrently on each partition, and `ALTER INDEX … ATTACH PARTITION`.

An index on a table that is made in the same migration, or is small, is no finding.

## Example

```sql
CREATE INDEX orders_state ON orders (state);

CREATE INDEX CONCURRENTLY orders_state ON orders (state);
```

## When not to follow it

The migration runs in a window in which nobody writes: a build without CONCURRENTLY reads the table once, not twice.

Source: PostgreSQL manual, CREATE INDEX, "Building Indexes Concurrently".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.ddl.quoting import identifier, qualified
from dbtune.model.migration import BLOCKS_WRITES, Effects
from dbtune.model.names import QualifiedName
from dbtune.model.recommendation import Change
from dbtune.rules.finding import Finding
from dbtune.rules.migration_context import MigrationContext
from dbtune.rules.migration_findings import about, by_size, finding, waiting_words, what
from dbtune.rules.migration_rules import migration_rule
from dbtune.sql.ddl_form import Ddl


@migration_rule("migration.builds-index", severity="high")
def builds_index(ctx: MigrationContext) -> Iterator[Finding]:
    """One finding for each index that is built on a table of some size under a lock."""
    for effects, ddl in ctx.steps():
        table = ctx.largest(effects.built_on - effects.rewritten)
        if table is None or ddl.concurrently or effects.lock_on(table) not in BLOCKS_WRITES:
            continue
        if not effects.scanned & {one.name for one in ctx.tree(table)}:  # ON ONLY, USING INDEX: nothing is built
            continue
        who = "reads and writes" if effects.lock_on(table) == "ACCESS EXCLUSIVE" else "writes"
        partitioned = any(one.kind == "partitioned" for one in ctx.tree(table))
        yield finding(
            effects,
            severity=by_size(ctx, table),
            subject=about(table, index=effects.built[0].name if effects.built else None),
            title=f"{what(effects)} builds an index on {table} under a lock",
            reason=f"The build reads all of {ctx.table_words(table)}; {waiting_words(ctx, table, who)}. "
            + _way(ddl, partitioned=partitioned),
            evidence=ctx.seen(),
            change=Change() if partitioned else _safe_form(ctx, effects, ddl, table),
        )


def _way(ddl: Ddl, *, partitioned: bool) -> str:
    if partitioned:
        return (
            "Create it ON ONLY the partitioned table, build it concurrently on each partition, and attach these with "
            "ALTER INDEX … ATTACH PARTITION."
        )
    if any(action.kind == "attach" for action in ddl.actions):
        return (
            "Each index of the partitioned table that the new partition lacks is built on it: build these on it "
            "concurrently before, and ATTACH takes them as they are."
        )
    if ddl.object == "index":
        return "CREATE INDEX CONCURRENTLY, outside a transaction, lets them pass."
    return "Build a unique index concurrently first, and add the constraint USING INDEX."


def _safe_form(ctx: MigrationContext, effects: Effects, ddl: Ddl, table: QualifiedName) -> Change:
    at = ddl.after_index_word
    if ddl.object == "index" and at is not None:
        return Change(up=(f"{ddl.text[:at]} CONCURRENTLY{ddl.text[at:]}",))
    keys = [action for action in ddl.actions if action.kind in ("add unique", "add primary key")]
    after = ctx.after.table(table)
    if len(ddl.actions) != 1 or len(keys) != 1 or after is None or len(effects.built) != 1:
        return Change()
    index = after.index(effects.built[0].name)
    if index is None or index.facts is None:
        return Change()
    kind = "PRIMARY KEY" if keys[0].kind == "add primary key" else "UNIQUE"
    definition = index.facts.definition.replace("CREATE UNIQUE INDEX", "CREATE UNIQUE INDEX CONCURRENTLY", 1)
    name = identifier(index.name)
    return Change(
        up=(definition, f"ALTER TABLE {qualified(table)} ADD CONSTRAINT {name} {kind} USING INDEX {name}"),
    )
