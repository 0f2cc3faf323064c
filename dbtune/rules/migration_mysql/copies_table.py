"""A statement that MySQL or MariaDB carries out by a copy of the whole table.

A change of a column's type, another character set, a stored generated column, a check, partitions: the server makes a
second table, copies it row by row and exchanges the two. Every write waits until it is done (readers go on), the disk
must hold both copies, and replicas do it once more. MariaDB from 11.2 on can let writers go on meanwhile, which it
asks of itself where it can; then this is low.

Which way the server takes is not guessed: on an empty copy of the schema, on a server of the same series where one can
be had, the statement was tried with ALGORITHM=INSTANT, then INPLACE, LOCK=NONE, and so on; COPY is the first that the
server took. So `varchar(50)` to `varchar(60)` is no finding, and to `varchar(300)` is one.

pt-online-schema-change and gh-ost copy the table in pieces beside the one in use.

## Example

```sql
ALTER TABLE orders MODIFY total decimal(14,2);
-- ALGORITHM=INPLACE is refused: Cannot change column type INPLACE
```

## When not to follow it

It runs in a window in which nobody writes to the table, and the disk has room for a second copy of it.

Source: MySQL Reference Manual, "Online DDL Operations"; MariaDB's manual, "InnoDB Online DDL Overview".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.ddl.mysql_alter import AlterTable
from dbtune.model.migration import AlterWay
from dbtune.model.recommendation import Change
from dbtune.rules.finding import Finding
from dbtune.rules.migration_context import MigrationContext
from dbtune.rules.migration_findings import about, by_size, finding, waiting_words, what, written_out
from dbtune.rules.migration_mysql.foreign_key import adds_foreign_key
from dbtune.rules.migration_rules import MYSQL, migration_rule
from dbtune.rules.mysql_tables import tools_for
from dbtune.sql.ddl_form import Ddl

INSTEAD = "A copy in pieces by a tool for it lets them pass."


@migration_rule("migration.copies-table", severity="high", dialects=MYSQL)
def copies_table(ctx: MigrationContext) -> Iterator[Finding]:
    """One finding for each statement that copies a table of some size."""
    for effects, ddl in ctx.steps():
        way = effects.way
        if way is None or way.algorithm != "COPY" or ctx.is_small(way.table) or adds_foreign_key(ddl):
            continue
        yield finding(
            effects,
            severity=by_size(ctx, way.table) if way.stops_writers else "low",
            subject=about(way.table),
            title=f"{what(effects)} copies {way.table}",
            reason=f"{_why(ddl, way)}: all of {ctx.table_words(way.table)} is written once more; "
            + _meanwhile(ctx, way),
            evidence=ctx.seen(),
            change=_tools(ctx, ddl, way) if way.stops_writers else written_out(ctx, ddl, way),
        )


def _why(ddl: Ddl, way: AlterWay) -> str:
    if ddl.algorithm == "COPY":
        return "It asks for ALGORITHM=COPY"
    if way.copied_anyway:
        return "The server takes ALGORITHM=INSTANT for it, and copies the table all the same"
    return "The server takes it with ALGORITHM=COPY alone" + (f" ({way.refusal})" if way.refusal else "")


def _meanwhile(ctx: MigrationContext, way: AlterWay) -> str:
    if not way.stops_writers:
        return (
            "reads and writes go on meanwhile (LOCK=NONE), but the disk must hold both, and replicas do it once more."
        )
    return f"{waiting_words(ctx, way.table, 'writes')}. {INSTEAD}"


def _tools(ctx: MigrationContext, ddl: Ddl, way: AlterWay) -> Change:
    table = ctx.before.table(way.table)
    if table is None or ddl.verb != "alter" or ddl.renamed:
        return Change()
    alter = AlterTable(way.table, tuple(map(ddl.spelled, ddl.actions)), "COPY", "SHARED")
    return Change(tools=tools_for(ctx.before, table, alter))
