"""A wide primary key, which every entry of every other index of the table holds.

InnoDB finds a row by its primary key, so each secondary index ends with the key's columns. With several indexes on a
large table a key of text or of many columns takes more space there than a number and a unique index on today's key
would. The sizes are computed for both; the rule speaks where the second is at least 10 MiB and a fifth smaller.

It is only told, without SQL: all foreign keys, and the programs that write the table, go by the key there is.

## Example

```sql
-- PRIMARY KEY (tenant, mailbox, message_id) with five other indexes, against
--   id bigint AUTO_INCREMENT PRIMARY KEY, UNIQUE KEY (tenant, mailbox, message_id)
```

## When not to follow it

Most reads are of ranges of the primary key: its order keeps these rows together, which no other index does.

Source: MySQL manual, "Clustered and Secondary Indexes", "Optimizing InnoDB Queries".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.recommendation import Evidence, Subject
from dbtune.model.units import human_bytes
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.mysql_key_cost import with_surrogate
from dbtune.rules.mysql_tables import is_innodb
from dbtune.rules.registry import rule
from dbtune.rules.schema.uuid_primary_key import is_uuid
from dbtune.rules.wording import table_words

LEAST_SHARE = 0.2


@rule("schema.wide-primary-key", group="schema", severity="info", dialects=("mysql", "mariadb"), confidence="estimated")
def wide_primary_key(ctx: Context) -> Iterator[Finding]:
    """Keys in whose place a number and one more index would take less."""
    for table in ctx.tables():
        key = table.primary_key
        columns = [table.column(name) for name in key.columns] if key is not None else []
        if key is None or not is_innodb(table) or any(column is not None and is_uuid(column) for column in columns):
            continue
        cost = with_surrogate(table, ctx.rows(table) or 0.0, ctx.snapshot.server.block_size)
        if cost.saved < ctx.options.bloat_bytes or cost.saved < LEAST_SHARE * cost.now:
            continue
        number = sum(1 for index in table.indexes if not index.primary)
        yield Finding(
            subject=Subject(table.name.schema, table.name.name, key.columns),
            title=f"The primary key of {table.name} is wide",
            reason=(
                f"Each of the {number} other indexes of {table_words(ctx, table)} holds ({', '.join(key.columns)}) in "
                f"every entry: together they take about {human_bytes(cost.now)}. With a bigint as the key they, and a "
                f"unique index on these columns, would take {human_bytes(cost.then)}."
            ),
            evidence=Evidence("estimated"),
        )
