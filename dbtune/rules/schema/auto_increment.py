"""An AUTO_INCREMENT column whose next values come near the end of its type.

Behind the largest value every INSERT fails (error 1062 or 1467), and the way out, a copy of the table with a wider
type, is one that nobody wants to go on that day. Told from 60% of the range on (`int` ends at 2,147,483,647, `int
unsigned` at twice that). Columns that foreign keys tie to it are of the same type and are changed with it: the keys are
dropped, the columns widened, the keys made again with all rows checked.

## Example

```sql
ALTER TABLE `shop`.`orders` MODIFY COLUMN `id` bigint NOT NULL AUTO_INCREMENT, ALGORITHM=COPY, LOCK=SHARED;
```

## When not to follow it

The counter jumped once (a row with a large value was put in by hand), and few rows are added: look at the largest
values first.

Source: MySQL manual, "Integer Types", "AUTO_INCREMENT Handling in InnoDB", "Online DDL Operations" (changing the type
of a column); MariaDB, "AUTO_INCREMENT".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.names import QualifiedName
from dbtune.model.recommendation import Change, Evidence, Severity, Subject
from dbtune.model.schema import Column, Table
from dbtune.model.units import human_bytes, plural
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.mysql_tables import auto_increment_column
from dbtune.rules.mysql_types import IntegerType, integer_type
from dbtune.rules.mysql_widening import tied_columns, widened
from dbtune.rules.registry import rule
from dbtune.rules.wording import table_words

TOLD_FROM = 0.6
STEPS: tuple[tuple[float, Severity], ...] = ((0.9, "high"), (0.75, "medium"), (0.0, "low"))


@rule("schema.auto-increment", group="schema", severity="medium", dialects=("mysql", "mariadb"), confidence="heuristic")
def auto_increment_near_its_end(ctx: Context) -> Iterator[Finding]:
    """Counters that have used most of what their type holds."""
    for table in ctx.tables():
        column = auto_increment_column(table)
        type_ = integer_type(column) if column is not None else None
        following = table.mysql.auto_increment if table.mysql is not None else None
        if column is not None and type_ is not None and following is not None:
            share = (following - 1) / type_.maximum
            if share >= TOLD_FROM:
                yield _finding(ctx, table, column, type_, following, share)


def _finding(ctx: Context, table: Table, column: Column, type_: IntegerType, following: int, share: float) -> Finding:
    tied = tied_columns(ctx.snapshot, table, column.name)
    others = len(tied) - 1
    change = widened(ctx.snapshot, tied) if type_ != type_.widest else Change()
    left = max(0, type_.maximum - following + 1)
    with_it = (
        f" {plural(others, 'column')} of foreign keys {'goes' if others == 1 else 'go'} with it." if others else ""
    )
    return Finding(
        subject=Subject(table.name.schema, table.name.name, (column.name,)),
        title=f"{table.name}.{column.name} has used {share:.0%} of {type_.words}",
        reason=(
            f"The next value of {column.name} in {table_words(ctx, table)} is {following:,}. {type_.words} ends at "
            f"{type_.maximum:,}: behind {plural(left, 'more value')} every INSERT fails.{with_it}"
        ),
        evidence=Evidence("heuristic"),
        change=change,
        risk=_risk(ctx, {name for name, _ in tied}) if change.up else "",
        severity=next(severity for least, severity in STEPS if share >= least),
        key=column.name,
    )


def _risk(ctx: Context, names: set[QualifiedName]) -> str:
    tables = [table for table in map(ctx.snapshot.table, names) if table is not None and table.mysql is not None]
    size = human_bytes(sum(table.mysql.data_bytes for table in tables if table.mysql is not None))
    what = "The table is" if len(tables) == 1 else f"{len(tables)} tables are"
    return (
        f"{what} copied ({size} without indexes), and writers wait meanwhile. Programs must take the larger values. "
        "There is no way back once one is in."
    )
