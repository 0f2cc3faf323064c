"""A large table that its workload would have in partitions, or that looks so and is better left in one piece.

Candidates are made from the columns that the statements fix: ranges of time or numbers of several widths, lists of a
few values, hashes. The table is partitioned in the shadow, with statistics for each partition, and every statement on
it is planned again, those too that lose. It is recommended where the statements on the table become cheaper by a
tenth at least (by lists and hashes: by three tenths, where an index on the key is there or was tried), four fifths of
their cost and of their calls leave most partitions alone, more than one statement gains or no other loses, and nothing
stands in the way: foreign keys that point here, unique columns that the key is not one of, a key that is NULL or
updated, a statement that the server would refuse. Where rows are deleted by age, a partition is dropped instead, and it
is enough that the statements lose nothing.

For a table that one would think of partitioning and should not, the reasons are told, with what it would cost.

On MySQL and MariaDB the sample on the scratch server is put in ranges, lists or hashes, and the server asked; the
primary key gets the column, and foreign keys, FULLTEXT and SPATIAL indexes stand in the way. A list of MySQL refuses
every value that it does not name.

Lists and hashes seldom pay, for an index finds most values as fast: they do for values with many rows all over the
table that are read whole, such as a region or a large tenant.

The figures are beside the recommended indexes. They hold for the whole table in partitions; rows from before the
conversion are in one large partition until they are split.

## Example

```sql
SELECT sum(amount) FROM payments WHERE paid_at >= '2026-03-01' AND paid_at < '2026-04-01';
DELETE FROM payments WHERE paid_at < now() - interval '3 years';

-- payments by month of paid_at; on MySQL:
ALTER TABLE `shop`.`payments` DROP PRIMARY KEY, ADD PRIMARY KEY (`id`, `paid_at`), ALGORITHM=COPY, LOCK=SHARED
  PARTITION BY RANGE COLUMNS (`paid_at`) (PARTITION `p20260301` VALUES LESS THAN ('2026-04-01'),
  PARTITION `pmax` VALUES LESS THAN (MAXVALUE));
```

## When not to follow it

Statements that were not in the workload may ask by another column, and then visit every partition. Tools that need a
unique key without the partition column (some replication, some ORMs' upserts) cannot be served any more.

Source: PostgreSQL manual, "Table Partitioning"; the accuracy of the figures is measured in
docs/partitioning-benchmark.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dbtune.model.recommendation import Change, Evidence, Severity, StatementEvidence, Subject
from dbtune.model.units import human_bytes, human_number, plural
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.ledger import statement_evidence
from dbtune.rules.partition_ways import table_bytes
from dbtune.rules.partitioning import (
    ENOUGH_PRUNE,
    Assessment,
    PricedStatement,
    Pricing,
    assessments,
    memory_bytes,
    planning_ms,
    ways_of,
)
from dbtune.rules.registry import chosen_rules, rule
from dbtune.rules.wording import cost_words, rows_words, short_text

RETENTION_LOSS = 0.02
"""Share of the cost that may be lost where old rows are dropped instead of deleted."""

BY_VALUE_GAIN = 0.3
"""Share of the cost that lists and hashes must save. No old partition of theirs is dropped one day, and the planner
takes a small partition's pages for nearer to each other than a large table's, which says little in memory."""

ENOUGH_BESIDE_RETENTION = 0.5
"""Share of the cost and of the calls on the table that must prune then."""

MOST_NAMED = 3
"""Statements that get dearer which are named in the reason; all are in the evidence."""

WORTH_A_WORD = 0.3
"""Share of the cost of a table's statements that fixes the key by a range, for the user to ask why not."""

HIGH_GAIN = 0.5


@rule(
    "partition.missing",
    group="partition",
    severity="medium",
    dialects=("postgres", "mysql", "mariadb"),
    after=("index.missing",),
)
def missing_partitions(ctx: Context) -> Iterator[Finding]:
    """Tables to be partitioned, and tables that are not, with the reasons."""
    for one in assessments(ctx):
        if one.best is None:
            if ways_of(ctx.snapshot).refusal_is_told and one.blockers and _is_asked(ctx, one):
                yield _impossible(one)
            continue
        against = list(_against(ctx, one, one.best))
        if not against:
            yield _recommended(ctx, one, one.best)
        elif _is_asked(ctx, one):
            yield _refused(ctx, one, one.best, against)


def _against(ctx: Context, one: Assessment, best: Pricing) -> Iterator[str]:
    """Why not, the most telling first; nothing where it is to be recommended."""
    by_value = best.scheme.kind != "range"
    wanted = max(BY_VALUE_GAIN, ctx.options.partition_gain) if by_value else ctx.options.partition_gain
    least = -RETENTION_LOSS if one.retention else wanted
    if by_value and not _index_was_tried(ctx, one):
        yield f"whether an index on {best.scheme.column} does as well was not tried (rule index.missing)"
    if best.gain < least:
        if best.gain <= 0:
            yield f"the statements on it become {-best.gain:.0%} dearer"
        else:
            yield f"the statements on it become only {best.gain:.1%} cheaper"
    elif not one.retention and best.before - best.after < ctx.options.min_gain * _today(ctx):
        yield "the whole workload hardly becomes cheaper"
    first = best.winners[0] if best.winners and not one.retention else None
    if first is not None and best.gain >= least and best.after_without(first) > best.before_without(first):
        yield f"only `{short_text(first.planned.statement.text)}` gains, and the others together get dearer"
    enough = ENOUGH_BESIDE_RETENTION if one.retention else ENOUGH_PRUNE
    if min(best.pruned, best.pruned_calls) < enough:
        yield (
            f"statements with {1 - best.pruned_calls:.0%} of the calls on it, and {1 - best.pruned:.0%} of the cost, "
            f"would visit nearly all of {plural(best.filled, 'partition')}"
        )
    yield from one.blockers


def _index_was_tried(ctx: Context, one: Assessment) -> bool:
    """Whether an index begins with the key, or was thought of and left."""
    rules = chosen_rules(ctx.options.only, ctx.options.skip, ctx.snapshot.server.dialect)
    has_one = any(index.columns[:1] == (one.scheme.column,) for index in one.table.indexes)
    return has_one or any(rule.id == "index.missing" for rule in rules)


def _today(ctx: Context) -> float:
    """What the workload costs before any advice."""
    return ctx.selection.cost_before or ctx.ledger.total


def _impossible(one: Assessment) -> Finding:
    table = one.table.name
    return Finding(
        subject=Subject(table.schema, table.name, (one.scheme.column,)),
        title=f"Leave {table} in one piece",
        reason=(
            f"Partitions {one.scheme.title} were thought of, but {'; '.join(one.blockers)}. "
            "What they would save was not tried."
        ),
        evidence=Evidence("heuristic"),
        severity="info",
        key="key",
    )


def _is_asked(ctx: Context, one: Assessment) -> bool:
    """Whether a user would wonder why this table is not partitioned."""
    memory = memory_bytes(ctx.snapshot)
    use = one.uses.get(one.scheme.column)
    cost = one.best.before if one.best is not None else one.cost
    by_range = use is not None and use.by_range >= WORTH_A_WORD * cost > 0
    return bool(one.retention) or by_range or (memory is not None and table_bytes(ctx, one.table) > memory)


def _recommended(ctx: Context, one: Assessment, best: Pricing) -> Finding:
    table = one.table.name
    change = ways_of(ctx.snapshot).change(ctx.snapshot, one.table, best.scheme)
    return Finding(
        subject=Subject(table.schema, table.name, (best.scheme.column,)),
        title=f"Partition {table} {best.scheme.title}",
        reason=" ".join(_reasons(ctx, one, best)),
        evidence=_evidence(ctx, best),
        change=change,
        risk=" ".join(_risks(ctx, one, best, change)),
        severity=_severity(ctx, best),
        key="key",
    )


def _refused(ctx: Context, one: Assessment, best: Pricing, against: list[str]) -> Finding:
    table = one.table.name
    which = (
        f"{plural(one.tried, 'way')} tried; with the best, {best.scheme.title}"
        if one.tried > 1
        else (f"Tried {best.scheme.title}")
    )
    reason = f"{which}: {'; '.join(against)}."
    worst = [_loser_words(loser) for loser in best.losers[:MOST_NAMED]]
    if worst:
        reason += f" Dearer are first of all {', '.join(worst)}."
    return Finding(
        subject=Subject(table.schema, table.name, (best.scheme.column,)),
        title=f"Leave {table} in one piece",
        reason=reason,
        # nothing is to be done, so that nothing is gained
        evidence=replace(_evidence(ctx, best), gain=None, cost_before=None, cost_after=None),
        severity="info",
        key="key",
    )


def _severity(ctx: Context, best: Pricing) -> Severity:
    gain = _evidence(ctx, best).gain
    return "high" if gain is not None and gain >= HIGH_GAIN else "medium"


def _reasons(ctx: Context, one: Assessment, best: Pricing) -> Iterator[str]:
    size, memory = table_bytes(ctx, one.table), memory_bytes(ctx.snapshot)
    setting = ways_of(ctx.snapshot).memory_setting
    beyond = f", more than the {human_bytes(memory)} of {setting}" if memory and size > memory else ""
    yield (
        f"It has {rows_words(ctx.rows(one.table))} and takes {human_bytes(size)} with its indexes{beyond}; statements "
        f"with {best.pruned:.0%} of the cost on it, and {best.pruned_calls:.0%} of the calls, leave most of "
        f"{plural(best.filled, 'partition')} alone."
    )
    if best.winners:
        first = best.winners[0]
        others = len(best.winners) - 1
        more = f", and {plural(others, 'more statement')} cheaper" if others else ""
        costs = cost_words(first.before.cost, first.after.cost)
        yield f"`{short_text(first.planned.statement.text)}`: {costs}{more}."
    losers = best.losers
    if losers:
        named = ", ".join(_loser_words(loser) for loser in losers[:MOST_NAMED])
        more = f", and {len(losers) - MOST_NAMED} more" if len(losers) > MOST_NAMED else ""
        yield f"Dearer {'becomes' if len(losers) == 1 else 'become'} {named}{more}."
    for planned in one.retention[:1]:
        yield f"`{short_text(planned.statement.text)}` becomes {ways_of(ctx.snapshot).dropping}."


def _loser_words(loser: PricedStatement) -> str:
    before, after = loser.before.cost, loser.after.cost
    return f"`{short_text(loser.planned.statement.text)}` ({human_number(before)} → {human_number(after)} a call)"


def _risks(ctx: Context, one: Assessment, best: Pricing, change: Change) -> Iterator[str]:
    parts, key = len(best.scheme.parts), one.table.primary_key
    if key is not None and best.scheme.column not in key.columns:
        wide = ", ".join((*key.columns, best.scheme.column))
        yield f"The primary key becomes ({wide}): ({', '.join(key.columns)}) alone is no longer kept unique."
    yield (
        f"A statement that does not fix {best.scheme.column} visits {plural(parts, 'partition')}, and takes about "
        f"{planning_ms(parts, ctx.snapshot.server.dialect):.2g} ms longer to plan."
    )
    yield from ways_of(ctx.snapshot).risks(ctx, one.table, best.scheme, change)


def _evidence(ctx: Context, best: Pricing) -> Evidence:
    """Totals are beside all advice accepted so far; the gain is a share of today's cost, as everywhere."""
    total, today = ctx.ledger.total, _today(ctx)
    saved = best.before - best.after
    return Evidence(
        confidence=best.confidence,
        planner=ctx.planner.name,
        cost_before=total,
        cost_after=total - saved,
        gain=saved / today if today > 0 else 0.0,
        statements=tuple(map(_statement, (*best.winners, *best.losers))),
    )


def _statement(one: PricedStatement) -> StatementEvidence:
    return statement_evidence(one.planned, one.before, one.after)
