"""A partitioned table nearly all of whose rows are in one partition, which is large.

Such a partition saves nothing: statements read it, vacuum works on it and its indexes are as large as those of a
table that is not partitioned. It is what a conversion leaves behind that was never split, a range that is too wide, a
value that most rows have, or a hash of values that all leave the same remainder. The rule speaks where one partition is
larger than the memory for caching (`effective_cache_size`, on MySQL and MariaDB `innodb_buffer_pool_size`), or holds
nine tenths of the rows of a table, and is of 256 MiB at least. Of default partitions and MAXVALUE
[partition.default](partition.default.md) speaks.

## Example

```sql
-- events_history has 98% of the rows of events: split it, or leave it to be dropped as a whole one day
```

## When not to follow it

The large partition is old and will be dropped as a whole, and nobody reads it.

Source: PostgreSQL manual, "Best Practices for Declarative Partitioning"; MySQL manual, "Partitioning Types".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbtune.model.mysql import partition_of
from dbtune.model.recommendation import Evidence, Subject
from dbtune.model.schema import Table
from dbtune.model.units import human_bytes, plural
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.mysql_tables import is_mysql
from dbtune.rules.partition_parts import PartitionedTable
from dbtune.rules.partition_tree import leaves, partitioned_table
from dbtune.rules.partitioning import memory_bytes, ways_of
from dbtune.rules.registry import rule

NEARLY_ALL = 0.9

WHY = {
    "range": "Its range is too wide, or was never split.",
    "list": "Most rows have its values.",
    "hash": "Most rows have the same value, or values with the same remainder.",
}


@rule(
    "partition.too-few",
    group="partition",
    severity="low",
    dialects=("postgres", "mysql", "mariadb"),
    confidence="heuristic",
)
def too_few_partitions(ctx: Context) -> Iterator[Finding]:
    """Partitioned tables at the top of their tree with one partition that is too large."""
    memory = memory_bytes(ctx.snapshot)
    for table in ctx.tables():
        found = partitioned_table(ctx.snapshot, table)
        if found is None or table.parents:
            continue
        parts = list(leaves(ctx.snapshot, table))
        largest = max(parts, key=lambda leaf: leaf.file_pages, default=None)
        if (
            largest is None
            or len(parts) < 2
            or (found.default is not None and found.default.table.name == largest.name)
        ):
            continue
        size = largest.file_pages * ctx.snapshot.server.block_size
        share = largest.file_pages / max(1, sum(leaf.file_pages for leaf in parts))
        if size >= ctx.options.partition_bytes and (share >= NEARLY_ALL or (memory is not None and size > memory)):
            yield _finding(ctx, found, parts, largest, share)


def _finding(ctx: Context, found: PartitionedTable, parts: Sequence[Table], largest: Table, share: float) -> Finding:
    """``share``: of the table's pages, those of the largest."""
    table, memory = found.table, memory_bytes(ctx.snapshot)
    size = largest.file_pages * ctx.snapshot.server.block_size
    of_mysql = is_mysql(ctx.snapshot)
    name = partition_of(largest.name) if of_mysql else largest.name.name
    setting = ways_of(ctx.snapshot).memory_setting
    beyond = f", more than the {human_bytes(memory)} of {setting}" if memory and size > memory else ""
    on_it = "Statements on it cost" if of_mysql else "Statements on it, and its vacuum, cost"
    return Finding(
        subject=Subject(table.name.schema, table.name.name if of_mysql else largest.name.name),
        title=f"{name} holds {share:.0%} of {table.name}",
        reason=(
            f"Of {plural(len(parts), 'partition')} of {table.name}, this one has {human_bytes(size)}{beyond}. "
            f"{f'{WHY[found.kind]} ' if share >= NEARLY_ALL else ''}{on_it} what they would without partitions."
        ),
        evidence=Evidence("heuristic"),
        risk="Splitting it copies its rows, and writers of the table wait."
        if of_mysql
        else "Splitting it copies its rows.",
        key="too-few",
    )
