"""A partitioned table nearly all of whose rows are in one partition, which is large.

Such a partition saves nothing: statements read it, vacuum works on it and its indexes are as large as those of a
table that is not partitioned. It is what a conversion leaves behind that was never split, or a range that is too
wide. The rule speaks where one partition is larger than the memory for caching (`effective_cache_size`), or holds
nine tenths of the rows of a table of 256 MiB at least.

## Example

```sql
-- events_history has 98% of the rows of events: split it, or leave it to be dropped as a whole one day
```

## When not to follow it

The large partition is old and will be dropped as a whole, and nobody reads it.

Source: PostgreSQL manual, "Best Practices for Declarative Partitioning".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.recommendation import Evidence, Subject
from dbtune.model.schema import Table
from dbtune.model.units import human_bytes, plural
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.partition_tree import leaves, partitioned_table
from dbtune.rules.partitioning import memory_bytes
from dbtune.rules.registry import rule

NEARLY_ALL = 0.9


@rule("partition.too-few", group="partition", severity="low", confidence="heuristic")
def too_few_partitions(ctx: Context) -> Iterator[Finding]:
    """Partitioned tables at the top of their tree with one partition that is too large."""
    for table in ctx.tables():
        if partitioned_table(ctx.snapshot, table) is None or table.parents:
            continue
        parts = list(leaves(ctx.snapshot, table))
        largest = max(parts, key=lambda leaf: leaf.file_pages, default=None)
        if largest is None or len(parts) < 2:
            continue
        size = largest.file_pages * ctx.snapshot.server.block_size
        share = largest.file_pages / max(1, sum(leaf.file_pages for leaf in parts))
        memory = memory_bytes(ctx.snapshot)
        if size >= ctx.options.partition_bytes and (share >= NEARLY_ALL or (memory is not None and size > memory)):
            yield _finding(table, largest, len(parts), share, size, memory)


def _finding(table: Table, largest: Table, parts: int, share: float, size: int, memory: int | None) -> Finding:
    beyond = f", more than the {human_bytes(memory)} of effective_cache_size" if memory and size > memory else ""
    return Finding(
        subject=Subject(table.name.schema, largest.name.name),
        title=f"{largest.name} holds {share:.0%} of {table.name}",
        reason=(
            f"Of {plural(parts, 'partition')} of {table.name}, this one has {human_bytes(size)}{beyond}. Statements on "
            "it, and its vacuum, cost what they would without partitions."
        ),
        evidence=Evidence("heuristic"),
        risk="Splitting it copies its rows.",
        key="too-few",
    )
