"""An ordinary table becomes a partitioned one while it is read and written: the table as it is becomes a partition.

What takes time (the proof of the partition's bounds, the wider key) is done first, without stopping writers. Then one
short transaction puts a partitioned table in the table's place and attaches the table to it. Measured on 3 million rows
under four writing clients, the longest request took 13 ms.

Sources: PostgreSQL manual, ALTER TABLE ("ATTACH PARTITION", "ADD table_constraint_using_index", "SET NOT NULL"), "Table
Partitioning"; each statement is run, there and back, by ``tests/ddl/test_conversion.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from dbtune.ddl import carrying, guards
from dbtune.ddl.conversion_plan import Conversion, bounds_name, brief, locked, patient
from dbtune.ddl.indexes import create_index
from dbtune.ddl.partitions import widened_index
from dbtune.ddl.quoting import identifier, literal, qualified
from dbtune.ddl.session import SHORT_LOCK_TIMEOUT, waiting_long
from dbtune.ddl.tables import create_view
from dbtune.ddl.taking_place import new_part, numbered, partitioned_like, published, renamed_keys
from dbtune.model.names import QualifiedName
from dbtune.model.recommendation import Phase
from dbtune.model.schema import Constraint, Table
from dbtune.model.units import human_bytes, human_ms

BYTES_A_SECOND = 200e6
"""Assumed of reading a table that is not in memory."""


def attach_phases(plan: Conversion) -> tuple[Phase, ...]:
    """The table becomes a partition of one that takes its place. Raises ValueError where ``end`` is no bound."""
    if not any(part.lower == plan.end for part in plan.scheme.parts):
        raise ValueError(f"{plan.end} is no bound of the partitions")
    phases = [_checked(plan), _validated(plan)]
    if plan.key is not None:
        phases.append(_keyed(plan))
    phases += [_swapped(plan), analyzed(plan, "analyze")]
    if plan.key is not None:
        phases.append(_tidied(plan))
    return tuple(phases)


def scan_words(size: int) -> str:
    """``reads 880 MiB: about 5 s from disk``."""
    return f"reads {human_bytes(size)}: about {human_ms(max(1000.0, size / BYTES_A_SECOND * 1000))} from disk"


def table_size(table: Table) -> int:
    """In bytes, without its indexes."""
    return max(table.total_bytes, table.file_pages * 8192)


def _checked(plan: Conversion) -> Phase:
    column = identifier(plan.column.name)
    condition = f"{column} IS NOT NULL AND {column} < {literal(plan.end)}"
    table, check = qualified(plan.name), identifier(plan.check)
    return Phase(
        "check",
        f"Say of {plan.name} that all rows come before {plan.end}",
        (
            *brief(),
            *_not_too_late(plan),
            f"ALTER TABLE {table} ADD CONSTRAINT {check} CHECK ({condition}) NOT VALID",
        ),
        (*brief(), f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {check}"),
        transaction=True,
        lock="ACCESS EXCLUSIVE on the table for a moment",
        duration="milliseconds",
        risk=f"From now on a row with {plan.column.name} of {plan.end} or later is refused, until the swap is done.",
    )


def _not_too_late(plan: Conversion) -> Iterator[str]:
    if plan.deadline is not None:
        yield f"""DO $check$
BEGIN
  IF pg_catalog.now() >= {literal(plan.deadline)}::timestamptz THEN
    RAISE EXCEPTION 'these statements were made for a time before %: make them anew', {literal(plan.deadline)};
  END IF;
END
$check$"""


def _validated(plan: Conversion) -> Phase:
    return Phase(
        "validate",
        "Prove it, so that nothing has to be scanned under a lock later",
        (
            *patient(),
            f"ALTER TABLE {qualified(plan.name)} VALIDATE CONSTRAINT {identifier(plan.check)}",
        ),
        transaction=True,
        lock="SHARE UPDATE EXCLUSIVE: reads and writes go on",
        duration=scan_words(table_size(plan.table)),
    )


def _keyed(plan: Conversion) -> Phase:
    assert plan.key is not None and plan.key_index is not None
    wide = replace(widened_index(plan.key_index, plan.scheme.column), name=plan.kept_name(plan.key.name))
    old = replace(plan.key_index, name=plan.old_key)
    drops = (wide.qualified_name, old.qualified_name)
    return Phase(
        "key",
        f"Build the unique index on ({', '.join(wide.columns)}), and one for the way back",
        waiting_long(
            [
                *(guards.drop_if_invalid(name) for name in drops),
                *(create_index(index, if_not_exists=True) for index in (wide, old)),
                *(guards.require_valid(name) for name in drops),
            ]
        ),
        waiting_long([f"DROP INDEX CONCURRENTLY IF EXISTS {qualified(name)}" for name in drops]),
        lock="SHARE UPDATE EXCLUSIVE: reads and writes go on",
        duration=f"{scan_words(2 * table_size(plan.table))}, and waits for all open transactions",
        risk="A build that is broken off leaves an INVALID index, which goes when this phase is run again.",
    )


def _swapped(plan: Conversion) -> Phase:
    later = "rows that came since are moved back under the lock: the later, the longer"
    return Phase(
        "swap",
        f"Put the partitioned table in the place of {plan.name}, which becomes its first partition",
        tuple(_swap(plan)),
        tuple(_swap_back(plan)),
        transaction=True,
        lock=f"ACCESS EXCLUSIVE on the table, refused after {SHORT_LOCK_TIMEOUT} of waiting (then run it again)",
        duration="some 10 ms",
        risk=f"On the way back {later}. To do it again after that, begin with the first phase.",
    )


def analyzed(plan: Conversion, name: str, *, optional: bool = False) -> Phase:
    return Phase(
        name,
        "Give the partitioned table statistics, which autovacuum never does",
        (f"ANALYZE {qualified(plan.name)}",),
        lock="SHARE UPDATE EXCLUSIVE: reads and writes go on",
        duration="seconds",
        optional=optional,
    )


def _tidied(plan: Conversion) -> Phase:
    assert plan.key_index is not None
    old = replace(plan.key_index, name=plan.old_key, table=plan.history)
    return Phase(
        "tidy",
        "Drop the index that was kept for the way back",
        waiting_long([f"DROP INDEX CONCURRENTLY IF EXISTS {qualified(old.qualified_name)}"]),
        waiting_long(
            [
                guards.drop_if_invalid(old.qualified_name),
                create_index(old, if_not_exists=True),
                guards.require_valid(old.qualified_name),
            ]
        ),
        lock="SHARE UPDATE EXCLUSIVE: reads and writes go on",
        duration="waits for all open transactions",
        optional=True,
    )


def _swap(plan: Conversion) -> Iterator[str]:
    table, history = qualified(plan.name), qualified(plan.history)
    yield from _not_too_late(plan)
    yield from locked(plan)
    yield f"ALTER TABLE {table} RENAME TO {identifier(plan.history.name)}"
    yield from carrying.drop_triggers(plan.history, plan.attached.triggers)
    if not plan.column.not_null:
        yield f"ALTER TABLE {history} ALTER COLUMN {identifier(plan.column.name)} SET NOT NULL"
    yield from _keys_of_history(plan)
    yield from _partitioned_table(plan)
    yield f"ALTER TABLE {table} ATTACH PARTITION {history} FOR VALUES FROM (MINVALUE) TO ({literal(plan.end)})"
    for part in plan.ahead:
        yield from new_part(plan, plan.name, part)
        if part.is_default:  # spares its scan for each partition of rows from before
            default = qualified(QualifiedName(plan.name.schema, part.name))
            condition = f"{identifier(plan.column.name)} >= {literal(plan.end)}"
            yield f"ALTER TABLE {default} ADD CONSTRAINT {identifier(bounds_name(part))} CHECK ({condition})"
    yield from carrying.triggers(plan.name, plan.attached)
    yield from carrying.row_security(plan.table, plan.attached)
    for one in plan.attached.grants:
        yield carrying.grant(plan.name, one)
    yield from published(plan, plan.history, by_root=True)
    for view in plan.views:
        yield create_view(view, replacing=True)


def _keys_of_history(plan: Conversion) -> Iterator[str]:
    """The wide key in place of the primary key; names that the partitioned table is to have are given free."""
    return _renamed_keys(plan, plan.history, str, plan.kept_name)


def _keys_as_they_were(plan: Conversion) -> Iterator[str]:
    return _renamed_keys(plan, plan.name, plan.kept_name, str, plan.old_key)


def _renamed_keys(
    plan: Conversion,
    table: QualifiedName,
    old: Callable[[str], str],
    new: Callable[[str], str],
    key_index: str | None = None,
) -> Iterator[str]:
    """Keys and indexes under other names; the primary key is made of ``key_index`` (of the index of its new name)."""
    if plan.key is not None:
        alter = f"ALTER TABLE {qualified(table)}"
        yield f"{alter} DROP CONSTRAINT {identifier(old(plan.key.name))}"
        after = new(plan.key.name)
        using = f"PRIMARY KEY USING INDEX {identifier(key_index or after)}{_deferral(plan.key)}"
        yield f"{alter} ADD CONSTRAINT {identifier(after)} {using}"
    yield from renamed_keys(plan, table, old, new, but=plan.key)


def _partitioned_table(plan: Conversion) -> Iterator[str]:
    yield from partitioned_like(plan, plan.history, plan.name)
    yield f"ALTER TABLE {qualified(plan.name)} DROP CONSTRAINT {identifier(plan.check)}"
    yield from numbered(plan, plan.history, plan.name)


def _swap_back(plan: Conversion) -> Iterator[str]:
    table, history, aside = qualified(plan.name), qualified(plan.history), qualified(plan.aside)
    columns = ", ".join(identifier(column.name) for column in plan.table.columns if not column.generated)
    yield from locked(plan)
    yield "SET LOCAL statement_timeout = 0"
    yield f"ALTER TABLE {table} DETACH PARTITION {history}"
    yield f"ALTER TABLE {history} DROP CONSTRAINT {identifier(plan.check)}"
    yield f"INSERT INTO {history} ({columns}) SELECT {columns} FROM {table}"
    yield from numbered(plan, plan.name, plan.history)
    yield f"ALTER TABLE {table} RENAME TO {identifier(plan.aside.name)}"
    yield f"ALTER TABLE {history} RENAME TO {identifier(plan.name.name)}"
    for view in plan.views:
        yield create_view(view, replacing=True)
    yield from published(plan, plan.aside, by_root=False)
    yield f"DROP TABLE {aside}"
    yield from _keys_as_they_were(plan)
    if not plan.column.not_null:
        yield f"ALTER TABLE {table} ALTER COLUMN {identifier(plan.column.name)} DROP NOT NULL"
    yield from carrying.triggers(plan.name, plan.attached)


def _deferral(constraint: Constraint) -> str:
    """`` DEFERRABLE INITIALLY DEFERRED``, as it stands at the end of the definition."""
    tail = constraint.definition.rpartition(")")[2].strip()
    return f" {tail}" if tail else ""
