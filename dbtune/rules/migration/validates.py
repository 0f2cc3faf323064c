"""A constraint that is checked against every row while the table is locked.

`ADD FOREIGN KEY`, `ADD CHECK` and `SET NOT NULL` read the whole table before they return, and hold their lock for
all of it: ACCESS EXCLUSIVE (reads and writes wait) for a check, NOT NULL or ATTACH PARTITION, SHARE ROW EXCLUSIVE
(writes wait, on both tables) for a foreign key.

Add it `NOT VALID`, which takes a moment, and `VALIDATE` it afterwards in a transaction of its own, which lets reads
and writes pass. For NOT NULL: a validated `CHECK (column IS NOT NULL)` spares the scan, and can be dropped then;
from Postgres 18 on NOT NULL itself can be NOT VALID.

Whether a statement reads the table is not guessed: it is run on a copy of the schema without rows, and the server
counts its scans. A table that is made in the same migration, or is small, is no finding.

## Example

```sql
ALTER TABLE lines ADD CONSTRAINT lines_order FOREIGN KEY (order_id) REFERENCES orders (id);

ALTER TABLE lines ADD CONSTRAINT lines_order FOREIGN KEY (order_id) REFERENCES orders (id) NOT VALID;
ALTER TABLE lines VALIDATE CONSTRAINT lines_order;
```

## When not to follow it

It runs in a window in which nobody writes to the table.

Source: PostgreSQL manual, ALTER TABLE, Notes.
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
from dbtune.sql.ddl_form import Action, Ddl


@migration_rule("migration.validates", severity="medium")
def validates(ctx: MigrationContext) -> Iterator[Finding]:
    """One finding for each statement that reads a table of some size for a constraint."""
    for effects, ddl in ctx.steps():
        # that an index which is built reads the table too is another rule's matter
        read = {name for name in effects.validated - effects.rewritten if effects.lock_on(name) in BLOCKS_WRITES}
        table = ctx.largest(read)
        if table is None:
            continue
        mode = effects.lock_on(table)
        who = "reads and writes" if mode == "ACCESS EXCLUSIVE" else "writes"
        constraint = _constraint(ddl)
        yield finding(
            effects,
            severity=by_size(ctx, table),
            subject=about(table, (constraint.name,) if constraint and constraint.kind == "set not null" else ()),
            title=f"{what(effects)} reads all of {table} under a lock",
            reason=f"All rows of {ctx.table_words(table)} are checked under {_article(mode)} {mode} lock; "
            f"{waiting_words(ctx, table, who)}. {_way(ddl, constraint)}",
            evidence=ctx.seen(),
            change=_safe_form(ctx, effects, ddl, constraint, table),
        )


def _article(mode: str | None) -> str:
    return "an" if mode is not None and mode[0] in "AE" else "a"


def _constraint(ddl: Ddl) -> Action | None:
    kinds = ("add check", "add foreign key", "set not null", "attach", "add column", "add not null")
    return next((action for action in ddl.actions if action.kind in kinds and not action.not_valid), None)


def _way(ddl: Ddl, action: Action | None) -> str:
    match action.kind if action is not None else "":
        case "set not null":
            return "A CHECK that is validated without a lock proves it, and spares the scan."
        case "attach":
            return (
                "A CHECK on the table that implies the partition's bound, added NOT VALID and validated before, spares "
                "the scan."
            )
        case "add check" | "add foreign key" | "add not null":
            return "Add it NOT VALID, and VALIDATE it afterwards in a transaction of its own."
        case "add column":
            return "Add the column first, and its constraint NOT VALID in a statement of its own."
        case _:
            return "Do it in a window in which nobody needs the table."


def _safe_form(
    ctx: MigrationContext, effects: Effects, ddl: Ddl, action: Action | None, table: QualifiedName
) -> Change:
    if action is None or len(ddl.actions) != 1:
        return Change()
    alter = f"ALTER TABLE {qualified(table)}"
    if action.kind == "set not null":
        check = identifier(f"{action.name}_is_not_null"[:63])
        return Change(
            up=(
                f"{alter} ADD CONSTRAINT {check} CHECK ({identifier(action.name)} IS NOT NULL) NOT VALID",
                f"{alter} VALIDATE CONSTRAINT {check}",
                f"{alter} ALTER COLUMN {identifier(action.name)} SET NOT NULL",
                f"{alter} DROP CONSTRAINT {check}",
            )
        )
    if action.kind in ("add check", "add foreign key") and action.name:
        return Change(
            up=(f"{alter} {ddl.spelled(action)} NOT VALID", f"{alter} VALIDATE CONSTRAINT {identifier(action.name)}")
        )
    return Change()
