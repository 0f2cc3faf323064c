"""An index that is marked invalid: writers keep it up to date and no plan may read it.

A CREATE INDEX CONCURRENTLY or REINDEX CONCURRENTLY that failed or was cancelled leaves one behind. `CREATE INDEX IF
NOT EXISTS` of the same name then does nothing and looks like a success. A leftover of REINDEX (`…_ccnew`, `…_ccold`)
or one that a valid index makes needless is dropped, and so is a unique one, whose rebuild would fail on the same rows
again. For any other the planner is asked whether the workload would use it: if so it is rebuilt, else dropped.

## Example

```sql
CREATE INDEX CONCURRENTLY orders_customer ON orders (customer_id);   -- ERROR: canceling statement due to lock timeout

REINDEX INDEX CONCURRENTLY public.orders_customer;
```

## When not to follow it

A build that is running now looks the same: see `pg_stat_progress_create_index` first. A unique index whose build was
cancelled, and did not fail on duplicate rows, may as well be rebuilt by REINDEX INDEX CONCURRENTLY.

Source: PostgreSQL manual, CREATE INDEX, "Building Indexes Concurrently"; REINDEX.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from dbtune.ddl.indexes import create_index, drop_index
from dbtune.model.recommendation import Change, Evidence
from dbtune.model.schema import Index, Table
from dbtune.model.units import human_bytes
from dbtune.rules.changes import rebuild
from dbtune.rules.context import Context
from dbtune.rules.dropping import subject_of
from dbtune.rules.finding import Finding
from dbtune.rules.index.redundant import covers
from dbtune.rules.ledger import Comparison
from dbtune.rules.registry import rule
from dbtune.rules.wording import key_words, table_words

LEFTOVER = re.compile(r"_cc(new|old)\d*\Z")
"""Names that REINDEX CONCURRENTLY gives to the new and the old index (src/backend/commands/indexcmds.c)."""

RUNNING = "If pg_stat_progress_create_index shows a build of it at work now, leave it alone."


@rule("index.invalid", group="index", severity="medium", after=("index.missing",))
def invalid_index(ctx: Context) -> Iterator[Finding]:
    """Invalid indexes of tables; a partitioned index is invalid until every partition has its own, by design."""
    for table in ctx.tables():
        if table.kind == "partitioned":
            continue
        for index in table.indexes:
            if index.facts is not None and not index.facts.valid:
                yield _finding(ctx, table, index)


def _finding(ctx: Context, table: Table, index: Index) -> Finding:
    twin = next((other for other in ctx.kept_indexes(table) if _replaces(other, index)), None)
    if LEFTOVER.search(index.name) is not None:
        return _dropping(ctx, table, index, "REINDEX CONCURRENTLY left it behind when it failed")
    if twin is not None:
        return _dropping(ctx, table, index, f"{twin.name} does all that it would do")
    if index.unique:
        return _not_enforcing(ctx, table, index)
    comparison = _with_it(ctx, index)
    if comparison is not None and comparison.gain >= ctx.options.min_gain:
        return _rebuilding(ctx, table, index, comparison, f"The workload would cost {comparison.gain:.1%} less with it")
    if not ctx.statements:
        return _rebuilding(ctx, table, index, None, "There is no workload to tell whether it is needed")
    return _dropping(ctx, table, index, "No statement of the workload would gain by it")


def _replaces(other: Index, index: Index) -> bool:
    """Whether the other one holds the same (uniqueness besides, where this one does not have it), or begins with it."""
    same = replace(other, unique=index.unique).shape == index.shape and (other.unique or not index.unique)
    return same or (not index.unique and covers(other, index))


def _with_it(ctx: Context, index: Index) -> Comparison | None:
    wanted = replace(index, facts=None)
    prepared = ctx.planner.prepare([wanted])
    return ctx.ledger.with_index(prepared[0]) if prepared else None


def _dropping(ctx: Context, table: Table, index: Index, why: str) -> Finding:
    return Finding(
        subject=subject_of(index),
        title=f"Drop {index.name}: it is invalid, and no plan may read it",
        reason=f"{_what(ctx, table, index)} {why}.",
        evidence=Evidence("heuristic", bytes=ctx.index_bytes(index)),
        # there is no way back to an invalid index, and no need of one
        change=Change((drop_index(index.qualified_name),)),
        risk=f"{RUNNING} There is no way back, and none is needed: it served no statement.",
        drop=frozenset({index.full_name}),
    )


def _not_enforcing(ctx: Context, table: Table, index: Index) -> Finding:
    """A rebuild would fail as the build did while the rows are not unique, and no statistics tell whether they are."""
    finding = _dropping(ctx, table, index, "It enforces nothing for older rows, on which it most likely failed")
    again = create_index(replace(index, facts=None))
    return replace(
        finding, severity="high", risk=f"{finding.risk} Clean up the duplicates, then build it again: {again}"
    )


def _rebuilding(ctx: Context, table: Table, index: Index, comparison: Comparison | None, why: str) -> Finding:
    evidence = Evidence("heuristic", bytes=ctx.index_bytes(index))
    if comparison is not None:
        evidence = Evidence(
            ctx.planner.confidence,
            ctx.planner.name,
            comparison.before,
            comparison.after,
            comparison.gain,
            bytes=ctx.planner.index_bytes(replace(index, facts=None)),
            statements=comparison.evidence,
        )
    return Finding(
        subject=subject_of(index),
        title=f"Rebuild {index.name}: it is invalid, and no plan may read it",
        reason=f"{_what(ctx, table, index)} {why}.",
        evidence=evidence,
        change=rebuild(index),
        risk=f"{RUNNING} There is no way back, and none is needed: an invalid index serves no statement.",
    )


def _what(ctx: Context, table: Table, index: Index) -> str:
    size = human_bytes(ctx.index_bytes(index))
    upkeep = ", and writers keep it up to date for nothing" if index.facts is not None and index.facts.ready else ""
    return (
        f"{index.name} {key_words(index)} on {table_words(ctx, table)} is invalid ({size}): a concurrent build of it "
        f"failed{upkeep}."
    )
