"""A foreign key that is added to a table with rows.

With `foreign_key_checks` on, as it is by default, the server checks all rows, and does so by a copy of the table only:
writes wait until it is done. With `foreign_key_checks = 0` it is added in place within a moment, but rows that are
there already are not checked, then or later: look for those that refer to nothing before.

Which way the server takes was tried on an empty copy of the schema.

## Example

```sql
ALTER TABLE lines ADD CONSTRAINT lines_order FOREIGN KEY (order_id) REFERENCES orders (id);

SELECT COUNT(*) FROM lines AS child
WHERE child.order_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM orders AS parent WHERE parent.id = child.order_id);
SET SESSION foreign_key_checks = 0;
ALTER TABLE lines ALGORITHM=INPLACE, LOCK=NONE,
  ADD CONSTRAINT lines_order FOREIGN KEY (order_id) REFERENCES orders (id);
SET SESSION foreign_key_checks = 1;
```

## When not to follow it

It runs in a window in which nobody writes to the table; or, where the checks are off, the rows were looked at before.

Source: MySQL Reference Manual, "Online DDL Operations", Foreign Key Operations; `foreign_key_checks`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dbtune.ddl import mysql_session
from dbtune.ddl.mysql_foreign_keys import count_orphans
from dbtune.model.migration import AlterWay
from dbtune.model.recommendation import Change
from dbtune.rules.finding import Finding
from dbtune.rules.migration_context import MigrationContext
from dbtune.rules.migration_findings import about, by_size, finding, setting_before, waiting_words, what, written_out
from dbtune.rules.migration_rules import MYSQL, migration_rule
from dbtune.sql.ddl_form import Ddl

OFF = frozenset({"0", "off", "false"})


def adds_foreign_key(ddl: Ddl) -> bool:
    """Whether any of its actions does."""
    return any(action.kind == "add foreign key" for action in ddl.actions)


@migration_rule("migration.foreign-key", severity="medium", dialects=MYSQL)
def foreign_key(ctx: MigrationContext) -> Iterator[Finding]:
    """One finding for each statement that adds foreign keys to a table of some size."""
    for number, (effects, ddl) in enumerate(ctx.steps()):
        way = effects.way
        if way is None or not adds_foreign_key(ddl) or ctx.is_small(way.table):
            continue
        if setting_before(ctx, number, "foreign_key_checks") in OFF:
            yield finding(
                effects,
                severity="low",
                subject=about(way.table),
                title=f"{what(effects)} does not check the rows of {way.table}",
                reason=f"foreign_key_checks is off here: rows of {ctx.table_words(way.table)} that refer to nothing "
                "stay, and nothing looks for them later. Look for them before.",
                evidence=ctx.known(),
                change=Change(up=_orphans(ctx, way)),
            )
        elif way.algorithm == "COPY":
            yield _checked(ctx, number, way, ddl)


def _checked(ctx: MigrationContext, number: int, way: AlterWay, ddl: Ddl) -> Finding:
    effects = ctx.effects[number]
    waits = waiting_words(ctx, way.table, "writes") if way.stops_writers else "reads and writes go on meanwhile"
    return finding(
        effects,
        severity=by_size(ctx, way.table) if way.stops_writers else "low",
        subject=about(way.table),
        title=f"{what(effects)} copies {way.table}",
        reason=f"With foreign_key_checks on, the server checks rows by a copy of all of {ctx.table_words(way.table)}; "
        f"{waits}. With foreign_key_checks = 0 it takes a moment, and rows that refer to nothing are not found: look "
        "for them before.",
        evidence=ctx.seen(),
        change=_unchecked(ctx, way, ddl),
    )


def _orphans(ctx: MigrationContext, way: AlterWay) -> tuple[str, ...]:
    """Queries for rows that the new foreign keys of the table would refuse."""
    before = ctx.before.table(way.table)
    after = ctx.after.table(way.table)
    if before is None or after is None:
        return ()
    known = {key.name for key in before.foreign_keys}
    new = (key for key in after.foreign_keys if key.name not in known and key.referenced_table is not None)
    return tuple(count_orphans(way.table, key) for key in new)


def _unchecked(ctx: MigrationContext, way: AlterWay, ddl: Ddl) -> Change:
    others = [action for action in ddl.actions if action.kind != "add foreign key"]
    if others or not ddl.leaves_way:
        return Change()
    in_place = written_out(ctx, ddl, replace(way, algorithm="INPLACE", lock="NONE"))
    return Change(up=(*_orphans(ctx, way), *mysql_session.without_checks(in_place.up)))
