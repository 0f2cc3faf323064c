"""A table in more partitions than its rows are worth.

Every statement that does not fix the key plans each partition, with its indexes and statistics: measured on Postgres,
0.4 ms for 100 partitions and 8 ms for 1,000 (MySQL: 0.3 and 3.5 ms, with the look-up in each), and memory in every
session that plans it. Many small partitions prune no better
than a few larger ones. The rule speaks from 500 partitions on, and from 100 on where they hold less than 8 MiB on
average, the empty ones that lie ahead left out.

## Example

```sql
-- a partition a day for 3 years, 2 MiB each: by month there would be 36
```

## When not to follow it

Each partition is dropped on its day, and nobody reads more than one.

Source: PostgreSQL manual, "Best Practices for Declarative Partitioning"; the figures are in docs/partitioning.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.recommendation import Evidence, Subject
from dbtune.model.schema import Table
from dbtune.model.units import human_bytes, plural
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.partition_parts import has_rows
from dbtune.rules.partition_reads import partition_reads
from dbtune.rules.partition_tree import leaves, partitioned_table
from dbtune.rules.partitioning import planning_ms
from dbtune.rules.registry import rule

MANY, VERY_MANY = 100, 500
SMALL_BYTES = 8 * 1024 * 1024


@rule(
    "partition.too-many",
    group="partition",
    severity="low",
    dialects=("postgres", "mysql", "mariadb"),
    confidence="heuristic",
)
def too_many_partitions(ctx: Context) -> Iterator[Finding]:
    """Partitioned tables at the top of their tree with many, or many small, partitions."""
    for table in ctx.tables():
        if partitioned_table(ctx.snapshot, table) is None or table.parents:
            continue
        filled = [leaf for leaf in leaves(ctx.snapshot, table) if has_rows(leaf)]
        if len(filled) < MANY:
            continue
        average = sum(leaf.file_pages for leaf in filled) * ctx.snapshot.server.block_size / len(filled)
        if len(filled) >= VERY_MANY or average < SMALL_BYTES:
            yield _finding(ctx, table, len(filled), average)


def _finding(ctx: Context, table: Table, filled: int, average: float) -> Finding:
    reads = partition_reads(ctx, table)
    longer = planning_ms(filled, ctx.snapshot.server.dialect)
    unpruned = ""
    if reads.statements:
        unpruned = f"; statements with {1 - reads.pruned_calls:.0%} of the calls on it read most of them"
    return Finding(
        subject=Subject(table.name.schema, table.name.name),
        title=f"{table.name} is in {plural(filled, 'partition')}",
        reason=(
            f"They hold {human_bytes(average)} on average. A statement that does not fix {table.partition_key} takes "
            f"about {longer:.2g} ms longer to plan{unpruned}."
        ),
        evidence=Evidence("heuristic"),
        risk="Wider ones can be made for rows to come; those that are there, merged once they are no longer written.",
        severity="medium" if reads.statements and reads.pruned_calls < 0.5 and filled >= VERY_MANY else None,
        key="too-many",
    )
