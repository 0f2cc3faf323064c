"""InnoDB's statistics are not kept: `innodb_stats_persistent = OFF`.

Each table is counted anew when it is first opened after a start, from 8 pages of each index
(`innodb_stats_transient_sample_pages`) in place of 20. Plans may be others after every restart, and other ones on a
replica. Tables that say `STATS_PERSISTENT` themselves do not go by it.

## Example

```sql
SET PERSIST `innodb_stats_persistent` = ON;   -- MariaDB: SET GLOBAL, and the server's configuration
ANALYZE TABLE `shop`.`orders`;
```

## When not to follow it

There are very many small tables that come and go.

Source: MySQL manual, "Configuring Non-Persistent Optimizer Statistics Parameters"; MariaDB, "InnoDB Persistent
Statistics".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.recommendation import Evidence, Subject
from dbtune.model.units import plural
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.mysql_settings import changed, is_on, where_words
from dbtune.rules.mysql_tables import is_innodb
from dbtune.rules.registry import rule


@rule(
    "config.statistics-not-persistent",
    group="config",
    severity="low",
    dialects=("mysql", "mariadb"),
    confidence="heuristic",
)
def statistics_not_persistent(ctx: Context) -> Iterator[Finding]:
    """The switch, where tables go by it."""
    if is_on(ctx.snapshot, "innodb_stats_persistent") is not False:
        return
    going_by_it = [t for t in ctx.tables() if is_innodb(t) and "stats_persistent" not in dict(t.options)]
    if not going_by_it:
        return
    yield Finding(
        subject=Subject("", ""),
        title="InnoDB's statistics are not kept over a restart",
        reason=(
            f"innodb_stats_persistent is OFF: statistics of {plural(len(going_by_it), 'table')} are counted anew when "
            "the table is first opened after a start, from few pages, so plans may change then."
        ),
        evidence=Evidence("heuristic"),
        change=changed(ctx.snapshot, innodb_stats_persistent="ON"),
        risk=f"Tables keep statistics from their next ANALYZE TABLE on; plans may change. {where_words(ctx.snapshot)}",
        key="innodb_stats_persistent",
    )
