"""An ordinary table becomes one in lists or hashes, whose partitions no present table can be: all rows are copied.

They go to a partitioned table beside it, which a trigger keeps up to date. One short transaction exchanges the names;
from then on a trigger keeps the former table up to date, so that the way back is as short, until it is dropped. Its
keys and indexes stay as they were, under other names.

Each statement is run, there and back, by ``tests/ddl/test_copying.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dbtune.ddl import carrying
from dbtune.ddl.conversion_plan import Conversion, locked
from dbtune.ddl.copy_phases import Copying, copy_phases
from dbtune.ddl.mirroring import drop_mirror, mirror_function, mirror_trigger, mirrored, staging_dropped
from dbtune.ddl.quoting import identifier, qualified
from dbtune.ddl.tables import create_view
from dbtune.ddl.taking_place import new_part, numbered, partitioned_like, published, renamed_keys
from dbtune.model.names import QualifiedName
from dbtune.model.recommendation import Phase


def all_copied_phases(plan: Conversion) -> tuple[Phase, ...]:
    """The whole way of a table into lists or hashes; see ``can_copy``."""
    way = Copying(
        plan.name,
        tuple(_prepare(plan)),
        tuple(_unprepare(plan)),
        tuple(_switch(plan)),
        tuple(_switch_back(plan)),
        tuple(_finish(plan)),
        len(plan.scheme.parts),
        f"Put the partitioned table in the place of {plan.name}, which becomes {plan.history}",
        "Every write",
    )
    return copy_phases(plan, way)


def _prepare(plan: Conversion) -> Iterator[str]:
    yield from locked(plan, "SHARE ROW EXCLUSIVE")
    yield from partitioned_like(plan, plan.name, plan.staging, plan.new_name)
    for part in plan.scheme.parts:
        yield from new_part(plan, plan.staging, part)
    yield from mirrored(plan, plan.name)


def _unprepare(plan: Conversion) -> Iterator[str]:
    yield from locked(plan)
    yield from staging_dropped(plan, plan.name)


def _switch(plan: Conversion) -> Iterator[str]:
    former = _Named(plan.history, plan.former_name)
    yield from _released(plan)
    yield from _exchanged(plan, former, _Named(plan.staging, plan.new_name))
    yield from carrying.row_security(plan.table, plan.attached)
    for one in plan.attached.grants:
        yield carrying.grant(plan.name, one)
    yield from _followed(plan, former, by_root=True)


def _switch_back(plan: Conversion) -> Iterator[str]:
    new = _Named(plan.staging, plan.new_name)
    yield from _released(plan)
    yield from carrying.drop_policies(plan.name, plan.attached.policies)
    yield from _exchanged(plan, new, _Named(plan.history, plan.former_name))
    yield from _followed(plan, new, by_root=False)


@dataclass(frozen=True)
class _Named:
    """A table that stands aside, and what its keys and indexes are called then, by the names of those in place."""

    table: QualifiedName
    keys: Callable[[str], str]


def _released(plan: Conversion) -> Iterator[str]:
    yield from locked(plan)
    yield drop_mirror(plan, plan.name)
    yield from carrying.drop_triggers(plan.name, plan.attached.triggers)


def _exchanged(plan: Conversion, aside: _Named, into: _Named) -> Iterator[str]:
    """The table in place steps ``aside``, the other one into its place."""
    yield f"ALTER TABLE {qualified(plan.name)} RENAME TO {identifier(aside.table.name)}"
    yield from renamed_keys(plan, aside.table, str, aside.keys)
    yield f"ALTER TABLE {qualified(into.table)} RENAME TO {identifier(plan.name.name)}"
    yield from renamed_keys(plan, plan.name, into.keys, str)
    yield from numbered(plan, aside.table, plan.name)
    yield from carrying.triggers(plan.name, plan.attached)


def _followed(plan: Conversion, aside: _Named, *, by_root: bool) -> Iterator[str]:
    """Publications and views take the table in place; the one aside is kept up to date from now on."""
    yield from published(plan, aside.table, by_root=by_root)
    for view in plan.views:
        yield create_view(view, replacing=True)
    yield mirror_function(plan, aside.table)
    yield mirror_trigger(plan, plan.name)


def _finish(plan: Conversion) -> Iterator[str]:
    yield from locked(plan)
    yield drop_mirror(plan, plan.name)
    yield f"DROP FUNCTION {qualified(plan.mirror)}()"
    yield f"DROP TABLE {qualified(plan.history)}"
