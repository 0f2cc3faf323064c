"""A buffer pool that is smaller than the data, and pages that are read from disk for it.

`innodb_buffer_pool_size` is the memory InnoDB keeps tables and indexes in, 128 MiB unless somebody set it. A pool that
is smaller than the data is no fault where the part in use fits: so the rule speaks only where at least 1% of the pages
asked for since the server's start had to be read from disk, and the server is up for a day or more.

How much memory the machine has to spare is not known here, so there is no SQL: the size can be changed at run time
(`SET PERSIST innodb_buffer_pool_size = …`; MariaDB: SET GLOBAL, and the configuration).

## Example

```sql
SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_read%';   -- …_reads against …_read_requests
```

## When not to follow it

The counters hold a dump, a big report or a cold start: look at them again after a usual day. The memory is not there.

Source: MySQL manual, "Configuring InnoDB Buffer Pool Size", "Server Status Variables"; MariaDB, "InnoDB Buffer Pool".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.recommendation import Evidence, Subject
from dbtune.model.units import human_bytes, human_count
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.mysql_tables import is_innodb
from dbtune.rules.registry import rule

LEAST_MISSES = 0.01
MANY_MISSES = 0.05
DAY_SECONDS = 86_400
BUILT_IN = 128 * 1024 * 1024


@rule("config.buffer-pool", group="config", severity="low", dialects=("mysql", "mariadb"), confidence="heuristic")
def small_buffer_pool(ctx: Context) -> Iterator[Finding]:
    """The pool's size against the data's, and what it misses."""
    server = ctx.snapshot.server.mysql
    size = int(ctx.snapshot.settings.get("innodb_buffer_pool_size") or 0)
    data = sum(t.mysql.data_bytes + t.mysql.index_bytes for t in ctx.snapshot.tables if t.mysql and is_innodb(t))
    if server is None or not 0 < size < data or server.uptime_seconds < DAY_SECONDS:
        return
    reads, requests = server.buffer_pool_reads, server.buffer_pool_requests
    if reads is None or not requests or reads < LEAST_MISSES * requests:
        return
    usual = ", the size it has where nobody set one" if size == BUILT_IN else ""
    yield Finding(
        subject=Subject("", ""),
        title=f"The buffer pool ({human_bytes(size)}) is smaller than the data ({human_bytes(data)})",
        reason=(
            f"innodb_buffer_pool_size is {human_bytes(size)}{usual}; tables and indexes of InnoDB that were looked at "
            f"take {human_bytes(data)}. Since the server's start {human_count(reads)} of {human_count(requests)} pages "
            f"asked for ({reads / requests:.1%}) were read from disk. Give it what memory can be spared, up to that."
        ),
        evidence=Evidence("heuristic"),
        risk="A pool that the machine has no memory for makes it swap, which is far worse.",
        severity="medium" if reads >= MANY_MISSES * requests else "low",
        key="innodb_buffer_pool_size",
    )
