"""A statement that a new index makes dearer, or hardly cheaper by another way of reading: a hint keeps the index out.

The optimiser takes the plan that it reckons cheapest, and a new index gives it one plan more to be wrong about. Two
kinds of statements lose by that, and are told here, with the recommended indexes in place:

- The statement costs more than today: MySQL reckons without hash joins when it chooses, and gives one up for many
  lookups by the new index.
- It costs about the same as today (within 15%, less than costs are right by), but reads by another way: a table in the
  order of the new index in place of the order that its rows lie in, or tables one after another in another order. What
  costs leave out then decides. MariaDB takes the same time for lookups in the order of the rows, which find their page
  at hand, and for those all over the table: such a plan, cheaper by 1%, took twice the time.

The index is worth it by what other statements gain. Each statement told here was planned once more with the hint, in
which it costs what it does today. Fast ones are left alone.

MySQL (from 8.0.20) has the hint as a comment behind SELECT, MariaDB as a clause behind the table.

## Example

```sql
-- MySQL
SELECT /*+ NO_INDEX(`o` `idx_orders_customer_id`) */ c.id, count(o.id) FROM customers c LEFT JOIN orders o ON …

-- MariaDB
SELECT c.id, count(o.id) FROM customers c LEFT JOIN orders o IGNORE INDEX (`idx_orders_customer_id`) ON …
```

## When not to follow it

The statement runs at night, or nobody waits for it: a hint has to be kept up. Measure both ways on a copy if you can.
A clause that names an index fails once the index is gone (error 1176): take it out before the index. The comment is
passed over with a warning then, so that it can be there before the index is.

Source: MySQL manual, "Index-Level Optimizer Hints"; MariaDB's handbook, "Index Hints: How to Force Query Plans".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbtune.model.recommendation import Aside, Change, Evidence, Subject
from dbtune.model.schema import Index
from dbtune.model.units import human_number
from dbtune.planner.gate import PlannedStatement, StatementCost
from dbtune.planner.robustness.risk import LEAST_GAIN
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.mysql_hinting import KEEP_INDEX_OUT, Hinting, places
from dbtune.rules.mysql_rewriting import Rewritten, rewritten
from dbtune.rules.mysql_tables import version_of
from dbtune.rules.registry import rule
from dbtune.rules.wording import cost_words, statement_words
from dbtune.select.scale import scale_of

DEARER = 1.1
"""Times today's cost."""
OF_NOTICEABLE = 0.1
"""Of the cost that people notice, about 1 ms: what rises by less harms nobody."""
AS_TODAY = 1.02
"""Times today's cost: what a statement may cost with the hint."""


@dataclass(frozen=True)
class Kept:
    """A statement, and the indexes that are kept out of it."""

    planned: PlannedStatement
    today: StatementCost
    indexes: tuple[Index, ...]
    rewritten: Rewritten

    @property
    def is_dearer(self) -> bool:
        return self.rewritten.before.cost > DEARER * self.today.cost


@rule(
    KEEP_INDEX_OUT,
    group="query",
    severity="medium",
    dialects=("mysql", "mariadb"),
    after=("index.missing", "index.redundant", "index.duplicate", "index.unused", "partition.missing"),
)
def keep_index_out(ctx: Context) -> Iterator[Finding]:
    """Each statement that is better off without some of the indexes."""
    hinting = Hinting.of(version_of(ctx.snapshot))
    for planned in ctx.statements:
        kept = _kept_out(ctx, hinting, planned)
        if kept is not None:
            yield _finding(ctx, hinting, kept)


def _is_harmed(ctx: Context, today: StatementCost, then: StatementCost) -> bool:
    noticeable = scale_of(ctx.snapshot.server).noticeable
    if not _new_indexes(ctx, then):
        return False
    if then.cost > DEARER * today.cost:
        return then.cost - today.cost >= OF_NOTICEABLE * noticeable
    return then.cost > (1 - LEAST_GAIN) * today.cost >= noticeable and _ways(today) != _ways(then)


def _new_indexes(ctx: Context, cost: StatementCost) -> tuple[Index, ...]:
    """Recommended ones that the plans read."""
    return tuple(sorted((i for i in ctx.configuration.add if i.name in cost.indexes), key=lambda index: index.name))


def _ways(cost: StatementCost) -> tuple[tuple[object, ...], ...]:
    """How the plans read their tables, and in which order, whatever their indexes are called."""
    nodes = (node for plan in cost.plans for node in plan.root.walk())
    return tuple((n.type, n.relation, n.alias, n.access, n.key_columns[:1]) for n in nodes if n.relation or n.join_type)


def _kept_out(ctx: Context, hinting: Hinting, planned: PlannedStatement) -> Kept | None:
    """One index after another, each time the one without which it is cheapest, until it costs what it does today."""
    today, then = ctx.gate.cost(planned), ctx.ledger.costs[planned.fingerprint]
    kept: Kept | None = None
    while _is_harmed(ctx, today, then):
        out = kept.indexes if kept is not None else ()
        tried = [
            Kept(planned, today, (*out, index), one)
            for index in _new_indexes(ctx, then)
            if index not in out and (one := _without(ctx, hinting, planned, (*out, index))) is not None
        ]
        best = min(tried, key=lambda each: each.rewritten.after.cost, default=None)
        if best is None or best.rewritten.after.cost > max(AS_TODAY * today.cost, then.cost):
            break
        kept, then = best, best.rewritten.after
    return kept


def _without(ctx: Context, hinting: Hinting, planned: PlannedStatement, indexes: tuple[Index, ...]) -> Rewritten | None:
    return rewritten(
        ctx, planned, hinting.edit(places(indexes)), "without " + " ".join(index.name for index in indexes)
    )


def _finding(ctx: Context, hinting: Hinting, kept: Kept) -> Finding:
    first, one, total = kept.indexes[0], kept.rewritten, ctx.ledger.total
    names = " and ".join(index.name for index in kept.indexes)
    costs = cost_words(kept.today.cost, one.before.cost)
    words = f"becomes dearer by {names}: {costs}"
    if not kept.is_dearer:
        words = f"goes by {names} another way than today, which saves less than costs are right by: {costs}"
    return Finding(
        subject=Subject(first.table.schema, first.table.name, (), first.name),
        title=f"{first.table.name}: keep {names} out of a statement",
        reason=(
            f"{statement_words(kept.planned)} {words}. With {hinting.words(kept.planned.facts, kept.indexes)} it costs "
            f"{human_number(one.after.cost)}."
        ),
        evidence=Evidence(
            ctx.planner.confidence if kept.is_dearer else "heuristic",
            ctx.planner.name,
            cost_before=total if kept.is_dearer else None,
            cost_after=total - one.saved if kept.is_dearer else None,
            gain=one.saved / total if kept.is_dearer and total > 0 else None,
            statements=(one.evidence,),
        ),
        change=Change(asides=_statement_with_hints(hinting, kept)),
        risk=f"To be changed in the program. {hinting.order_words}",
        severity="medium" if kept.is_dearer else "low",
        key=kept.planned.fingerprint,
    )


def _statement_with_hints(hinting: Hinting, kept: Kept) -> tuple[Aside, ...]:
    """The normalised one, without literals."""
    text = hinting.edit(places(kept.indexes))(kept.planned.statement.text)
    return () if text is None else (Aside("The statement with the hint", f"{text};"),)
