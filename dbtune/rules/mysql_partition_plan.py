"""Partitioning a table of MySQL or MariaDB: what stands in the way, the ALTER TABLE, and what is to be done later."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dbtune.ddl import mysql_session
from dbtune.ddl.mysql_partitions import (
    DEFAULT,
    MAXVALUE,
    Bound,
    Values,
    add_ranges,
    column_bound,
    drop_ranges,
    partition_alter,
    split_range,
    unpartition_alter,
    widened_key,
)
from dbtune.ddl.mysql_quoting import literal
from dbtune.model.mysql import Partitioning
from dbtune.model.partitioning import PartitionScheme
from dbtune.model.recommendation import Aside, Change
from dbtune.model.schema import Table
from dbtune.model.snapshot import Snapshot
from dbtune.planner.gate import PlannedStatement
from dbtune.planner.mysql.partitioned import partitioning_of
from dbtune.planner.partitions.axis import axis_of, zone_of
from dbtune.planner.partitions.ranges import following, suffix
from dbtune.rules.mysql_changes import altered
from dbtune.rules.mysql_tables import engine_of, is_innodb

BY_KEY = re.compile(r"\bon\s+duplicate\s+key\b|\A\s*replace\b|\A\s*insert\s+ignore\b", re.IGNORECASE)
"""Statements that mean the row with the same key."""

METHODS = {"fulltext": "FULLTEXT", "spatial": "SPATIAL", "rtree": "SPATIAL"}


def mysql_blockers(
    snapshot: Snapshot, table: Table, scheme: PartitionScheme, statements: Sequence[PlannedStatement]
) -> Iterator[str]:
    """What InnoDB's partitioned tables cannot have, and what would mean something else than before."""
    if not is_innodb(table):
        yield f"it is in {engine_of(table)}, and the way for InnoDB is known alone"
    yield from _foreign_keys(snapshot, table)
    for index in table.indexes:
        if index.method in METHODS:
            yield f"{index.name} is a {METHODS[index.method]} index, which no partitioned table can have"
        elif index.unique and not index.primary and scheme.column not in index.columns:
            columns = ", ".join(index.columns)
            yield f"{index.name} keeps ({columns}) unique, which no key with {scheme.column} in it does"
    if not widened_key(table, partitioning_of(table, scheme)):
        return
    column = table.column(scheme.column)
    if column is not None and not column.not_null:
        yield f"{column.name} may be NULL, and the primary key would have to hold it"
    for planned in statements:
        if BY_KEY.search(planned.statement.text) and any(w.table == table.name for w in planned.facts.writes):
            yield (
                f"`{planned.statement.text[:60]}` means the row with the same primary key, which would be another one"
            )


def _foreign_keys(snapshot: Snapshot, table: Table) -> Iterator[str]:
    if table.foreign_keys:
        yield f"it has the foreign key {table.foreign_keys[0].name}, and InnoDB's partitioned tables have none"
    pointing = sorted(
        {str(one.name) for one in snapshot.tables for key in one.foreign_keys if key.referenced_table == table.name}
    )
    if pointing:
        yield f"foreign keys of {', '.join(pointing[:3])} point here, which they cannot where partitions are"


def mysql_change(snapshot: Snapshot, table: Table, scheme: PartitionScheme) -> Change:
    """One ALTER TABLE there and one back, the tools that spare writers the wait, and the statements for upkeep."""
    partitioning = partitioning_of(table, scheme)
    change = altered(snapshot, table, [partition_alter(table, partitioning)], [unpartition_alter(table, partitioning)])
    upkeep = _upkeep(snapshot, table, scheme, partitioning)
    return Change(change.up, change.down, tools=change.tools, asides=(upkeep,) if upkeep is not None else ())


def mysql_risks(snapshot: Snapshot, scheme: PartitionScheme) -> Iterator[str]:
    """What such partitions ask of those who write, and of those who keep them."""
    if scheme.kind == "range":
        yield "Partitions must be made ahead of time, or rows end in pmax."
    elif scheme.kind == "hash":
        yield "Another number of partitions later means another copy, and ranges of it prune nothing."
    elif any(part.is_default for part in scheme.parts):
        yield "Rows with values that no partition names end in pdefault."
    else:
        yield (
            f"A row with any other value of {scheme.column} is refused (error 1526; INSERT IGNORE leaves it out), "
            "unless a partition is added for it before."
        )


def _upkeep(snapshot: Snapshot, table: Table, scheme: PartitionScheme, partitioning: Partitioning) -> Aside | None:
    if scheme.kind == "list":
        return _another_value(snapshot, table, scheme)
    column = table.column(scheme.column)
    axis = axis_of(column, zone_of(snapshot)) if column is not None else None
    limited = [part for part in scheme.parts if part.upper is not None]
    if axis is None or scheme.width is None or not limited or limited[-1].upper is None:
        return None
    begin = axis.point(limited[-1].upper)
    default = next((part for part in scheme.parts if part.is_default), None)
    if begin is None or default is None:
        return None
    family = snapshot.server.dialect
    upper = following(axis, scheme.width, begin)
    new = Bound(suffix(axis, scheme.width, begin), column_bound(axis.text(upper), is_time=axis.is_time))
    split = split_range(table.name, default.name, (new, Bound(default.name, MAXVALUE)), family)
    oldest = drop_ranges(table.name, (partitioning.partitions[0].name,), family)
    text = (
        f"{mysql_session.BEFORE};\n"
        f"-- before rows of {axis.text(begin)} come, while {default.name} is empty, and so on\n{split};\n"
        f"-- old rows go with their partition\n{oldest};"
    )
    return Aside("Upkeep: partitions are made ahead, and dropped when they are old", text)


def _another_value(snapshot: Snapshot, table: Table, scheme: PartitionScheme) -> Aside:
    family = snapshot.server.dialect
    new = Values("NAME", literal("VALUE"))
    default = next((part for part in scheme.parts if part.is_default), None)
    if default is None:
        statement = add_ranges(table.name, (new,), family)
        when = "before rows with another value come, which are refused else"
    else:
        statement = split_range(table.name, default.name, (new, Values(default.name, DEFAULT)), family)
        when = f"for a value that many rows of {default.name} have"
    text = f"{mysql_session.BEFORE};\n-- {when}\n{statement};"
    return Aside("Upkeep: a partition for another value", text)
