"""A partitioned table that runs out of partitions: there is none, or hardly one, for the rows to come.

When the last partition ends, rows go to the default partition, from where they are hard to move, or are refused where
there is none. The rule looks at tables in ranges of time whose last partition is about now, and at ranges of numbers
whose last partition already has rows. It proposes the next ones, as wide and named as the last.

## Example

```sql
CREATE TABLE public.events_2026_04 PARTITION OF public.events FOR VALUES FROM ('2026-04-01') TO ('2026-05-01');
-- MySQL
ALTER TABLE `shop`.`events` ALGORITHM=INPLACE, LOCK=NONE, ADD PARTITION (
  PARTITION `p2026_04` VALUES LESS THAN ('2026-05-01'));
```

On MySQL and MariaDB a MAXVALUE partition takes the default's place, and is split as long as it is empty.

## When not to follow it

Something makes them at the last moment (pg_partman, a job at night); then it is late by its own rules, or has
stopped. An archive, to which nothing is added any more, needs none: the rule is silent where the last range ended
long ago.

Source: PostgreSQL manual, "Table Partitioning", Partition Maintenance; MySQL manual, "Management of
RANGE and LIST Partitions".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.ddl.partitions import partition_bound
from dbtune.ddl.quoting import qualified
from dbtune.model.names import QualifiedName
from dbtune.model.partitioning import Part, PartitionScheme
from dbtune.model.recommendation import Change, Evidence, Severity, Subject
from dbtune.model.units import plural
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.mysql_partition_changes import ranges_ahead
from dbtune.rules.partition_next import last_range, next_parts
from dbtune.rules.partition_parts import Partition, PartitionedTable, has_rows
from dbtune.rules.partition_times import moment_of
from dbtune.rules.partition_tree import partitioned_table
from dbtune.rules.registry import rule

ARCHIVED = 1.0
"""Widths of a partition since the end of the last one, after which nobody waits for new rows: they would be missed."""


@rule(
    "partition.ahead",
    group="partition",
    severity="medium",
    dialects=("postgres", "mysql", "mariadb"),
    confidence="heuristic",
)
def partitions_ahead(ctx: Context) -> Iterator[Finding]:
    """Tables in ranges that end soon, or have ended."""
    for table in ctx.tables():
        found = partitioned_table(ctx.snapshot, table)
        last = last_range(found) if found is not None else None
        if found is None or last is None or found.axis is None or last.lower is None or last.upper is None:
            continue
        width = last.upper - last.lower
        if not found.axis.is_time:
            if has_rows(last.table):
                yield from _findings(ctx, found, last, ended=False)
            continue
        now = found.axis.of_moment(moment_of(ctx.snapshot))
        is_used = any(has_rows(part.table) for part in found.ranges[-2:])
        if is_used and last.upper - width <= now <= last.upper + ARCHIVED * width:
            yield from _findings(ctx, found, last, ended=last.upper <= now)


def _findings(ctx: Context, found: PartitionedTable, last: Partition, *, ended: bool) -> Iterator[Finding]:
    """Nothing for a MAXVALUE partition with rows: ``partition.default`` speaks of it, and empties it on the way."""
    if found.table.mysql is None:
        yield _finding(found, last, *_made(found, last), ended=ended)
        return
    default = found.default
    if default is None or not has_rows(default.table):
        change = ranges_ahead(ctx.snapshot, found, last)
        risk = "Nobody waits. The way back drops the new partitions, with the rows that are in them by then."
        if default is not None:
            risk = f"{default.name} is split, which is empty: writers wait for a moment. The way back copies rows."
        yield _finding(found, last, change, risk, ended=ended)


def _finding(found: PartitionedTable, last: Partition, change: Change, risk: str, *, ended: bool) -> Finding:
    assert found.axis is not None and found.column is not None and last.upper is not None
    name = found.table.name
    end = found.axis.text(last.upper)
    default = found.default
    place = default.own_name or default.table.name if default is not None else ""
    falls = f"go to {place}" if default is not None else "are refused"
    severity: Severity = "high" if ended else "medium"
    when = f"ended at {end}: rows since then" if ended else f"ends at {end}: rows from then on"
    return Finding(
        subject=Subject(name.schema, name.name, (found.column.name,)),
        title=f"{name} {'has run' if ended else 'runs'} out of partitions",
        reason=f"The last of {plural(len(found.ranges), 'partition')} by {found.column.name} {when} {falls}.",
        evidence=Evidence("heuristic"),
        change=change,
        risk=risk,
        severity=severity,
        key="ahead",
    )


def _made(found: PartitionedTable, last: Partition) -> tuple[Change, str]:
    """The next ones, on Postgres, and what making them takes."""
    name = found.table.name
    parts = tuple(next_parts(found, last))
    change = Change(
        tuple(_create(found, part) for part in parts),
        tuple(f"DROP TABLE {qualified(QualifiedName(name.schema, part.name))}" for part in reversed(parts)),
    )
    return change, _risk(found.default)


def _risk(default: Partition | None) -> str:
    if default is None:
        return "Each takes a lock on the table for a moment."
    scanned = f"Each scans {default.table.name} under a lock"
    if has_rows(default.table):
        return f"{scanned}, and is refused where rows of its range are in there: move these first."
    return f"{scanned}, which is empty."


def _create(found: PartitionedTable, part: Part) -> str:
    assert found.column is not None
    scheme = PartitionScheme(found.table.name, found.column.name, "range", (part,))
    own = qualified(QualifiedName(found.table.name.schema, part.name))
    return f"CREATE TABLE {own} PARTITION OF {qualified(found.table.name)} {partition_bound(scheme, part)}"
