"""A table that was never analysed, or changed a lot since.

The planner knows a table only by its statistics: without them it guesses, and so do all figures in this report that
concern the table. Autovacuum analyses a table after a tenth of its rows changed; where a fifth has and it was not,
autovacuum is off, held up, or cannot keep pace. It never analyses a partitioned table as a whole, only its
partitions: joins and groupings over all of it are then planned by guess.

## Example

```sql
SELECT n_mod_since_analyze, last_analyze, last_autoanalyze FROM pg_stat_user_tables WHERE relname = 'orders';

ANALYZE public.orders;
```

## When not to follow it

A table that is filled and emptied all the time may be analysed at any moment without being right for long; then
analyse it in the job that fills it.

Source: PostgreSQL manual, "Updating Planner Statistics", "Routine Vacuuming"; ANALYZE, Notes on inheritance.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.ddl.quoting import qualified
from dbtune.model.recommendation import Change, Evidence, Severity, Subject
from dbtune.model.schema import Table
from dbtune.model.snapshot import Snapshot
from dbtune.model.units import human_count
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.registry import rule
from dbtune.rules.wording import table_words

CHANGED_SHARE = 0.2
"""Twice ``autovacuum_analyze_scale_factor``'s default."""

FEW_PAGES = 10


@rule("statistics.stale", group="statistics", severity="medium", confidence="heuristic")
def stale_statistics(ctx: Context) -> Iterator[Finding]:
    """Tables whose statistics are missing or old; partitioned tables without statistics of the whole."""
    for table in ctx.tables():
        if table.kind == "partitioned":
            if _lacks_the_whole(ctx.snapshot, table):
                why = "has statistics of its partitions, and none of the whole: autovacuum does not make them"
                yield _finding(ctx, table, why, "low")
        elif table.kind in ("table", "materialized view") and table.file_pages >= FEW_PAGES:
            if ctx.rows(table) is None:
                yield _finding(ctx, table, f"was never analysed ({human_count(table.file_pages)} pages)", "medium")
            elif _changed(table) >= max(CHANGED_SHARE * table.rows, ctx.options.small_table_rows):
                words = f"had {human_count(_changed(table))} rows changed since it was last analysed"
                yield _finding(ctx, table, words, "low")


def _changed(table: Table) -> int:
    """Rows changed since the last ANALYZE, 0 where the counters cannot be right.

    A session counts its changes late: those of a load that ANALYZE followed at once are counted as made after it. Then
    all changes ever seem to come after an ANALYZE that found rows.
    """
    activity = table.activity
    if activity is None:
        return 0
    ever = activity.inserts + activity.updates + activity.deletes
    return 0 if activity.modified_since_analyze >= ever else activity.modified_since_analyze


def _lacks_the_whole(snapshot: Snapshot, table: Table) -> bool:
    """Statistics of partitions are there to be seen, those of the parent are not."""
    children = snapshot.children(table.name)
    of_children = any(column.statistics is not None for child in children for column in child.columns)
    of_the_whole = any(c.inherited_statistics is not None or c.statistics is not None for c in table.columns)
    return of_children and not of_the_whole


def _finding(ctx: Context, table: Table, why: str, severity: Severity) -> Finding:
    return Finding(
        subject=Subject(table.name.schema, table.name.name),
        title=f"Analyse {table.name}",
        reason=f"{table_words(ctx, table)} {why}. The planner guesses what they do not tell, and this report with it.",
        evidence=Evidence("heuristic"),
        change=Change((f"ANALYZE {qualified(table.name)}",)),
        risk="It reads a sample of the rows and blocks nobody. Plans may change, and there is no way back.",
        severity=severity,
    )
