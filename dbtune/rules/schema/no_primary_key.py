"""A table of InnoDB without a primary key.

InnoDB stores the rows in the order of the primary key. Without one (and without a unique key of columns that are NOT
NULL) it numbers them itself, by a counter that all such tables of the server share and nothing can ask for. With
row-based replication a replica has to find each changed row by reading the table, once for every row (or for every
batch of them); Group Replication, pt-online-schema-change and gh-ost refuse such a table.

The column added here is INVISIBLE: `SELECT *` and INSERT without a list of columns go on as before. Where all columns
of a unique key are NOT NULL, InnoDB takes that key in place of a primary one, and nothing is said.

## Example

```sql
ALTER TABLE `shop`.`events` ADD COLUMN `row_id` bigint unsigned NOT NULL AUTO_INCREMENT INVISIBLE PRIMARY KEY,
  ALGORITHM=INPLACE, LOCK=SHARED;
```

## When not to follow it

A table that is only ever filled and emptied as a whole, on a server without replicas.

Source: MySQL manual, "Clustered and Secondary Indexes", "Generated Invisible Primary Keys", "Invisible Columns";
MariaDB, "Row-based Replication With No Primary Key".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.connect.mysql_abilities import MySQLAbility
from dbtune.ddl.mysql_alter import add_row_id, drop_key_column
from dbtune.model.recommendation import Change, Evidence, Severity, Subject
from dbtune.model.schema import Table
from dbtune.model.units import human_bytes
from dbtune.planner.mysql.index_size import clustered_columns
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.mysql_changes import altered
from dbtune.rules.mysql_tables import auto_increment_column, is_innodb, version_of
from dbtune.rules.registry import rule
from dbtune.rules.wording import table_words

MANY_ROWS = 1e6


@rule(
    "schema.no-primary-key",
    group="schema",
    severity="medium",
    dialects=("mysql", "mariadb"),
    confidence="heuristic",
)
def no_primary_key(ctx: Context) -> Iterator[Finding]:
    """Tables whose rows no key orders."""
    for table in ctx.tables():
        if is_innodb(table) and table.primary_key is None and not clustered_columns(table):
            yield _finding(ctx, table)


def _finding(ctx: Context, table: Table) -> Finding:
    change, why_not = _change(ctx, table)
    size = table.mysql.data_bytes if table.mysql is not None else 0
    replicates = ctx.snapshot.settings.get("log_bin") in ("ON", "1")
    replicas = (
        " The server writes a binary log: a replica reads the table for each row that is updated or deleted here."
        if replicates
        else ""
    )
    risk = (
        f"The table ({human_bytes(size)}) is rebuilt, and writers wait that long; readers do not. "
        "A program that reads the columns by information_schema sees the new one."
    )
    return Finding(
        subject=Subject(table.name.schema, table.name.name),
        title=f"{table.name} has no primary key",
        reason=(
            f"{table_words(ctx, table)} has neither a primary key nor a unique one without NULLs: InnoDB numbers its "
            f"rows by a counter that nothing can ask for.{replicas}{why_not}"
        ),
        evidence=Evidence("heuristic"),
        change=change,
        risk=risk if change.up else "",
        severity=_severity(ctx, table, replicates=replicates),
    )


def _severity(ctx: Context, table: Table, *, replicates: bool) -> Severity:
    rows = ctx.rows(table) or 0.0
    if rows < ctx.options.small_table_rows:
        return "low"
    return "medium" if replicates or rows >= MANY_ROWS else "low"


def _change(ctx: Context, table: Table) -> tuple[Change, str]:
    """The change, or none and why."""
    if table.partition_key is not None:
        return Change(), f" Its primary key must hold the columns that it is partitioned by ({table.partition_key})."
    counted = auto_increment_column(table)
    if counted is not None:
        return Change(), f" {counted.name} is AUTO_INCREMENT: where no value is there twice, it can be the key."
    hidden = version_of(ctx.snapshot).has(MySQLAbility.INVISIBLE_COLUMNS)
    taken = {column.name.lower() for column in table.columns}
    name = next(name for name in ("row_id", *(f"row_id_{n}" for n in range(2, 4098))) if name not in taken)
    up = add_row_id(table.name, name, hidden=hidden)
    return altered(ctx.snapshot, table, [up], [drop_key_column(table.name, name)]), ""
