"""An index that costs writers more than it saves the workload's readers.

New indexes are chosen net of what writes pay for them; this is the same sum for one that is there: all statements are
planned without it, and what they lose is held against what the workload's INSERT, UPDATE and DELETE no longer pay
(entries, page splits, and HOT updates that the index prevents). It is proposed only where the whole workload is better
off by the least gain that counts (1%), for an index that enforces nothing, and where the server has not counted many
more scans of it than the workload explains.

## Example

```sql
UPDATE players SET score = score + 1 WHERE id = 7;                    -- 2,000,000 times
SELECT count(*) FROM players WHERE score > 9000;                      -- 20 times

DROP INDEX CONCURRENTLY IF EXISTS public.players_score;
```

## When not to follow it

Readers may be few and matter all the same: the report names the statements that become dearer, and by how much. The
workload must be a whole one, with the nightly jobs in it.

Source: the write cost is described in docs/choice.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.schema import Index, Table
from dbtune.model.units import human_number, plural
from dbtune.rules.changes import drop
from dbtune.rules.context import Context
from dbtune.rules.dropping import drop_evidence, must_stay, replicas_words, subject_of, supports_foreign_key
from dbtune.rules.finding import Finding
from dbtune.rules.ledger import Comparison
from dbtune.rules.registry import rule
from dbtune.rules.wording import key_words, short_text, table_words

EXPLAINED_SCANS = 2.0
"""More scans than so many times what the workload makes come from statements that nobody showed."""


@rule(
    "index.costly",
    group="index",
    severity="low",
    after=("index.missing", "index.invalid", "index.duplicate", "index.redundant", "index.foreign-key", "index.unused"),
)
def costly_index(ctx: Context) -> Iterator[Finding]:
    """Indexes whose upkeep costs the workload more than they save it."""
    for table in ctx.tables():
        for index in ctx.existing_indexes(table):
            upkeep = ctx.write_cost(index, table)
            if not upkeep or must_stay(index) or index.unique or supports_foreign_key(table, index):
                continue
            if ctx.ledger.readers(index) and _is_explained(ctx, index):
                yield from _finding(ctx, table, index, upkeep)


def _is_explained(ctx: Context, index: Index) -> bool:
    """Whether the scans that the server counted can be those of the workload."""
    scans = ctx.scans(index)
    calls = sum(planned.calls for planned in ctx.ledger.readers(index))
    return scans is None or scans <= EXPLAINED_SCANS * calls


def _finding(ctx: Context, table: Table, index: Index, upkeep: float) -> Iterator[Finding]:
    comparison = ctx.ledger.without(index)
    lost = -comparison.saved
    if comparison.failed or upkeep - lost < ctx.options.min_gain * comparison.before:
        return
    yield Finding(
        subject=subject_of(index),
        title=f"Drop {index.name}: writers pay more for it than readers save",
        reason=(
            f"Keeping {index.name} {key_words(index)} on {table_words(ctx, table)} up to date costs writers "
            f"{human_number(upkeep)} planner cost over the workload; {_loss_words(comparison, lost)}."
        ),
        evidence=drop_evidence(ctx, table, index, comparison),
        change=drop(index, ctx.snapshot, ctx.ledger.tree),
        risk=f"The workload must be a whole one, with the rare jobs in it. {replicas_words(ctx)}",
        drop=frozenset({index.full_name}),
    )


def _loss_words(comparison: Comparison, lost: float) -> str:
    dearer = [(planned, before, after) for planned, before, after in comparison.changed if after.cost > before.cost]
    if not dearer:
        return "without it no statement becomes dearer"
    planned, before, after = dearer[0]
    verb = "becomes" if len(dearer) == 1 else "together become"
    return (
        f"without it {plural(len(dearer), 'statement')} {verb} dearer by"
        f" {human_number(lost)}, first of all `{short_text(planned.statement.text)}`"
        f" ({human_number(before.cost)} → {human_number(after.cost)} a call)"
    )
