"""CONCURRENTLY where the server refuses it: inside a transaction.

Between BEGIN and COMMIT, in a file that its tool runs in a transaction (dbmate, goose, sql-migrate and tern do,
unless the file says otherwise), or beside other statements in a file that its tool sends as a whole (golang-migrate,
Prisma, dbmate with `transaction:false`): the server takes such a call for one transaction. The migration fails.

## Example

```sql
BEGIN;
CREATE INDEX CONCURRENTLY orders_state ON orders (state);
COMMIT;
```

## When not to follow it

The tool is told elsewhere that this file must not run in a transaction.

Source: PostgreSQL manual, CREATE INDEX; the manuals of these tools.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.migration import PendingStatement
from dbtune.model.recommendation import Subject
from dbtune.rules.finding import Finding
from dbtune.rules.migration_context import MigrationContext
from dbtune.rules.migration_findings import finding, what
from dbtune.rules.migration_rules import migration_rule

SENT_AS_A_WHOLE = (
    "Its tool sends this file to the server as a whole, which is one transaction where it holds more than one "
    "statement, and the server refuses it there: the migration fails. Put this one into a file of its own."
)
PERHAPS = (
    "golang-migrate and sqlx, whose files have such names, send a file to the server as a whole, and the server "
    "refuses it there; psql does not. Put it into a file of its own where they run it."
)


@migration_rule("migration.transaction", severity="high", confidence="heuristic")
def transaction(ctx: MigrationContext) -> Iterator[Finding]:
    """One finding for each statement that will be refused, or may be."""
    for effects, ddl in ctx.steps():
        detaches = any(action.kind == "detach" and action.using_index for action in ddl.actions)
        # of a materialised view it means something else, and may stand anywhere
        if not (ddl.concurrently and ddl.verb != "refresh") and not detaches:
            continue
        why = _why(effects.pending)
        if why:
            verb = "may not" if why == PERHAPS else "cannot"
            yield finding(
                effects,
                subject=Subject("", ""),
                title=f"{what(effects)} CONCURRENTLY {verb} run here",
                reason=why,
                evidence=ctx.known(),
                severity="low" if why == PERHAPS else None,
            )


def _why(pending: PendingStatement) -> str:
    if pending.in_block:
        return "It stands between BEGIN and COMMIT, and the server refuses it there: the migration fails."
    if pending.wrapping == "transaction":
        return (
            "Its tool runs this file in a transaction, as long as the file does not say that it must not, and the "
            "server refuses it there: the migration fails."
        )
    if pending.alone:
        return ""
    return {"one call": SENT_AS_A_WHOLE, "perhaps one call": PERHAPS}.get(pending.wrapping, "")
