"""A B-tree several times as large as its rows need.

Pages that deletes and updates have emptied in part stay in the index; it takes more memory, and scans read more
pages. The size is compared with what CREATE INDEX would build now, predicted from the statistics (key widths,
duplicates and their deduplication, fill factor): it is reported where the index is more than twice as large and 10 MB
would come back.

## Example

```sql
SELECT pg_size_pretty(pg_relation_size('orders_pkey'));   -- 900 MB, where 310 MB would do

REINDEX INDEX CONCURRENTLY public.orders_pkey;
```

## When not to follow it

An index whose rows come and go in waves grows to the same size again. The prediction is a model: look with
`pgstatindex` (extension pgstattuple) before rebuilding a very large one.

Source: PostgreSQL manual, "Routine Reindexing"; src/backend/access/nbtree/nbtsort.c for how a build fills its pages.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.recommendation import Evidence
from dbtune.model.schema import Index, Table
from dbtune.model.units import human_bytes
from dbtune.planner.index_size import index_pages
from dbtune.rules.changes import rebuild
from dbtune.rules.context import Context
from dbtune.rules.dropping import subject_of
from dbtune.rules.finding import Finding
from dbtune.rules.registry import rule
from dbtune.rules.wording import key_words, table_words


@rule(
    "index.bloated",
    group="index",
    severity="low",
    confidence="estimated",
    after=("index.duplicate", "index.redundant", "index.unused", "index.invalid"),
)
def bloated_index(ctx: Context) -> Iterator[Finding]:
    """B-trees of analysed tables; a partitioned index has no pages, those of its partitions are looked at."""
    for table in ctx.tables():
        if table.kind == "partitioned" or not ctx.rows(table):
            continue
        for index in ctx.existing_indexes(table):
            if index.method == "btree" and not index.exclusion:
                yield from _finding(ctx, table, index)


def _finding(ctx: Context, table: Table, index: Index) -> Iterator[Finding]:
    size = ctx.index_bytes(index)
    needed = index_pages(index, table, ctx.snapshot).bytes
    wasted = size - needed
    if size < ctx.options.bloat_factor * needed or wasted < ctx.options.bloat_bytes:
        return
    yield Finding(
        subject=subject_of(index),
        title=f"Rebuild {index.name}: {human_bytes(wasted)} of its {human_bytes(size)} would come back",
        reason=(
            f"{index.name} {key_words(index)} on {table_words(ctx, table)} takes {human_bytes(size)}; built now it "
            f"would take about {human_bytes(needed)}. Scans and the cache pay for the rest."
        ),
        evidence=Evidence("estimated", bytes=wasted),
        change=rebuild(index),
        risk=f"The rebuild needs {human_bytes(needed)} of space beside the old one until it is done. There is no way "
        "back, and none is needed: the index holds the same.",
        severity="medium" if wasted >= 100 * ctx.options.bloat_bytes else None,
    )
