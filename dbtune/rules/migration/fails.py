"""A statement that the server refuses on production's schema.

It was run on a copy of the schema, and the server said no for a reason that lies in the schema: other objects depend
on what it drops, a type cannot be converted without USING, a foreign key refers to columns that are not unique,
CONCURRENTLY is not to be had for a partitioned table. It will say the same in production.

A statement that finds its table missing, or what it makes already there, is listed among what could not be looked at
instead: the snapshot may be from before or after an earlier migration.

## Example

```sql
CREATE INDEX CONCURRENTLY events_kind ON events (kind);
-- cannot create index on partitioned table "events" concurrently
```

## When not to follow it

An earlier migration, which was not named, changes what stands against it.

Source: PostgreSQL manual, Error Codes.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.recommendation import Subject
from dbtune.rules.finding import Finding
from dbtune.rules.migration_context import MigrationContext
from dbtune.rules.migration_findings import finding, what
from dbtune.rules.migration_rules import migration_rule

SURE = frozenset({"0A000", "2BP01", "42804", "42830"})
"""Feature not supported, dependent objects still exist, datatype mismatch, invalid foreign key: what the schema itself
stands against, and not that the migration has run already."""


@migration_rule("migration.fails", severity="high")
def fails(ctx: MigrationContext) -> Iterator[Finding]:
    """One finding for each statement that is refused for such a reason."""
    for effects in ctx.effects:
        if effects.sqlstate in SURE:
            yield finding(
                effects,
                subject=Subject("", ""),
                title=f"{what(effects)} fails",
                reason=f"The server refuses it on a copy of this schema: {effects.refusal}.",
                evidence=ctx.seen(),
            )
