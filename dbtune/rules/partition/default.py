"""A default partition that fills: rows for which nobody made a partition.

Each new partition has to scan the default one under a lock, and is refused while rows of its range are in it.
Statements that ask by the key have to read it too wherever a range is not covered. It should be empty, or hold what
nobody expects.

## Example

```sql
BEGIN;
ALTER TABLE public.events DETACH PARTITION public.events_default;
CREATE TABLE public.events_2026_04 PARTITION OF public.events FOR VALUES FROM ('2026-04-01') TO ('2026-05-01');
INSERT INTO public.events SELECT * FROM public.events_default;
TRUNCATE public.events_default;
ALTER TABLE public.events ATTACH PARTITION public.events_default DEFAULT;
COMMIT;
-- MySQL
ALTER TABLE `shop`.`events` ALGORITHM=INPLACE, LOCK=SHARED, REORGANIZE PARTITION `pmax` INTO (
  PARTITION `p2026_04` VALUES LESS THAN ('2026-05-01'), PARTITION `pmax` VALUES LESS THAN (MAXVALUE));
```

On MySQL and MariaDB it is the partition up to MAXVALUE, and MariaDB's DEFAULT of a list. Its rows are copied, by the
server itself, into the partitions that were forgotten.

## When not to follow it

The default is used on purpose, for values of a list that are not worth a partition each: the rule is silent up to a
tenth of the rows of a table in lists.

Source: PostgreSQL manual, CREATE TABLE, "DEFAULT".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.recommendation import Evidence, Severity, Subject
from dbtune.model.units import human_bytes, plural
from dbtune.planner.partitions.distribution import Distribution
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.mysql_partition_changes import emptied_maxvalue
from dbtune.rules.partition_parts import Partition, PartitionedTable, has_rows
from dbtune.rules.partition_tree import leaves, partitioned_table
from dbtune.rules.registry import rule
from dbtune.rules.wording import rows_words

ON_PURPOSE = 0.1
"""Share of the rows of a table in lists."""

MUCH = 0.05
"""Share of the rows from which on it is more than an oversight."""


@rule(
    "partition.default",
    group="partition",
    severity="low",
    dialects=("postgres", "mysql", "mariadb"),
    confidence="heuristic",
)
def filling_default(ctx: Context) -> Iterator[Finding]:
    """Default partitions with rows."""
    for table in ctx.tables():
        found = partitioned_table(ctx.snapshot, table)
        default = found.default if found is not None else None
        if found is None or default is None or not has_rows(default.table):
            continue
        share = _share(ctx, found, default)
        if found.kind != "list" or share > ON_PURPOSE:
            of_mysql = found.table.mysql is not None
            yield (_mysql_finding if of_mysql else _finding)(ctx, found, default, share)


def _share(ctx: Context, found: PartitionedTable, default: Partition) -> float:
    own = ctx.rows(default.table) or 0.0
    total = sum(ctx.rows(leaf) or 0.0 for leaf in leaves(ctx.snapshot, found.table))
    return own / total if total > 0 else 0.0


def _finding(ctx: Context, found: PartitionedTable, default: Partition, share: float) -> Finding:
    name = found.table.name
    return Finding(
        subject=Subject(name.schema, default.table.name.name, (found.column.name,) if found.column else ()),
        title=f"Default partition {default.table.name} has rows",
        reason=(
            f"It holds {_rows(ctx, found, default, share)}{_stretch(found, default)}. "
            f"A new partition of {name} has to scan it under a lock, and is refused while rows of its range are there."
        ),
        evidence=Evidence("heuristic"),
        risk="To move the rows, the default is detached, and read under a lock: in parts where it is large.",
        severity=_severity(share),
        key="default",
    )


def _mysql_finding(ctx: Context, found: PartitionedTable, default: Partition, share: float) -> Finding:
    name = found.table.name
    word = "MAXVALUE" if found.kind == "range" else "DEFAULT"
    change = emptied_maxvalue(ctx.snapshot, found, default)
    waits = f"writers of {name} wait meanwhile ({human_bytes(default.table.total_bytes)})."
    return Finding(
        subject=Subject(name.schema, name.name, (found.column.name,) if found.column else ()),
        title=f"{word} partition {default.name} of {name} has rows",
        reason=(
            f"It holds {_rows(ctx, found, default, share)}. Statements on these prune nothing within it, none of them "
            "can be dropped with a partition, and a new partition is cut out of it by copying its rows."
        ),
        evidence=Evidence("heuristic"),
        change=change,
        risk=f"REORGANIZE PARTITION copies the rows of {default.name}, and {waits}",
        severity=_severity(share),
        key="default",
    )


def _severity(share: float) -> Severity:
    return "medium" if share > MUCH else "low"


def _rows(ctx: Context, found: PartitionedTable, default: Partition, share: float) -> str:
    rows = rows_words(ctx.rows(default.table)) or "rows"
    known = f", {share:.1%} of all in {plural(len(found.parts), 'partition')}" if share > 0 else ""
    return f"{rows}{known}"


def _stretch(found: PartitionedTable, default: Partition) -> str:
    """From where to where its rows lie, as far as the statistics tell."""
    column = default.table.column(found.column.name) if found.column is not None else None
    if found.axis is None or column is None or column.statistics is None:
        return ""
    ends = Distribution.of(found.axis, column.statistics).ends
    return f", {column.name} from {found.axis.text(ends[0])} to {found.axis.text(ends[1])}" if ends else ""
