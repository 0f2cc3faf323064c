"""A statement that the server refuses on production's schema.

It was run on a copy of the schema, and the server said no for a reason that lies in the schema: other objects depend
on what it drops, a type cannot be converted without USING, a foreign key refers to columns that are not unique,
CONCURRENTLY is not to be had for a partitioned table; MySQL and MariaDB: a foreign key needs the index that goes, the
ALGORITHM or LOCK that is asked for is not to be had. It will say the same in production.

A statement that finds its table missing, or what it makes already there, is listed among what could not be looked at
instead: the snapshot may be from before or after an earlier migration.

## Example

```sql
CREATE INDEX CONCURRENTLY events_kind ON events (kind);
-- cannot create index on partitioned table "events" concurrently
```

## When not to follow it

An earlier migration, which was not named, changes what stands against it.

Source: PostgreSQL manual, Error Codes; MySQL Reference Manual, "Server Error Message Reference".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.migration import Effects
from dbtune.model.recommendation import Subject
from dbtune.rules.finding import Finding
from dbtune.rules.migration_context import MigrationContext
from dbtune.rules.migration_findings import finding, what
from dbtune.rules.migration_rules import ALL, migration_rule

SURE = frozenset({"0A000", "2BP01", "42804", "42830"})
"""Feature not supported, dependent objects still exist, datatype mismatch, invalid foreign key: what the schema itself
stands against, and not that the migration has run already."""

SURE_OF_MYSQL = frozenset(
    map(
        str,
        (
            1005, 1068, 1069, 1071, 1072, 1074, 1075, 1101, 1118, 1170, 1171, 1214, 1215, 1217, 1221, 1283, 1451, 1480,
            1486, 1491, 1503, 1506, 1553, 1659, 1701, 1800, 1801, 1818, 1822, 1823, 1828, 1829, 1830, 1832, 1833, 1834,
            1845, 1846, 1901, 3105, 3106, 3108, 3109, 3685, 3730, 3733, 3734, 3755, 3756, 3757, 3758, 3780, 3855, 3959,
            4108, 4161, 6125,
        ),
    )
)  # fmt: skip
"""Keys that are too many, too long or refer to no key, columns and indexes that a foreign key, a check, a generated
column or the partitions need, rows that are too long, ALGORITHM and LOCK that are not to be had for such a change.
Source: MySQL's and MariaDB's manuals, "Server Error Message Reference", "MariaDB Error Code Reference"."""


def is_sure(effects: Effects) -> bool:
    """Whether the server refuses the statement for what the schema is, and will do so in production."""
    sure = SURE if effects.pending.dialect == "postgres" else SURE_OF_MYSQL
    return effects.sqlstate in sure


@migration_rule("migration.fails", severity="high", dialects=ALL)
def fails(ctx: MigrationContext) -> Iterator[Finding]:
    """One finding for each statement that is refused for such a reason."""
    for effects in ctx.effects:
        if is_sure(effects):
            yield finding(
                effects,
                subject=Subject("", ""),
                title=f"{what(effects)} fails",
                reason=f"The server refuses it on a copy of this schema: {effects.refusal.rstrip('.')}.",
                evidence=ctx.seen(),
            )
