"""A column that is joined with an AUTO_INCREMENT column and counts less far.

A foreign key would not allow it: both columns of one are of the same type. Without a foreign key, the counting column
is made wide enough one day, and the one that refers to it is forgotten. It fails, or with a lax `sql_mode` keeps its
largest value in place of each larger one, on the day the counter passes that. The rule goes by the joins of the
workload, and speaks once the counter is past half of what the narrower column holds.

## Example

```sql
-- orders.id is bigint, its next value 1,900,000,000
ALTER TABLE `shop`.`notes` MODIFY COLUMN `order_id` bigint NOT NULL, ALGORITHM=COPY, LOCK=SHARED;
```

## When not to follow it

The column holds numbers of another kind, and the join is a special one.

Source: MySQL manual, "Integer Types", "Out-of-Range and Overflow Handling".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.access import Join
from dbtune.model.names import QualifiedName
from dbtune.model.recommendation import Evidence, StatementEvidence, Subject
from dbtune.model.schema import Column, Table
from dbtune.model.units import human_bytes
from dbtune.planner.gate import PlannedStatement
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.mysql_tables import auto_increment_column
from dbtune.rules.mysql_types import integer_type
from dbtune.rules.mysql_widening import tied_columns, widened
from dbtune.rules.registry import rule
from dbtune.rules.wording import statement_words

TOLD_FROM = 0.5


@rule("schema.narrow-reference", group="schema", severity="high", dialects=("mysql", "mariadb"), confidence="heuristic")
def narrow_reference(ctx: Context) -> Iterator[Finding]:
    """Columns that will not hold the numbers they refer to."""
    wanted = {table.name for table in ctx.tables()}
    seen: set[tuple[QualifiedName, str]] = set()
    for planned in ctx.statements:
        for use in planned.facts.uses:
            table = ctx.snapshot.table(use.table)
            for join in use.joins:
                column = table.column(join.column) if table is not None else None
                if table is None or column is None or use.table not in wanted or (table.name, column.name) in seen:
                    continue
                found = _finding(ctx, planned, table, column, join)
                if found is not None:
                    seen.add((table.name, column.name))
                    yield found


def _finding(ctx: Context, planned: PlannedStatement, table: Table, column: Column, join: Join) -> Finding | None:
    parent = ctx.snapshot.table(join.other_table)
    counted = auto_increment_column(parent) if parent is not None else None
    if parent is None or counted is None or counted.name != join.other_column or parent.mysql is None:
        return None
    narrow, wide = integer_type(column), integer_type(counted)
    following = parent.mysql.auto_increment
    if narrow is None or wide is None or following is None or narrow.maximum >= wide.maximum:
        return None
    share = (following - 1) / narrow.maximum
    if share < TOLD_FROM:
        return None
    statement = planned.statement
    size = table.mysql.data_bytes if table.mysql is not None else 0
    return Finding(
        subject=Subject(table.name.schema, table.name.name, (column.name,)),
        title=f"{table.name}.{column.name} counts less far than {parent.name}.{counted.name}",
        reason=(
            f"{statement_words(planned)} joins them. The next value of {counted.name} ({wide.words}) is {following:,}, "
            f"{share:.0%} of what {narrow.words} holds: {column.name} ends at {narrow.maximum:,}."
        ),
        evidence=Evidence(
            "heuristic",
            statements=(
                StatementEvidence(
                    statement.fingerprint, statement.calls, None, None, statement.text, statement.total_ms
                ),
            ),
        ),
        change=widened(ctx.snapshot, tied_columns(ctx.snapshot, table, column.name), wide),
        risk=f"The table ({human_bytes(size)} without indexes) is copied, and writers wait meanwhile.",
        severity="high" if share >= 0.9 else "medium",
        key=column.name,
    )
