"""A table whose engine knows no transactions: MyISAM, or Aria.

A write to a MyISAM table locks all of it, a ROLLBACK leaves the change in place, foreign keys are read and forgotten,
and after a crash the table has to be repaired, with what that loses. Aria survives a crash, and shares the rest. InnoDB
has neither limit, and is what both servers are made to run on.

## Example

```sql
ALTER TABLE `shop`.`log` ENGINE=`InnoDB`, ALGORITHM=COPY, LOCK=SHARED;
```

## When not to follow it

A table that is written once and only read from then on, or one whose FULLTEXT searches go by MyISAM's word lists:
InnoDB has other stop words and another shortest word (`innodb_ft_min_token_size`). `SELECT COUNT(*)` without a
condition is answered from a counter in MyISAM, and counts in InnoDB.

Source: MySQL manual, "Converting Tables from MyISAM to InnoDB"; MariaDB, "Converting Tables from MyISAM to InnoDB",
"Aria Storage Engine".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.ddl.mysql_alter import change_engine
from dbtune.model.recommendation import Change, Evidence, Subject
from dbtune.model.schema import Table
from dbtune.model.units import human_bytes, plural
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.mysql_changes import altered
from dbtune.rules.mysql_tables import auto_increment_column, engine_of
from dbtune.rules.registry import rule
from dbtune.rules.wording import table_words

WHY = {
    "MyISAM": "each write locks the whole table, no ROLLBACK takes it back, and after a crash it has to be repaired",
    "Aria": "each write locks the whole table, and no ROLLBACK takes it back",
}
FIXED = "Fixed"
"""A row format that InnoDB refuses where a table asks for it by name."""


@rule("schema.engine", group="schema", severity="medium", dialects=("mysql", "mariadb"), confidence="heuristic")
def engine_without_transactions(ctx: Context) -> Iterator[Finding]:
    """Tables of MyISAM and Aria."""
    for table in ctx.tables():
        why = WHY.get(engine_of(table))
        if why is not None:
            yield _finding(ctx, table, why)


def _finding(ctx: Context, table: Table, why: str) -> Finding:
    engine = engine_of(table)
    change, why_not = _change(ctx, table)
    writes = ctx.writes.get(table.name)
    rows = writes.inserts + writes.updates + writes.deletes if writes is not None else 0
    written = f" The workload writes {plural(rows, 'row')} to it." if rows else ""
    mysql = table.mysql
    size = mysql.data_bytes + mysql.index_bytes if mysql is not None else 0
    words = any(index.method == "fulltext" for index in table.indexes)
    search = " FULLTEXT searches go by other stop words and lengths of words then." if words else ""
    return Finding(
        subject=Subject(table.name.schema, table.name.name),
        title=f"{table.name} is a table of {engine}",
        reason=f"{table_words(ctx, table)} is kept by {engine}: {why}.{written}{why_not}",
        evidence=Evidence("heuristic"),
        change=change,
        risk=f"The table ({human_bytes(size)}) is copied, and takes more space then; writers wait meanwhile.{search}"
        if change.up
        else "",
        severity="low" if engine == "Aria" or not rows else "medium",
    )


def _change(ctx: Context, table: Table) -> tuple[Change, str]:
    """The change, or none and why."""
    mysql = table.mysql
    counted = auto_increment_column(table)
    if counted is not None and not any(index.keys[0].column == counted.name for index in table.indexes):
        return Change(), (
            f" InnoDB does not take it as it is: {counted.name} is AUTO_INCREMENT and no index begins with it."
        )
    asked = "row_format" in {name for name, _ in table.options} and mysql is not None and mysql.row_format == FIXED
    up = change_engine(table.name, "InnoDB", "DYNAMIC" if asked else "")
    down = change_engine(table.name, engine_of(table), FIXED.upper() if asked else "")
    return altered(ctx.snapshot, table, [up], [down]), ""
