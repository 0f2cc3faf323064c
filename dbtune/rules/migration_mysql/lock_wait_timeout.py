"""A change of a table waits for its metadata lock without a short limit.

ALTER TABLE and its like need the description of the table for themselves for a moment, at the beginning and the end,
whatever ALGORITHM and LOCK say. Behind one long transaction they wait, and everybody who wants the table waits behind
them, readers too: for `lock_wait_timeout`, which is a year by default on MySQL and a day on MariaDB. With some seconds
it gives up instead, and can be tried again.

Said once a file, and only where the table is of some size or the workload uses it.

## Example

```sql
SET SESSION lock_wait_timeout = 5;
ALTER TABLE orders ALGORITHM=INSTANT, ADD COLUMN note text;
```

## When not to follow it

The limit is set elsewhere: in the connection of the tool that runs the migrations. Where the server's own is a minute
or less, the rule is silent.

Source: MySQL Reference Manual, "Metadata Locking"; `lock_wait_timeout`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbtune.ddl.mysql_session import BEFORE
from dbtune.model.recommendation import Change
from dbtune.rules.finding import Finding
from dbtune.rules.migration_context import MigrationContext
from dbtune.rules.migration_findings import about, finding, setting_before, what
from dbtune.rules.migration_rules import MYSQL, migration_rule

SHORT_SECONDS = 60

_OWN_LIMIT = re.compile(r"\A\s*alter\b[^;]*?\b(?:wait\s+\d+|nowait)\b", re.IGNORECASE)
"""MariaDB's, of one statement."""


@migration_rule("migration.lock-wait-timeout", severity="low", dialects=MYSQL)
def lock_wait_timeout(ctx: MigrationContext) -> Iterator[Finding]:
    """One finding a file: the first statement that takes such a lock."""
    told: set[str] = set()
    if _is_short(ctx.before.settings.get("lock_wait_timeout", "")):
        return
    for number, effects in enumerate(ctx.effects):
        file = effects.location.file
        used = [table for table in effects.touched if ctx.calls(table) or not ctx.is_small(table)]
        if not used or file in told or _OWN_LIMIT.match(effects.pending.text):
            continue
        if _is_short(setting_before(ctx, number, "lock_wait_timeout", same_file=True)):
            continue
        told.add(file)
        table = max(used, key=ctx.bytes)
        traffic = ctx.traffic_words(table)
        yield finding(
            effects,
            subject=about(table),
            title=f"{what(effects)} may wait for {table} without limit",
            reason=f"It needs the metadata lock on {ctx.table_words(table)} for itself, if only for a moment. While it "
            "waits behind a long transaction, all others wait behind it, readers too"
            f"{'; ' + traffic if traffic else ''}. With a short lock_wait_timeout it gives up instead, and can be "
            "tried again.",
            evidence=ctx.known(),
            change=Change(up=(BEFORE,)),
        )


def _is_short(value: str) -> bool:
    """Whether it is a limit of some seconds; a value that is not written out is taken for one."""
    return bool(value) and (not value.isdigit() or int(value) <= SHORT_SECONDS) and value != "default"
