"""A partitioned table whose key prunes nothing: the workload asks by other columns, and visits every partition.

Every plan of the workload's statements on the table is looked at for the partitions that it reads. Where nearly all
statements read nearly all of them, the partitions save no work; they cost planning time and as many index descents as
there are partitions. What is left is what partitions do for upkeep: dropping old rows, vacuuming in parts.

## Example

```sql
-- events is partitioned by created_at
SELECT * FROM events WHERE user_id = 42;                                -- reads every partition
SELECT * FROM events WHERE user_id = 42 AND created_at > now() - interval '7 days';   -- reads one
SELECT * FROM events WHERE YEAR(created_at) = 2026;                     -- reads every partition
```

On MySQL and MariaDB ranges of TO_DAYS() are told besides, where statements read the first one for nothing but NULL.

## When not to follow it

The partitions are there for the retention, and the statements are cheap enough. A query that could name the key, and
does not, is better changed than the table.

Source: PostgreSQL manual, "Partition Pruning"; MySQL manual, "Partition Pruning", "How MySQL Partitioning Handles
NULL".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbtune.candidates.partitions import key_uses
from dbtune.model.names import QualifiedName
from dbtune.model.recommendation import Evidence, StatementEvidence, Subject
from dbtune.model.units import plural
from dbtune.planner.gate import PlannedStatement
from dbtune.planner.partitions.pruning import read_by
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.ledger import statement_evidence
from dbtune.rules.mysql_partition_changes import empty_first_range
from dbtune.rules.partition_parts import PartitionedTable, has_rows
from dbtune.rules.partition_reads import Reads, partition_reads
from dbtune.rules.partition_tree import partitioned_table
from dbtune.rules.partitioning import planning_ms
from dbtune.rules.registry import rule
from dbtune.rules.wording import short_text

FEWEST_PARTS = 4
FEWEST_FOR_NULLS = 3
HARDLY_ANY = 0.1
"""Share of the calls, and of the cost, up to which the key is said to prune nothing."""


@rule(
    "partition.unpruned",
    group="partition",
    severity="low",
    dialects=("postgres", "mysql", "mariadb"),
    after=("index.missing",),
)
def unpruned_key(ctx: Context) -> Iterator[Finding]:
    """Partitioned tables at the top of their tree that hardly a statement prunes."""
    for table in ctx.tables():
        found = partitioned_table(ctx.snapshot, table)
        if found is None or table.parents:
            continue
        reads = partition_reads(ctx, table)
        if reads.filled >= FEWEST_PARTS and reads.statements and max(reads.pruned, reads.pruned_calls) <= HARDLY_ANY:
            yield _finding(ctx, found, reads, (table.partition_key or "").partition("(")[2].rpartition(")")[0])
        elif reads.filled >= FEWEST_FOR_NULLS:
            yield from _read_for_nulls(ctx, found, reads)


def _finding(ctx: Context, found: PartitionedTable, reads: Reads, key: str) -> Finding:
    name = reads.table.name
    statements = [planned for planned, _ in reads.statements]
    cost = {p.fingerprint: p.calls * ctx.ledger.costs[p.fingerprint].cost for p in statements}
    uses = key_uses(reads.table, statements, cost)
    other = max(uses.items(), key=lambda item: item[1].total, default=None)
    instead = ""
    column = found.column.name if found.column is not None else key
    if other is not None and other[0] != column and other[1].total > 0.5 * sum(cost.values()):
        instead = f" They ask by {other[0]} most."
    own = uses.get(column)
    if found.kind == "hash" and own is not None and own.by_range > 0:
        instead += f" A hash of {column} is pruned by = and IN alone, and they compare it otherwise."
    wrapped = _wrapped(reads.table.name, statements, column)
    if wrapped:
        instead += f" `{wrapped}` hides {column} in a function: only comparisons with {column} itself prune."
    worst = max(statements, key=lambda planned: cost[planned.fingerprint])
    return Finding(
        subject=Subject(name.schema, name.name),
        title=f"Partition key of {name} prunes nothing",
        reason=(
            f"It is partitioned by {key}, and statements with {1 - reads.pruned_calls:.0%} of the calls on it read "
            f"nearly all of {plural(reads.filled, 'partition')}, first of all "
            f"`{short_text(worst.statement.text)}`.{instead} "
            f"Planning each takes about {planning_ms(reads.filled, ctx.snapshot.server.dialect):.2g} ms longer."
        ),
        evidence=Evidence(
            ctx.planner.confidence, ctx.planner.name, statements=tuple(_evidence(ctx, p) for p in statements)
        ),
        risk="Another key means a new table. Look first whether the statements can name this one.",
        key="unpruned",
    )


def _wrapped(table: QualifiedName, statements: Sequence[PlannedStatement], column: str) -> str:
    """A condition on a function of the key."""
    uses = (use for planned in statements for use in planned.facts.uses if use.table == table)
    found = (p for use in uses for p in use.predicates if p.column is None and p.expression is not None)
    return next((short_text(p.expression) for p in found if p.expression_columns == (column,) and p.expression), "")


def _read_for_nulls(ctx: Context, found: PartitionedTable, reads: Reads) -> Iterator[Finding]:
    """The first range of TO_DAYS, where plans read it, leave out the second, and go on behind it.

    TO_DAYS makes NULL of a date that is none, and NULL lies in the first range.
    """
    first, second = found.parts[:2]
    change = empty_first_range(ctx.snapshot, found)
    if change is None or not has_rows(first.table):
        return
    hit = []
    for planned, _ in reads.statements:
        read = [read_by(plan) for plan in ctx.ledger.costs[planned.fingerprint].plans]
        if any(first.table.name in one and len(one) > 2 and second.table.name not in one for one in read):
            hit.append(planned)
    if not hit:
        return
    name = found.table.name
    assert found.column is not None
    yield Finding(
        subject=Subject(name.schema, name.name, (found.column.name,)),
        title=f"Ranges of {found.column.name} read {first.name} of {name} as well",
        reason=(
            f"{name} is in {found.table.partition_key}, which is NULL for a date that is none, and NULL lies in the "
            f"first range: {plural(len(hit), 'statement')} of the workload, such as "
            f"`{short_text(hit[0].statement.text)}`, read{'s' if len(hit) == 1 else ''} {first.name} beside those "
            "asked for. An empty first range costs nothing; RANGE COLUMNS would need none."
        ),
        evidence=Evidence(
            ctx.planner.confidence, ctx.planner.name, statements=tuple(_evidence(ctx, planned) for planned in hit)
        ),
        change=change,
        risk=f"REORGANIZE PARTITION copies the rows of {first.name}, and writers of {name} wait meanwhile.",
        key="nulls",
    )


def _evidence(ctx: Context, planned: PlannedStatement) -> StatementEvidence:
    cost = ctx.ledger.costs[planned.fingerprint]
    return statement_evidence(planned, cost, cost)
