"""The rows from before a conversion, which lie in one large partition, go into partitions of their own.

They are copied into a second partitioned table in batches while a trigger keeps it up to date, then one transaction
exchanges the large partition for the small ones. From then on a trigger keeps the large one up to date, so that the way
back is as short, until it is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dbtune.ddl.conversion_plan import Conversion, bounds_name, locked
from dbtune.ddl.copy_phases import Copying, copy_phases
from dbtune.ddl.mirroring import can_copy, drop_mirror, mirror_function, mirror_trigger, mirrored, staging_dropped
from dbtune.ddl.partitions import partition_bound, partition_key
from dbtune.ddl.quoting import identifier, literal, qualified
from dbtune.ddl.tables import add_constraint
from dbtune.ddl.taking_place import new_part
from dbtune.model.names import QualifiedName
from dbtune.model.partitioning import Part
from dbtune.model.recommendation import Phase


def can_split(plan: Conversion) -> bool:
    """Whether the rows can be copied, and to more than one partition."""
    return can_copy(plan) and len(plan.past) > 1


def split_phases(plan: Conversion) -> tuple[Phase, ...]:
    """After ``attach_phases``. Optional: new rows are in partitions of their own without it."""
    way = Copying(
        plan.history,
        tuple(_prepare(plan)),
        tuple(_unprepare(plan)),
        tuple(_switch(plan)),
        tuple(_switch_back(plan)),
        tuple(_finish(plan)),
        len(plan.past),
        f"Exchange {plan.history} for the partitions",
        "Every write to rows from before the conversion",
        prefix="split-",
        optional=True,
    )
    return copy_phases(plan, way)


def _bounds(plan: Conversion, part: Part) -> str:
    """What ATTACH would else have to prove by a scan."""
    column = identifier(plan.scheme.column)
    low = [] if part.lower is None else [f"{column} >= {literal(part.lower)}"]
    assert part.upper is not None
    return " AND ".join((f"{column} IS NOT NULL", *low, f"{column} < {literal(part.upper)}"))


def _prepare(plan: Conversion) -> Iterator[str]:
    staging = qualified(plan.staging)
    yield from locked(plan, "SHARE ROW EXCLUSIVE", plan.history)
    copied = "DEFAULTS CONSTRAINTS GENERATED STORAGE COMPRESSION INDEXES".split()
    including = " ".join(f"INCLUDING {what}" for what in copied)
    yield f"CREATE TABLE {staging} (LIKE {qualified(plan.name)} {including}) PARTITION BY {partition_key(plan.scheme)}"
    if plan.attached.owner:
        yield f"ALTER TABLE {staging} OWNER TO {identifier(plan.attached.owner)}"
    for key in plan.table.foreign_keys:
        yield add_constraint(replace(plan.table, name=plan.staging), key)
    for part in plan.past:
        yield from new_part(plan, plan.staging, part)
        table = qualified(QualifiedName(plan.name.schema, part.name))
        yield f"ALTER TABLE {table} ADD CONSTRAINT {identifier(bounds_name(part))} CHECK ({_bounds(plan, part)})"
    yield from mirrored(plan, plan.history)


def _unprepare(plan: Conversion) -> Iterator[str]:
    yield from locked(plan, "ACCESS EXCLUSIVE", plan.history)
    yield from staging_dropped(plan, plan.history)


def _switch(plan: Conversion) -> Iterator[str]:
    table, history, staging = qualified(plan.name), qualified(plan.history), qualified(plan.staging)
    yield from locked(plan)
    yield drop_mirror(plan, plan.history)
    yield f"ALTER TABLE {table} DETACH PARTITION {history}"
    for part in plan.past:
        own = qualified(QualifiedName(plan.name.schema, part.name))
        yield f"ALTER TABLE {staging} DETACH PARTITION {own}"
        yield f"ALTER TABLE {table} ATTACH PARTITION {own} {partition_bound(plan.scheme, part)}"
    yield mirror_function(plan, plan.history, f" AND NEW.{identifier(plan.scheme.column)} < {literal(plan.end)}")
    yield mirror_trigger(plan, plan.name)


def _switch_back(plan: Conversion) -> Iterator[str]:
    table, history, staging = qualified(plan.name), qualified(plan.history), qualified(plan.staging)
    yield from locked(plan)
    yield drop_mirror(plan, plan.name)
    for part in plan.past:
        own = qualified(QualifiedName(plan.name.schema, part.name))
        yield f"ALTER TABLE {table} DETACH PARTITION {own}"
        yield f"ALTER TABLE {staging} ATTACH PARTITION {own} {partition_bound(plan.scheme, part)}"
    yield f"ALTER TABLE {table} ATTACH PARTITION {history} FOR VALUES FROM (MINVALUE) TO ({literal(plan.end)})"
    yield mirror_function(plan, plan.staging)
    yield mirror_trigger(plan, plan.history)


def _finish(plan: Conversion) -> Iterator[str]:
    yield from locked(plan)
    yield drop_mirror(plan, plan.name)
    yield f"DROP FUNCTION {qualified(plan.mirror)}()"
    yield f"DROP TABLE {qualified(plan.history)}"
    yield f"DROP TABLE {qualified(plan.staging)}"
    for part in (*plan.past, *(part for part in plan.ahead if part.is_default)):
        own = qualified(QualifiedName(plan.name.schema, part.name))
        yield f"ALTER TABLE {own} DROP CONSTRAINT {identifier(bounds_name(part))}"
