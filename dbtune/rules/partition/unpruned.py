"""A partitioned table whose key prunes nothing: the workload asks by other columns, and visits every partition.

Every plan of the workload's statements on the table is looked at for the partitions that it reads. Where nearly all
statements read nearly all of them, the partitions save no work; they cost planning time and as many index descents as
there are partitions. What is left is what partitions do for upkeep: dropping old rows, vacuuming in parts.

## Example

```sql
-- events is partitioned by created_at
SELECT * FROM events WHERE user_id = 42;                                -- reads every partition
SELECT * FROM events WHERE user_id = 42 AND created_at > now() - interval '7 days';   -- reads one
```

## When not to follow it

The partitions are there for the retention, and the statements are cheap enough. A query that could name the key, and
does not, is better changed than the table.

Source: PostgreSQL manual, "Partition Pruning".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.candidates.partitions import key_uses
from dbtune.model.recommendation import Evidence, StatementEvidence, Subject
from dbtune.model.units import plural
from dbtune.planner.gate import PlannedStatement
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.ledger import statement_evidence
from dbtune.rules.partition_reads import Reads, partition_reads
from dbtune.rules.partition_tree import partitioned_table
from dbtune.rules.partitioning import planning_ms
from dbtune.rules.registry import rule
from dbtune.rules.wording import short_text

FEWEST_PARTS = 4
HARDLY_ANY = 0.1
"""Share of the calls, and of the cost, up to which the key is said to prune nothing."""


@rule("partition.unpruned", group="partition", severity="low", after=("index.missing",))
def unpruned_key(ctx: Context) -> Iterator[Finding]:
    """Partitioned tables at the top of their tree that hardly a statement prunes."""
    for table in ctx.tables():
        found = partitioned_table(ctx.snapshot, table)
        if found is None or table.parents:
            continue
        reads = partition_reads(ctx, table)
        if reads.filled >= FEWEST_PARTS and reads.statements and max(reads.pruned, reads.pruned_calls) <= HARDLY_ANY:
            yield _finding(ctx, reads, (table.partition_key or "").partition("(")[2].rpartition(")")[0])


def _finding(ctx: Context, reads: Reads, key: str) -> Finding:
    name = reads.table.name
    statements = [planned for planned, _ in reads.statements]
    cost = {p.fingerprint: p.calls * ctx.ledger.costs[p.fingerprint].cost for p in statements}
    uses = key_uses(reads.table, statements, cost)
    other = max(uses.items(), key=lambda item: item[1].total, default=None)
    instead = ""
    if other is not None and other[0] != key and other[1].total > 0.5 * sum(cost.values()):
        instead = f" They ask by {other[0]} most."
    worst = max(statements, key=lambda planned: cost[planned.fingerprint])
    return Finding(
        subject=Subject(name.schema, name.name),
        title=f"Partition key of {name} prunes nothing",
        reason=(
            f"It is partitioned by {key}, and statements with {1 - reads.pruned_calls:.0%} of the calls on it read "
            f"nearly all of {plural(reads.filled, 'partition')}, first of all "
            f"`{short_text(worst.statement.text)}`.{instead} "
            f"Planning each takes about {planning_ms(reads.filled):.2g} ms longer."
        ),
        evidence=Evidence(
            ctx.planner.confidence, ctx.planner.name, statements=tuple(_evidence(ctx, p) for p in statements)
        ),
        risk="Another key means a new table. Look first whether the statements can name this one.",
        key="unpruned",
    )


def _evidence(ctx: Context, planned: PlannedStatement) -> StatementEvidence:
    cost = ctx.ledger.costs[planned.fingerprint]
    return statement_evidence(planned, cost, cost)
