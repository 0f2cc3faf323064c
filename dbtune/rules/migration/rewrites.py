"""A statement that writes a whole table anew while nobody may read it.

A change of type that needs every value converted, a new column whose default is volatile (`random()`,
`gen_random_uuid()`) or stored and generated, an identity column, `SET LOGGED`. The table and all its indexes are
written once more under an ACCESS EXCLUSIVE lock: reads and writes wait for minutes or hours, and the disk must hold
both copies.

Whether a statement does it is not guessed: it is run on a copy of the schema without rows, and the table's file is
another one afterwards. `varchar(50)` to `varchar(100)` or to `text` does not, and is no finding.

For a type: a new column of the new type that a trigger keeps up, filled in batches, and exchanged in one short
transaction. For a volatile default: the column without a default, then `SET DEFAULT`, then the old rows in batches.

## Example

```sql
ALTER TABLE lines ALTER COLUMN product TYPE bigint;
ALTER TABLE orders ADD COLUMN token uuid DEFAULT gen_random_uuid();
```

## When not to follow it

It runs in a window in which nobody needs the table, and the disk has room for a second copy of it.

Source: PostgreSQL manual, ALTER TABLE, Notes.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.ddl.quoting import identifier, qualified
from dbtune.model.migration import Effects
from dbtune.model.names import QualifiedName
from dbtune.model.recommendation import Change
from dbtune.rules.finding import Finding
from dbtune.rules.migration_context import MigrationContext
from dbtune.rules.migration_findings import about, by_size, finding, waiting_words, what
from dbtune.rules.migration_rules import migration_rule
from dbtune.sql.ddl_form import Action, Ddl


@migration_rule("migration.rewrites", severity="high")
def rewrites(ctx: MigrationContext) -> Iterator[Finding]:
    """One finding for each statement that rewrites tables of some size."""
    for effects, ddl in ctx.steps():
        table = ctx.largest(effects.rewritten)
        if table is None:
            continue
        yield finding(
            effects,
            severity=by_size(ctx, table),
            subject=about(table),
            title=f"{what(effects)} writes {table} anew",
            reason=f"All of {ctx.table_words(table)} and its indexes are written once more under an ACCESS EXCLUSIVE "
            f"lock; {waiting_words(ctx, table, 'reads and writes')}. {_way(ddl)}",
            evidence=ctx.seen(),
            change=_safe_form(effects, ddl, table),
        )


def _way(ddl: Ddl) -> str:
    kinds = {action.kind for action in ddl.actions}
    if "set type" in kinds:
        return (
            "Add a column of the new type, keep it up with a trigger, fill it in batches, and exchange the two in one "
            "short transaction."
        )
    if any(action.kind == "add column" and not action.has_default for action in ddl.actions):
        return "Add an ordinary column, let a trigger fill it for new rows, and fill the old rows in batches."
    if "add column" in kinds:
        return "Add the column without the default, set the default for new rows, and fill the old rows in batches."
    return "Do it in a window in which nobody needs the table."


def _safe_form(effects: Effects, ddl: Ddl, table: QualifiedName) -> Change:
    """For a new column with a default: the column first, its default after it."""
    added = [action for action in ddl.actions if action.kind == "add column" and action.has_default]
    if len(ddl.actions) != 1 or len(added) != 1 or added[0].inline:
        return Change()
    split = _without_default(ddl, added[0])
    if split is None:
        return Change()
    column, default = split
    alter = f"ALTER TABLE {qualified(table)}"
    return Change(
        up=(f"{alter} {column}", f"{alter} ALTER COLUMN {identifier(added[0].name)} SET DEFAULT {default}"),
    )


def _without_default(ddl: Ddl, action: Action) -> tuple[str, str] | None:
    """``ADD COLUMN name type`` and the default's expression, where nothing stands behind it."""
    spelled = ddl.spelled(action)
    at = spelled.lower().rfind(" default ")
    if at < 0:
        return None
    return spelled[:at].strip(), spelled[at + len(" default ") :].strip()
