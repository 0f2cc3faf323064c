"""An index that some partitions of a table have and others lack.

An index made on the partitioned table is made on every partition; one made on partitions by hand is missing on those
that came later, and on those that were forgotten. Statements are fast or slow by the rows they ask for. The rule
looks for indexes that at least half of the partitions with rows have, and proposes them for the others. Where the
partitioned table's own index is invalid for want of theirs, they are attached, and the last one makes it valid.

## Example

```sql
CREATE INDEX CONCURRENTLY idx_events_2026_03_user_id ON public.events_2026_03 (user_id);
```

## When not to follow it

Old partitions are indexed otherwise on purpose: they are read by other statements, or hardly at all.

Source: PostgreSQL manual, "Table Partitioning"; CREATE INDEX, "ONLY".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dbtune.ddl.indexes import create_index, drop_index, index_name
from dbtune.ddl.partitioned import taken_names
from dbtune.ddl.tables import attach_index
from dbtune.model.recommendation import Change, Evidence, Subject
from dbtune.model.schema import Index, Table
from dbtune.model.units import plural
from dbtune.rules.changes import drop
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.partition_parts import has_rows
from dbtune.rules.partition_tree import leaves, partitioned_table
from dbtune.rules.registry import rule
from dbtune.rules.wording import key_words

Shape = tuple[object, ...]

MOST = 0.5
"""Share of the partitions with rows that have the index, for it to be missing on the others."""


@rule(
    "partition.index",
    group="partition",
    severity="medium",
    confidence="heuristic",
    after=("index.missing", "index.redundant", "index.duplicate", "index.unused", "index.invalid"),
)
def index_on_some(ctx: Context) -> Iterator[Finding]:
    """Each index that most partitions have, with the partitions that lack it."""
    for table in ctx.tables():
        if partitioned_table(ctx.snapshot, table) is None or table.parents:
            continue
        filled = [leaf for leaf in leaves(ctx.snapshot, table) if has_rows(leaf) and leaf.kind == "table"]
        having: dict[Shape, list[Index]] = {}
        for leaf in filled:
            for shape, index in {_shape(index): index for index in ctx.existing_indexes(leaf)}.items():
                having.setdefault(shape, []).append(index)
        for shape, indexes in having.items():
            lacking = [leaf for leaf in filled if all(_shape(i) != shape for i in ctx.kept_indexes(leaf))]
            lacking = [leaf for leaf in lacking if not ctx.is_small(leaf)]
            new_on_all = any(_shape(index) == shape for index in ctx.configuration.add if index.table == table.name)
            if lacking and len(indexes) >= MOST * len(filled) and not new_on_all:
                yield _finding(ctx, table, indexes[0], lacking, len(filled))


def _shape(index: Index) -> Shape:
    """What the index is on, whichever partition it is of."""
    return index.shape[1:]


def _finding(ctx: Context, table: Table, like: Index, lacking: list[Table], filled: int) -> Finding:
    name = table.name
    change = _change(ctx, table, like, lacking)
    words = key_words(like)
    named = ", ".join(str(leaf.name) for leaf in lacking[:3])
    more = f" and {len(lacking) - 3} more" if len(lacking) > 3 else ""
    return Finding(
        subject=Subject(name.schema, name.name, like.columns),
        title=f"Index {words} is missing on {plural(len(lacking), 'partition')} of {name}",
        reason=f"Of {plural(filled, 'partition')} with rows, {filled - len(lacking)} have it; {named}{more} "
        f"{'does' if len(lacking) == 1 else 'do'} not.",
        evidence=Evidence("heuristic"),
        change=change,
        risk="Each build reads a partition, and waits for all open transactions; it does not block writers.",
        key=repr(_shape(like)),
    )


def _change(ctx: Context, table: Table, like: Index, lacking: list[Table]) -> Change:
    """Builds on the partitions, attached to the partitioned table's own index where that is waiting for them."""
    parent = next(
        (i for i in table.indexes if _shape(i) == _shape(like) and i.facts is not None and not i.facts.valid), None
    )
    up, down = [], []
    taken = {schema: taken_names(ctx.snapshot, schema) for schema in {leaf.name.schema for leaf in lacking}}
    for leaf in lacking:
        own = replace(like, table=leaf.name, facts=None, primary=False)
        own = replace(own, name=index_name(own, taken[leaf.name.schema]))
        taken[leaf.name.schema].add(own.name)
        up.append(create_index(own))
        if parent is not None and leaf.parents == (table.name,):
            up.append(attach_index(parent.qualified_name, own))
        else:
            down.append(drop_index(own.qualified_name))
    if parent is not None:  # an attached index cannot be dropped by itself
        whole = drop(parent, ctx.snapshot, ctx.ledger.tree)
        down = [*reversed(down), *whole.up, *whole.down]
    return Change(tuple(up), tuple(down))
