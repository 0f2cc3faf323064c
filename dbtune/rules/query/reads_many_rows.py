"""A new query that reads a large table from one end to the other.

On the developer's machine it is fast, for the table has a hundred rows there. It was planned with production's
statistics: the rows that its plan reads are those of production. Where an index would help, the search for missing
indexes was asked about this query alone, and its answer is given with the cost that the planner gives for it.

A table of less than 10 MiB is no finding, nor is a scan that a LIMIT ends early.

## Example

```sql
SELECT * FROM orders WHERE total = $1;
-- reads 40,000,000 rows of orders

CREATE INDEX CONCURRENTLY idx_orders_total ON public.orders (total);
```

## When not to follow it

The query is a report that is meant to go over everything, and runs where that hurts nobody.

Source: PostgreSQL manual, Using EXPLAIN.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.plan import Plan
from dbtune.model.recommendation import Change, Evidence, Recommendation, Severity, StatementEvidence
from dbtune.rules.finding import Finding
from dbtune.rules.migration_context import MigrationContext, NewQuery, cost_number
from dbtune.rules.migration_findings import about
from dbtune.rules.migration_rules import ALL, migration_rule
from dbtune.rules.query_reads import Read, rows_read
from dbtune.rules.wording import rows_words, short_text

MANY_ROWS = 100_000
MEDIUM_ROWS = 1_000_000
HIGH_ROWS = 10_000_000

MUCH_CHEAPER = 0.1
"""Of the cost is left with an index: the scan is not what the query needs."""


@migration_rule("query.reads-many-rows", severity="medium", dialects=ALL)
def reads_many_rows(ctx: MigrationContext) -> Iterator[Finding]:
    """One finding for each query, about the table of which it reads most."""
    for query in ctx.queries:
        if query.cost is None:
            continue
        reads = [read for read in _reads(ctx, query.cost.plans) if read.rows >= MANY_ROWS]
        if reads:
            yield _finding(ctx, query, max(reads, key=lambda read: read.rows), query.cost.cost)


def _reads(ctx: MigrationContext, plans: tuple[Plan, ...]) -> Iterator[Read]:
    for plan in plans:
        for read in rows_read(plan, ctx.after):
            if not ctx.is_small(read.table):
                yield read


def _finding(ctx: MigrationContext, query: NewQuery, read: Read, cost: float) -> Finding:
    statement = query.planned.statement
    # each is priced beside those above it, so that the least cost is that with all of them
    then = min((_cost_with(one, query) for one in query.indexes), default=cost)
    helps = then < cost
    times = f", {rows_words(read.loops).replace('rows', 'times').replace('row', 'times')}" if read.loops >= 2 else ""
    reason = (
        f"`{short_text(statement.text)}` reads {rows_words(read.rows)} of {ctx.table_words(read.table)} by a "
        f"{read.how}{times}; planner cost {cost_number(cost)}."
    )
    if helps:
        names = " and ".join(one.object.index or "" for one in query.indexes)
        reason += f" With {names} it costs {cost_number(then)}."
    return Finding(
        subject=about(read.table),
        title=f"this query reads {rows_words(read.rows)} of {read.table}",
        reason=reason,
        evidence=Evidence(
            ctx.confidence,
            ctx.planner,
            statements=(
                StatementEvidence(
                    statement.fingerprint, statement.calls, cost, then if helps else cost, statement.text
                ),
            ),
        ),
        severity=_severity(read, then / cost if helps and cost > 0 else 1.0),
        change=_built(query) if helps else Change(),
        key=f"{query.location.file_identity}\0{statement.fingerprint}",
        location=query.location,
    )


def _built(query: NewQuery) -> Change:
    """All the indexes, and the way back."""
    return Change(
        tuple(sql for one in query.indexes for sql in one.sql.up),
        tuple(sql for one in reversed(query.indexes) for sql in one.sql.down),
    )


def _cost_with(advice: Recommendation, query: NewQuery) -> float:
    costs = [
        one.cost_after
        for one in advice.evidence.statements
        if one.fingerprint == query.planned.fingerprint and one.cost_after is not None
    ]
    return min(costs, default=float("inf"))


def _severity(read: Read, left: float) -> Severity:
    if read.rows >= HIGH_ROWS:
        return "high"
    return "medium" if read.rows >= MEDIUM_ROWS or left <= MUCH_CHEAPER else "low"
