"""Nothing shows the workload: neither `performance_schema` counts statements, nor is there a slow log.

MariaDB has `performance_schema` OFF unless somebody switches it on (which takes a restart), and the slow log is off on
both servers by default. Then advice rests on what files of SQL somebody keeps. The slow log can be switched on at once.

## Example

```sql
SET GLOBAL `long_query_time` = 0.5;
SET GLOBAL `slow_query_log` = ON;
```

## When not to follow it

A proxy or the programs count the statements: give their logs to dbtune (`--log`).

Source: MySQL manual, "The Slow Query Log", "Performance Schema Statement Digests"; MariaDB, "Performance Schema
Overview", "Slow Query Log Overview".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.recommendation import Evidence, Subject
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.mysql_settings import changed, is_on, where_words
from dbtune.rules.registry import rule

LONG_SECONDS = "0.5"


@rule("config.observation", group="config", severity="low", dialects=("mysql", "mariadb"), confidence="heuristic")
def nothing_observes(ctx: Context) -> Iterator[Finding]:
    """A server that neither counts statements nor logs them."""
    server = ctx.snapshot.server.mysql
    if server is None or server.statement_digests or is_on(ctx.snapshot, "slow_query_log") is not False:
        return
    schema = (
        "performance_schema is OFF (on: a restart)"
        if is_on(ctx.snapshot, "performance_schema") is False
        else "performance_schema counts no statements"
    )
    threshold = ctx.snapshot.settings.get("long_query_time", "10")
    values = {"slow_query_log": "ON"}
    seconds = min(float(threshold), float(LONG_SECONDS))
    if seconds < float(threshold):
        values = {"long_query_time": LONG_SECONDS, **values}
    uncounted = "" if server.index_counters else " Nor does anything count which indexes are used."
    yield Finding(
        subject=Subject("", ""),
        title="Nothing shows the workload of this server",
        reason=(
            f"{schema}, and slow_query_log is OFF: which statements run, how often and how long is known nowhere."
            f"{uncounted} A slow log of all that takes longer than {seconds:g} s tells most of it."
        ),
        evidence=Evidence("heuristic"),
        change=changed(ctx.snapshot, **values),
        risk=(
            "The log takes space; new sessions go by the new threshold. It holds values of statements. "
            f"{where_words(ctx.snapshot)}"
        ),
        key="slow_query_log",
    )
