"""CONCURRENTLY where the server refuses it: inside a transaction.

Between BEGIN and COMMIT, in a file that its tool runs in a transaction (dbmate, goose, sql-migrate and tern do,
unless the file says otherwise), or beside other statements in a file that its tool sends as a whole (golang-migrate,
Prisma, dbmate with `transaction:false`): the server takes such a call for one transaction. The migration fails.

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


@migration_rule("migration.concurrently-in-transaction", severity="high", confidence="heuristic")
def concurrently_in_transaction(ctx: MigrationContext) -> Iterator[Finding]:
    """One finding for each statement that will be refused."""
    for effects, ddl in ctx.steps():
        detaches = any(action.kind == "detach" and action.using_index for action in ddl.actions)
        # of a materialised view it means something else, and may stand anywhere
        if not (ddl.concurrently and ddl.verb != "refresh") and not detaches:
            continue
        why = _why(effects.pending)
        if why:
            yield finding(
                effects,
                subject=Subject("", ""),
                title=f"{what(effects)} CONCURRENTLY cannot run here",
                reason=f"{why}, and the server refuses it there: the migration fails.",
                evidence=ctx.known(),
            )


def _why(pending: PendingStatement) -> str:
    if pending.in_block:
        return "It stands between BEGIN and COMMIT"
    if pending.wrapping == "transaction":
        return "Its tool runs this file in a transaction, as long as the file does not say that it must not"
    if pending.wrapping == "one call" and not pending.alone:
        return (
            "Its tool sends this file to the server as a whole, which is one transaction where it holds more than one "
            "statement (put this one into a file of its own)"
        )
    return ""
