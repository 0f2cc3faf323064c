"""An index that is not there and would make the workload cheaper.

Candidates are made from what the statements ask for: equality and range conditions, joins, order, grouping, the
columns they read, expressions, JSON, arrays, full text. The planner is asked what each statement costs with them, and
the set is chosen together, so that no index is recommended that another one of the set makes needless. What writes
pay for an index is set against what reads gain, and `--budget` limits the space of all together. The figures of one
index are what it adds to the recommended indexes listed before it.

## Example

```sql
SELECT * FROM orders WHERE customer_id = $1 ORDER BY created_at DESC LIMIT 10;   -- reads all orders

CREATE INDEX CONCURRENTLY idx_orders_customer_id_created_at ON public.orders (customer_id, created_at);
```

On MySQL and MariaDB:

```sql
SET SESSION lock_wait_timeout = 5;
ALTER TABLE `shop`.`orders` ADD INDEX `idx_orders_customer_id_created_at` (`customer_id`, `created_at`),
    ALGORITHM=INPLACE, LOCK=NONE;
```

## When not to follow it

The workload that was looked at is not the one that matters: statements that run only at night, or before the
statistics' reset, are not in it. A concurrent build reads the table twice and waits for every transaction that is
open. On MySQL, replicas build the index after the primary has, and lag behind meanwhile.

Source: PostgreSQL manual, "Indexes" and "Examining Index Usage"; Chaudhuri and Narasayya, "An Efficient, Cost-Driven
Index Selection Tool for Microsoft SQL Server", VLDB 1997.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.names import QualifiedName
from dbtune.model.plan import Confidence
from dbtune.model.recommendation import Evidence, Severity
from dbtune.model.schema import Index, Table
from dbtune.model.units import human_bytes, plural
from dbtune.planner.gate import PlannedStatement, StatementCost
from dbtune.rules.changes import build
from dbtune.rules.context import Context
from dbtune.rules.dropping import subject_of
from dbtune.rules.finding import Finding
from dbtune.rules.innodb_changes import innodb_risk, replaced_by
from dbtune.rules.ledger import Comparison
from dbtune.rules.mysql_tables import is_mysql
from dbtune.rules.registry import rule
from dbtune.rules.wording import (
    cost_words,
    key_words,
    plan_change,
    shape_key,
    statement_words,
    table_words,
    writes_words,
)
from dbtune.select.selection import Chosen

MISSING = "index.missing"
"""This rule's id: new indexes, which others look at."""

HIGH_GAIN, MEDIUM_GAIN = 0.1, 0.01
"""Shares of the workload's cost."""
A_LITTLE = 0.1
"""Of a statement's cost."""


@rule(MISSING, group="index", severity="high", dialects=("postgres", "mysql", "mariadb"))
def missing_index(ctx: Context) -> Iterator[Finding]:
    """The indexes of the selection, the one that gains most first."""
    dearest = max((p.calls * ctx.gate.cost(p).cost for p in ctx.statements), default=0.0)
    # a runaway makes all others look small
    others = max(ctx.selection.cost_before - dearest, 1.0)
    for chosen in ctx.selection.chosen:
        table = ctx.snapshot.table(chosen.index.table)
        if table is not None and (not ctx.options.schemas or table.name.schema in ctx.options.schemas):
            yield _finding(ctx, table, chosen, others)


def _finding(ctx: Context, table: Table, chosen: Chosen, others: float) -> Finding:
    """``others``: what all statements but the dearest one cost today, in planner units."""
    index = chosen.index
    names = [one.fingerprint for one in chosen.statements]
    comparison = ctx.ledger.worth_of(index, chosen.beside, chosen.cost_before, names)
    today = ctx.selection.cost_before
    gain = comparison.saved / today if today > 0 else 0.0
    return Finding(
        subject=subject_of(index),
        title=f"Index {table.name} {key_words(index)}",
        reason=_reason(ctx, table, index, comparison),
        evidence=Evidence(
            confidence=_confidence(ctx, table, index),
            planner=ctx.planner.name,
            cost_before=comparison.before,
            cost_after=comparison.after,
            gain=gain,
            bytes=chosen.bytes,
            write_cost=chosen.write_cost,
            statements=comparison.evidence,
        ),
        change=build(index, ctx.snapshot),
        risk=_risk(ctx, table, chosen),
        severity=_severity(comparison.saved / others),
        key=shape_key(index),
        add=frozenset({index}),
        drop=_replaced(ctx, index),
    )


def _confidence(ctx: Context, table: Table, index: Index) -> Confidence:
    """The planner's grade; without statistics of a key column it plans on defaults, which proves nothing.

    Planners of MySQL have rows to count, or say by their own grade that they have not.
    """
    if is_mysql(ctx.snapshot):
        return ctx.planner.confidence
    leaves = (table, *ctx.snapshot.children(table.name))
    for key in index.keys:
        columns = [leaf.column(key.column) for leaf in leaves if key.column is not None]
        if columns and not any(c is not None and (c.statistics or c.inherited_statistics) for c in columns):
            return "estimated"
    return ctx.planner.confidence


def _replaced(ctx: Context, index: Index) -> frozenset[QualifiedName]:
    """The index of a foreign key that goes with the change."""
    found = replaced_by(index, ctx.snapshot) if is_mysql(ctx.snapshot) else None
    return frozenset() if found is None else frozenset({found.full_name})


def _severity(gain: float) -> Severity:
    """By the share of today's cost; the dearest statement is left out."""
    return "high" if gain >= HIGH_GAIN else "medium" if gain >= MEDIUM_GAIN else "low"


def _reason(ctx: Context, table: Table, index: Index, comparison: Comparison) -> str:
    cheaper = [(p, before, after) for p, before, after in comparison.changed if after.cost < before.cost]
    if not cheaper:
        return f"The workload becomes {comparison.gain:.1%} cheaper."
    first = _change(ctx, table, index, *cheaper[0])
    others = len(cheaper) - 1
    more = f", and {plural(others, 'more statement')} cheaper" if others else ""
    dearer = plural(len(comparison.changed) - len(cheaper), "statement")
    rise = comparison.worst_rise
    how = "a little dearer" if rise < A_LITTLE else f"dearer, by up to {rise:.0%}"
    worse = f"; {dearer} {how}" if len(comparison.changed) > len(cheaper) else ""
    return f"{first}{more}{worse}."


def _change(
    ctx: Context, table: Table, index: Index, planned: PlannedStatement, before: StatementCost, after: StatementCost
) -> str:
    access = plan_change(ctx, before, after, table, index)
    costs = cost_words(before.cost, after.cost)
    words = f"{statement_words(planned)} on {table_words(ctx, table)}" if not access else statement_words(planned)
    return f"{words}: {access}, {costs}" if access else f"{words}: {costs}"


def _risk(ctx: Context, table: Table, chosen: Chosen) -> str:
    writes = writes_words(chosen.write_cost)
    price = f"It takes {human_bytes(chosen.bytes)}" + (f" and {writes}." if writes else ".")
    if is_mysql(ctx.snapshot):
        return f"{price} {innodb_risk(chosen.index, ctx.snapshot)}"
    if table.kind == "partitioned":
        return f"{price} Each partition's index is built concurrently; the last ATTACH makes the whole valid."
    return f"{price} The build does not block writers, but waits for all open transactions."
