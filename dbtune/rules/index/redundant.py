"""An index whose keys another index begins with.

A B-tree on `(customer_id)` finds nothing that one on `(customer_id, created_at)` does not find, and every write pays
for both. The wider one is a little slower to read whole, so the workload is planned without the narrower one: nothing
is said where a statement would become more than 5% dearer. The wider index may be one that this report recommends.

Both must be B-trees with the same condition, operator classes, collations and directions (or all directions turned);
the narrower one may not be unique, nor belong to a constraint, nor hold INCLUDE columns that the wider one lacks.

InnoDB (MySQL, MariaDB) ends every secondary index with the columns of the primary key: beside a unique index on
`(email)`, one on `(email, id)` holds the same rows in the same order. An index of the first characters of a column
(`name(10)`) is redundant beside one of more of them. One that a foreign key needs, or a statement names in a hint,
stays; one that is hidden (`INVISIBLE`, `IGNORED`) stands in for none; FULLTEXT and SPATIAL indexes are never compared.

## Example

```sql
CREATE INDEX orders_customer ON orders (customer_id);
CREATE INDEX orders_customer_date ON orders (customer_id, created_at);

DROP INDEX CONCURRENTLY IF EXISTS public.orders_customer;

ALTER TABLE `shop`.`orders` DROP INDEX `orders_customer`, ALGORITHM=INPLACE, LOCK=NONE;   -- MySQL, MariaDB
```

## When not to follow it

The wider index is several times as large and the narrower one is read all the time: then its pages stay in the cache
where the wider one's do not. The severity is lower in that case, and the reason says how much wider.

Source: PostgreSQL manual, "Multicolumn Indexes"; PostgreSQL wiki, "Index Maintenance"; MySQL manual, "Use of Index
Extensions", "Clustered and Secondary Indexes".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.schema import Index, IndexKey, Table
from dbtune.model.units import human_bytes
from dbtune.rules.changes import drop
from dbtune.rules.context import Context
from dbtune.rules.dropping import drop_evidence, harmless, must_stay, serves_nothing_else, subject_of
from dbtune.rules.finding import Finding
from dbtune.rules.mysql_redundancy import begins_with, ends_with_the_rows_key
from dbtune.rules.mysql_tables import is_mysql
from dbtune.rules.registry import rule
from dbtune.rules.wording import key_words, table_words, upkeep_words

NOTICEABLY_WIDER = 1.2
BY_THE_ROWS_KEY = ", since InnoDB ends each index with the columns of the primary key"
MUCH_WIDER = 3.0
"""From this ratio of sizes on the wider index is no full stand-in for the cache's sake."""


@rule(
    "index.redundant",
    group="index",
    severity="medium",
    dialects=("postgres", "mysql", "mariadb"),
    after=("index.missing", "index.invalid", "query.collation-mismatch", "query.implicit-cast", "index.duplicate"),
)
def redundant_index(ctx: Context) -> Iterator[Finding]:
    """Indexes that another one of the table, existing or recommended, begins with."""
    for table in ctx.tables():
        if ctx.is_small(table):
            continue
        for index in ctx.existing_indexes(table):
            if must_stay(index) or index.unique or index.method != "btree":
                continue
            if not serves_nothing_else(ctx, table, index):
                continue
            wider = [other for other in ctx.kept_indexes(table) if _stands_in(ctx, table, other, index)]
            if wider:
                yield from _finding(ctx, table, index, min(wider, key=lambda other: _width(ctx, other)))


def _stands_in(ctx: Context, table: Table, wider: Index, narrower: Index) -> bool:
    if not is_mysql(ctx.snapshot):
        return covers(wider, narrower)
    return begins_with(wider, narrower) or ends_with_the_rows_key(wider, narrower, table)


def covers(wider: Index, narrower: Index) -> bool:
    """Whether every question to the narrower B-tree can be answered by the wider one in the same order."""
    length = len(narrower.keys)
    if wider.method != "btree" or wider.predicate != narrower.predicate or len(wider.keys) < length:
        return False
    if len(wider.keys) == length and not (wider.include or wider.unique):
        return False  # the same keys: a duplicate, or a mirror image
    if wider == narrower or not set(narrower.include) <= {*wider.columns, *wider.include}:
        return False
    begins = wider.keys[:length]
    return begins == narrower.keys or begins == tuple(_turned(key) for key in narrower.keys)


def _turned(key: IndexKey) -> IndexKey:
    """The key as a backward scan reads it."""
    return IndexKey(key.column, key.expression, not key.descending, not key.nulls_first, key.opclass, key.collation)


def _width(ctx: Context, index: Index) -> tuple[int, str]:
    return (ctx.index_bytes(index), index.name)


def _finding(ctx: Context, table: Table, index: Index, wider: Index) -> Iterator[Finding]:
    comparison = ctx.ledger.without(index)
    if not harmless(ctx, comparison):
        return
    own, others = ctx.index_bytes(index), ctx.index_bytes(wider)
    ratio = others / own if own > 0 else 1.0
    is_new = wider.facts is None
    origin = ", which this report recommends," if is_new else ""
    rise = f" (the dearest by {comparison.worst_rise:.1%})" if comparison.worst_rise > 0.001 else ""
    dearer = sum(after.cost > before.cost for _, before, after in comparison.changed)
    effect = f"{dearer} of its statements become dearer{rise}" if rise else "no statement becomes dearer"
    begins = wider.columns[: len(index.keys)] == index.columns
    why = "" if begins else BY_THE_ROWS_KEY
    how = "begins with its columns" if begins else "holds the same rows in the same order"
    yield Finding(
        subject=subject_of(index),
        title=f"Drop {index.full_name.name}: {wider.name} {how}",
        reason=(
            f"Every search that {index.name} {key_words(index)} on {table_words(ctx, table)} serves, "
            f"{wider.name} {key_words(wider)}{origin} serves as well{why}: without it {effect}. "
            f"{upkeep_words(ctx, table, index)}."
        ),
        evidence=drop_evidence(ctx, table, index, comparison),
        change=drop(index, ctx.snapshot, ctx.ledger.tree),
        risk=_risk(wider, others, ratio, is_new=is_new),
        severity="low" if is_new or ratio > MUCH_WIDER or not ctx.rows(table) else "medium",
        drop=frozenset({index.full_name}),
    )


def _risk(wider: Index, size: int, ratio: float, *, is_new: bool) -> str:
    words = f"{wider.name} takes {human_bytes(size)}"
    words += f", {ratio:.1f} times as much, so less of it stays in the cache." if ratio >= NOTICEABLY_WIDER else "."
    return f"Build {wider.name} first. {words}" if is_new else words
