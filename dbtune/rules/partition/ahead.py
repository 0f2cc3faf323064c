"""A partitioned table that runs out of partitions: there is none, or hardly one, for the rows to come.

When the last partition ends, rows go to the default partition, from where they are hard to move, or are refused where
there is none. The rule looks at tables in ranges of time whose last partition is about now, and at ranges of numbers
whose last partition already has rows. It proposes the next ones, as wide and named as the last.

## Example

```sql
CREATE TABLE public.events_2026_04 PARTITION OF public.events FOR VALUES FROM ('2026-04-01') TO ('2026-05-01');
```

## When not to follow it

Something makes them at the last moment (pg_partman, a job at night); then it is late by its own rules, or has
stopped. An archive, to which nothing is added any more, needs none: the rule is silent where the last range ended
long ago.

Source: PostgreSQL manual, "Table Partitioning", Partition Maintenance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from dbtune.ddl.partitions import part_name, partition_bound
from dbtune.ddl.quoting import qualified
from dbtune.model.names import QualifiedName
from dbtune.model.partitioning import Part, PartitionScheme
from dbtune.model.recommendation import Change, Evidence, Severity, Subject
from dbtune.model.units import plural
from dbtune.planner.partitions.axis import Axis
from dbtune.planner.partitions.ranges import suffix_like
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.partition_times import moment_of
from dbtune.rules.partition_tree import Partition, PartitionedTable, has_rows, partitioned_table
from dbtune.rules.registry import rule

WANTED = 4
"""Partitions that should lie ahead, as pg_partman makes them (``premake``)."""

ARCHIVED = 1.0
"""Widths of a partition since the end of the last one, after which nobody waits for new rows: they would be missed."""


@rule("partition.ahead", group="partition", severity="medium", confidence="heuristic")
def partitions_ahead(ctx: Context) -> Iterator[Finding]:
    """Tables in ranges that end soon, or have ended."""
    for table in ctx.tables():
        found = partitioned_table(ctx.snapshot, table)
        last = _last(found) if found is not None else None
        if found is None or last is None or found.axis is None or last.lower is None or last.upper is None:
            continue
        width = last.upper - last.lower
        if not found.axis.is_time:
            if has_rows(last.table):
                yield _finding(found, last, ended=False)
            continue
        now = found.axis.of_moment(moment_of(ctx.snapshot))
        is_used = any(has_rows(part.table) for part in found.ranges[-2:])
        if is_used and last.upper - width <= now <= last.upper + ARCHIVED * width:
            yield _finding(found, last, ended=last.upper <= now)


def _last(found: PartitionedTable) -> Partition | None:
    """The last range; None where there are too few to tell a width, or one has no upper limit."""
    limited = [part for part in found.parts if not part.is_default]
    if len(found.ranges) < 2 or limited[-1].upper is None:
        return None
    return found.ranges[-1]


def _finding(found: PartitionedTable, last: Partition, *, ended: bool) -> Finding:
    assert found.axis is not None and found.column is not None and last.upper is not None
    name = found.table.name
    parts = tuple(_next_parts(found, last))
    end = found.axis.text(last.upper)
    default = found.default
    falls = f"go to {default.table.name}" if default is not None else "are refused"
    severity: Severity = "high" if ended else "medium"
    when = f"ended at {end}: rows since then" if ended else f"ends at {end}: rows from then on"
    return Finding(
        subject=Subject(name.schema, name.name, (found.column.name,)),
        title=f"{name} {'has run' if ended else 'runs'} out of partitions",
        reason=f"The last of {plural(len(found.ranges), 'partition')} by {found.column.name} {when} {falls}.",
        evidence=Evidence("heuristic"),
        change=Change(
            tuple(_create(found, part) for part in parts),
            tuple(f"DROP TABLE {qualified(QualifiedName(name.schema, part.name))}" for part in reversed(parts)),
        ),
        risk=_risk(found, default),
        severity=severity,
        key="ahead",
    )


def _risk(found: PartitionedTable, default: Partition | None) -> str:
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


def _next_parts(found: PartitionedTable, last: Partition) -> Iterator[Part]:
    axis = found.axis
    assert axis is not None and last.lower is not None and last.upper is not None
    taken = {part.table.name.name for part in found.parts}
    edges = list(_edges(axis, last.lower, last.upper))
    for lower, upper in pairwise(edges):
        name = _name(found, last, axis, lower)
        if name in taken:
            name = part_name(found.table.name.name, suffix_like(axis, lower))
        yield Part(name, axis.text(lower), axis.text(upper))


def _edges(axis: Axis, lower: float, upper: float) -> Iterator[float]:
    """The limits of the next partitions, by calendar months where the last one begins and ends with a month."""
    months = _whole_months(axis, lower, upper) if axis.is_time else 0
    for number in range(WANTED + 1):
        if months:
            moment = axis.moment(upper)
            count = moment.year * 12 + moment.month - 1 + months * number
            yield axis.of_moment(datetime(count // 12, count % 12 + 1, 1))
        else:
            yield upper + number * (upper - lower)


def _whole_months(axis: Axis, lower: float, upper: float) -> int:
    """How many months the stretch is; 0 where it does not begin and end with one."""
    begin, end = axis.moment(lower), axis.moment(upper)
    midnights = all(
        one.day == 1 and one - one.replace(hour=0, minute=0, second=0, microsecond=0) == timedelta()
        for one in (begin, end)
    )
    return (end.year - begin.year) * 12 + end.month - begin.month if midnights else 0


FORMS: Sequence[str] = (
    "%Y%m%d_%H%M%S",
    "%Y_%m_%d",
    "%Y-%m-%d",
    "%Y%m%d",
    "y%Ym%md%d",
    "y%Ym%m",
    "%Y_%m",
    "%Y-%m",
    "%Y%m",
    "y%Y",
    "%Y",
)
"""How the beginning of a partition may be written at the end of its name."""


def _name(found: PartitionedTable, last: Partition, axis: Axis, lower: float) -> str:
    """Like the last one's: with its own beginning where the last one's name ends with its beginning."""
    assert last.lower is not None
    name = last.table.name.name
    if axis.is_time:
        for form in FORMS:
            ending = axis.moment(last.lower).strftime(form)
            if name.endswith(ending) and axis.moment(lower).strftime(form) != ending:
                return name.removesuffix(ending) + axis.moment(lower).strftime(form)
    elif name.endswith(str(int(last.lower))):
        return name.removesuffix(str(int(last.lower))) + str(int(lower))
    return part_name(found.table.name.name, suffix_like(axis, lower))
