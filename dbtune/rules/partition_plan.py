"""The way to a partitioned table: what can be carried over, what cannot, and the phases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dbtune.candidates.partitions import is_growing
from dbtune.connect.abilities import Abilities, Ability
from dbtune.ddl.conversion import attach_phases
from dbtune.ddl.conversion_plan import Conversion
from dbtune.ddl.copying import all_copied_phases
from dbtune.ddl.mirroring import can_copy
from dbtune.ddl.partitioned import taken_names
from dbtune.ddl.quoting import literal
from dbtune.ddl.splitting import can_split, split_phases
from dbtune.model.attachments import Attachments
from dbtune.model.names import QualifiedName
from dbtune.model.partitioning import PartitionScheme, Width
from dbtune.model.recommendation import Aside, Change, phased
from dbtune.model.schema import Column, Table
from dbtune.model.snapshot import Snapshot
from dbtune.planner.partitions.axis import Axis, axis_of, zone_of
from dbtune.planner.partitions.distribution import Distribution
from dbtune.rules.partition_times import moment_of

INTERVALS = {"quarter": "3 months"}


def cannot_be_carried(snapshot: Snapshot, table: Table) -> Iterator[str]:
    """What hangs on the table that no partitioned table in its place can have, or that nobody can put there."""
    attached, has = table.attachments, Abilities(snapshot.server.major).has
    if any(not key.validated for key in table.foreign_keys):
        yield "a foreign key of it is NOT VALID, which no key of a partitioned table may be: validate it first"
    if attached is None:
        return
    yield from _triggers_in_the_way(snapshot, attached)
    if attached.rules:
        yield f"the rewrite rule {attached.rules[0]} hangs on it"
    for kind, name in attached.dependents:
        if kind == "materialized view":
            yield f"the materialized view {name} was made with it, and would have to be made anew"
        elif kind == "function":
            yield f"the function {name} was made with the type of its rows, and would have to be made anew"
        elif snapshot.view(name) is None:
            yield f"the view {name} was made with it, and is not in the snapshot"
    if any(publication.filtered for publication in attached.publications):
        yield "a publication takes only some of its rows or columns"
    if attached.publications and not has(Ability.PUBLICATION_BY_ROOT):
        yield f"it is published, and Postgres {snapshot.server.major} publishes no partitioned tables"
    if attached.forced_row_security:
        yield "its row-level security is forced on its owner too, who has to copy rows"
    if attached.replica_identity in ("index", "nothing"):
        yield f"its replica identity is {attached.replica_identity.upper()}"


def _triggers_in_the_way(snapshot: Snapshot, attached: Attachments) -> Iterator[str]:
    before = Abilities(snapshot.server.major).has(Ability.ROW_TRIGGERS_BEFORE_ON_PARTITIONED)
    for trigger in attached.triggers:
        if trigger.for_each_row and trigger.has_transition_tables:
            yield f"the row trigger {trigger.name} has transition tables"
        elif trigger.for_each_row and not before and " BEFORE " in trigger.definition.split(" ON ", 1)[0]:
            yield f"the trigger {trigger.name} fires BEFORE each row, which Postgres {snapshot.server.major} cannot"


def taken_name(snapshot: Snapshot, table: Table, scheme: PartitionScheme) -> str | None:
    """A relation that has the name of one that would be made; None where there is none."""
    plan = conversion(snapshot, table, scheme)
    names = plan.made if isinstance(plan, Conversion) else tuple(part.name for part in scheme.parts)
    taken = taken_names(snapshot, table.name.schema)
    return next((name for name in names if name in taken), None)


def conversion(snapshot: Snapshot, table: Table, scheme: PartitionScheme) -> Conversion | str:
    """What the phases are made of, or why they are not known."""
    column = table.column(scheme.column)
    if table.attachments is None or column is None:
        return "the snapshot is of a version that did not collect what hangs on tables"
    pointing = pointing_tables(snapshot, table)
    if pointing:
        return f"foreign keys of {', '.join(map(str, pointing))} point here, and would have to be made anew"
    views = {name for kind, name in table.attachments.dependents if kind == "view"}
    owned = (
        sequence
        for sequence in snapshot.sequences
        if sequence.owned_by is not None and sequence.owned_by[0] == table.name
        if (of := table.column(sequence.owned_by[1])) is not None and not of.identity
    )
    plan = Conversion(
        table=table,
        scheme=scheme,
        end="",
        attached=table.attachments,
        views=tuple(view for view in snapshot.views if view.name in views),
        sequences=tuple(owned),
        major=snapshot.server.major,
    )
    if scheme.kind != "range":
        return plan if can_copy(plan) else _no_copy(snapshot, table)
    axis = axis_of(column, zone_of(snapshot))
    limits = _end(snapshot, column, axis, scheme, scheme.width) if axis is not None and scheme.width else None
    if limits is None:
        return "the key has hardly a value left for rows to come"
    end, deadline = limits
    return replace(plan, end=end, deadline=deadline)


def pointing_tables(snapshot: Snapshot, table: Table, *, without: str | None = None) -> tuple[QualifiedName, ...]:
    """Tables with foreign keys to this one; ``without``: to keys alone that do not hold the column."""
    return tuple(
        sorted(
            {
                one.name
                for one in snapshot.tables
                for key in one.foreign_keys
                if key.referenced_table == table.name and (without is None or without not in key.referenced_columns)
            }
        )
    )


def _no_copy(snapshot: Snapshot, table: Table) -> str:
    if table.primary_key is None:
        return "all rows have to be copied, and no primary key tells them apart"
    if table.primary_key.deferrable:
        return "all rows have to be copied, and the primary key is deferrable"
    return f"all rows have to be copied, and Postgres {snapshot.server.major} reads no table piece by piece"


def _end(
    snapshot: Snapshot, column: Column, axis: Axis, scheme: PartitionScheme, width: Width
) -> tuple[str, str | None] | None:
    """The bound that all present rows come before, with a whole partition to spare, and how long that is so.

    None where the type has no value so great.
    """
    assert column.statistics is not None
    ends = Distribution.of(axis, column.statistics).ends
    assert ends is not None
    now = moment_of(snapshot)
    growing = axis.is_time and is_growing(axis, width, ends[1], now)
    present = max(ends[1], axis.of_moment(now)) if growing else ends[1]
    lowers = [part.lower for part in scheme.parts if part.lower is not None]
    points = [point for lower in lowers if (point := axis.point(lower)) is not None]
    number = min(sum(point <= present for point in points) + 1, len(points) - 1)
    if points[number] <= present:
        return None
    if not growing:
        return lowers[number], None
    half = points[number - 1] + (points[number] - points[number - 1]) / 2
    return lowers[number], f"{axis.utc(half).isoformat(sep=' ', timespec='seconds')}"


def change_of(snapshot: Snapshot, table: Table, scheme: PartitionScheme) -> Change:
    """The phases; empty where they are not known."""
    plan = conversion(snapshot, table, scheme)
    if isinstance(plan, str):
        return Change()
    if scheme.kind != "range":
        return phased(all_copied_phases(plan))
    phases = attach_phases(plan)
    if can_split(plan):
        phases += split_phases(plan)
    return phased(phases, (partman(plan),))


def partman(plan: Conversion) -> Aside:
    """How pg_partman 5 takes over the making of partitions ahead.

    Source: pg_partman 5, doc/pg_partman.md, ``create_parent``, ``part_config``.
    """
    width = plan.scheme.width
    assert width is not None
    interval = INTERVALS.get(width.unit, f"{width.count} {width.unit}") if width.unit != "number" else str(width.count)
    name = f"{plan.name.schema}.{plan.name.name}"
    text = f"""-- after the phase "swap"; partman is the schema of the extension
SELECT partman.create_parent(
    p_parent_table := {literal(name)},
    p_control := {literal(plan.scheme.column)},
    p_type := 'range',
    p_interval := {literal(interval)},
    p_premake := 4,
    p_start_partition := {literal(plan.end)},
    p_default_table := false  -- there is one
);
UPDATE partman.part_config
SET infinite_time_partitions = true  -- make partitions ahead also where no rows come
    -- , retention = '36 months', retention_keep_table = false  -- drop those that are older
WHERE parent_table = {literal(name)};
-- every hour or so, by pg_cron or its own background worker: CALL partman.run_maintenance_proc();"""
    return Aside("pg_partman 5 makes the partitions from then on", text)
