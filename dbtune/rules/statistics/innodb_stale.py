"""A table whose statistics InnoDB has not counted anew, though its rows are others now.

The optimiser goes by `mysql.innodb_table_stats` and `innodb_index_stats`: rows, and distinct values of each index.
InnoDB counts them again in the background once a tenth of the rows changed, unless `STATS_AUTO_RECALC=0` (of the table)
or `innodb_stats_auto_recalc=OFF` (of the server) says no. Told is a table with a fifth more or fewer rows than the
statistics hold, and one that is never counted by itself and was not for 90 days.

## Example

```sql
SELECT n_rows, last_update FROM mysql.innodb_table_stats WHERE table_name = 'orders';

ANALYZE TABLE `shop`.`orders`;
```

## When not to follow it

Counting is switched off on purpose, to keep plans as they are: then count in a quiet hour, and look at the plans.

Source: MySQL manual, "Configuring Persistent Optimizer Statistics Parameters"; MariaDB, "InnoDB Persistent Statistics".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from dbtune.ddl.mysql_settings import analyze_table
from dbtune.model.recommendation import Change, Evidence, Severity, Subject
from dbtune.model.schema import Table
from dbtune.model.units import human_count
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.mysql_settings import is_on
from dbtune.rules.mysql_tables import is_innodb
from dbtune.rules.registry import rule
from dbtune.rules.wording import table_words

CHANGED_SHARE = 0.2
"""Twice the share at which InnoDB counts by itself."""
OLD_DAYS = 90.0
SECONDS_A_DAY = 86_400.0


@rule(
    "statistics.innodb-stale",
    group="statistics",
    severity="medium",
    dialects=("mysql", "mariadb"),
    confidence="heuristic",
)
def stale_innodb_statistics(ctx: Context) -> Iterator[Finding]:
    """Tables of which the optimiser believes what was."""
    for table in ctx.tables():
        mysql = table.mysql
        if mysql is None or not is_innodb(table) or mysql.statistics_rows is None:
            continue
        then, now = mysql.statistics_rows, mysql.counted_rows
        if now is not None and abs(now - then) >= max(CHANGED_SHARE * then, ctx.options.small_table_rows):
            words = f"has about {human_count(now)} rows, and statistics of {human_count(then)}"
            yield _finding(ctx, table, words, "medium")
        elif not ctx.is_small(table) and not _counts_by_itself(ctx, table):
            days = _age_days(mysql.statistics_updated, ctx.snapshot.collected_at)
            if days is not None and days >= OLD_DAYS:
                yield _finding(ctx, table, f"was last counted {days:,.0f} days ago", "low")


def _counts_by_itself(ctx: Context, table: Table) -> bool:
    own = dict(table.options).get("stats_auto_recalc")
    if own is not None:
        return own != "0"
    return is_on(ctx.snapshot, "innodb_stats_auto_recalc") is not False


def _age_days(updated: str | None, now: str) -> float | None:
    """Days between the two; the server's time zone is taken for UTC, which is no matter here."""
    if updated is None:
        return None
    then, since = (datetime.fromisoformat(text).replace(tzinfo=None) for text in (updated, now))
    return (since - then).total_seconds() / SECONDS_A_DAY


def _finding(ctx: Context, table: Table, why: str, severity: Severity) -> Finding:
    own = dict(table.options).get("stats_auto_recalc") == "0"
    switch = "STATS_AUTO_RECALC=0 of the table" if own else "innodb_stats_auto_recalc=OFF"
    cause = "" if _counts_by_itself(ctx, table) else f" By {switch} it is never counted by itself."
    return Finding(
        subject=Subject(table.name.schema, table.name.name),
        title=f"Analyse {table.name}",
        reason=f"{table_words(ctx, table)} {why}.{cause} The optimiser goes by these, and this report with it.",
        evidence=Evidence("heuristic"),
        change=Change((analyze_table(table.name),)),
        risk="It reads some pages of each index. Plans may change, which is the aim, and there is no way back.",
        severity=severity,
    )
