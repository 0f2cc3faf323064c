"""The rows from before a conversion, which lie in one large partition, go into partitions of their own.

They are copied into a second partitioned table in batches while a trigger keeps it up to date, then one transaction
exchanges the large partition for the small ones. From then on a trigger keeps the large one up to date, so that the way
back is as short, until it is dropped.

A batch locks its rows with FOR SHARE: a row that is deleted or changed at the same time is either changed first, and
then the trigger has done the same to the copy, or afterwards, and then the trigger finds the copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from dbtune.ddl.conversion import analyzed, new_part, scan_words
from dbtune.ddl.conversion_plan import Conversion, bounds_name, locked
from dbtune.ddl.partitions import part_name, partition_bound, partition_key
from dbtune.ddl.quoting import identifier, literal, qualified
from dbtune.ddl.session import LIMITS_AS_BEFORE, SHORT_LOCK_TIMEOUT, WITHOUT_LIMITS
from dbtune.ddl.tables import add_constraint
from dbtune.model.names import QualifiedName
from dbtune.model.partitioning import Part
from dbtune.model.recommendation import Phase

PAGES_A_BATCH = 200
"""Some 10,000 rows, whose writers wait for a tenth of a second at most."""

RANGES_OF_PAGES_SINCE = 14
"""``Ability.TID_RANGE_SCAN``: before this major version a batch would read the whole table."""


def can_split(plan: Conversion) -> bool:
    """Whether there is a key to find a row's copy by, and a cheap way to read a batch."""
    return plan.table.primary_key is not None and plan.major >= RANGES_OF_PAGES_SINCE and len(plan.past) > 1


def split_phases(plan: Conversion) -> tuple[Phase, ...]:
    """After ``attach_phases``. Optional: new rows are in partitions of their own without it."""
    size = max(plan.table.total_bytes, plan.table.file_pages * 8192)
    moment = f"ACCESS EXCLUSIVE on the table, refused after {SHORT_LOCK_TIMEOUT} of waiting (then run it again)"
    return (
        Phase(
            "split-prepare",
            f"Make {len(plan.past)} empty partitions beside {plan.history}, and a trigger that keeps them up to date",
            tuple(_prepare(plan)),
            tuple(_unprepare(plan)),
            transaction=True,
            lock="SHARE ROW EXCLUSIVE on the table for a moment: writers wait",
            duration="milliseconds",
            risk="Every write to rows from before the conversion is made twice until the last phase.",
            optional=True,
        ),
        Phase(
            "split-copy",
            "Copy the rows in batches",
            tuple(_copy(plan)),
            lock="FOR SHARE on the rows of a batch, for a tenth of a second: their writers wait",
            duration=f"{scan_words(2 * size)} and as much again to write",
            risk="It takes as much space again as the table and its indexes. It may be broken off and run again.",
            optional=True,
        ),
        Phase(
            "split-switch",
            f"Exchange {plan.history} for the partitions",
            tuple(_switch(plan)),
            tuple(_switch_back(plan)),
            transaction=True,
            lock=moment,
            duration=f"some ms for each of {len(plan.past)} partitions",
            optional=True,
        ),
        analyzed(plan, "split-analyze", optional=True),
        Phase(
            "finish",
            f"Drop {plan.history}, which nothing reads any more",
            tuple(_finish(plan)),
            transaction=True,
            lock=moment,
            duration="milliseconds",
            risk="There is no way back from it but a new conversion.",
            optional=True,
            final=True,
        ),
    )


def _staging(plan: Conversion) -> QualifiedName:
    return QualifiedName(plan.name.schema, part_name(plan.name.name, "split"))


def _mirror(plan: Conversion) -> QualifiedName:
    """The function, and by its last part the trigger."""
    return QualifiedName(plan.name.schema, part_name(plan.name.name, "mirror"))


def _columns(plan: Conversion) -> Sequence[str]:
    return [identifier(column.name) for column in plan.table.columns if not column.generated]


def _key_columns(plan: Conversion) -> Sequence[str]:
    key = plan.table.primary_key
    assert key is not None
    names = key.columns if plan.scheme.column in key.columns else (*key.columns, plan.scheme.column)
    return [identifier(name) for name in names]


def _mirror_function(plan: Conversion, target: QualifiedName, condition: str = "") -> str:
    """Does to ``target`` what was done to a row. As the owner, whose right to write there nobody else needs."""
    found = " AND ".join(f"{column} = OLD.{column}" for column in _key_columns(plan))
    columns = ", ".join(_columns(plan))
    values = ", ".join(f"NEW.{column}" for column in _columns(plan))
    return f"""CREATE OR REPLACE FUNCTION {qualified(_mirror(plan))}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $mirror$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    DELETE FROM {qualified(target)} WHERE {found};
  END IF;
  IF TG_OP <> 'DELETE'{condition} THEN
    INSERT INTO {qualified(target)} ({columns}) VALUES ({values});
  END IF;
  RETURN NULL;
END
$mirror$"""


def _mirror_trigger(plan: Conversion, table: QualifiedName) -> str:
    return (
        f"CREATE TRIGGER {identifier(_mirror(plan).name)} AFTER INSERT OR UPDATE OR DELETE ON {qualified(table)}"
        f" FOR EACH ROW EXECUTE FUNCTION {qualified(_mirror(plan))}()"
    )


def _drop_mirror(plan: Conversion, table: QualifiedName) -> str:
    return f"DROP TRIGGER IF EXISTS {identifier(_mirror(plan).name)} ON {qualified(table)}"


def _bounds(plan: Conversion, part: Part) -> str:
    """What ATTACH would else have to prove by a scan."""
    column = identifier(plan.scheme.column)
    low = [] if part.lower is None else [f"{column} >= {literal(part.lower)}"]
    assert part.upper is not None
    return " AND ".join((f"{column} IS NOT NULL", *low, f"{column} < {literal(part.upper)}"))


def _prepare(plan: Conversion) -> Iterator[str]:
    staging = qualified(_staging(plan))
    yield from locked(plan, "SHARE ROW EXCLUSIVE", plan.history)
    copied = "DEFAULTS CONSTRAINTS GENERATED STORAGE COMPRESSION INDEXES".split()
    including = " ".join(f"INCLUDING {what}" for what in copied)
    yield f"CREATE TABLE {staging} (LIKE {qualified(plan.name)} {including}) PARTITION BY {partition_key(plan.scheme)}"
    if plan.attached.owner:
        yield f"ALTER TABLE {staging} OWNER TO {identifier(plan.attached.owner)}"
    for key in plan.table.foreign_keys:
        yield add_constraint(replace(plan.table, name=_staging(plan)), key)
    for part in plan.past:
        yield from new_part(plan, _staging(plan), part)
        table = qualified(QualifiedName(plan.name.schema, part.name))
        yield f"ALTER TABLE {table} ADD CONSTRAINT {identifier(bounds_name(part))} CHECK ({_bounds(plan, part)})"
    yield _mirror_function(plan, _staging(plan))
    if plan.attached.owner:
        yield f"ALTER FUNCTION {qualified(_mirror(plan))}() OWNER TO {identifier(plan.attached.owner)}"
    yield _mirror_trigger(plan, plan.history)


def _unprepare(plan: Conversion) -> Iterator[str]:
    yield from locked(plan, "ACCESS EXCLUSIVE", plan.history)
    yield _drop_mirror(plan, plan.history)
    yield f"DROP FUNCTION IF EXISTS {qualified(_mirror(plan))}()"
    yield f"DROP TABLE IF EXISTS {qualified(_staging(plan))}"


def _copy(plan: Conversion) -> Iterator[str]:
    history, staging = qualified(plan.history), qualified(_staging(plan))
    columns = ", ".join(_columns(plan))
    yield from WITHOUT_LIMITS
    yield f"""DO $copy$
DECLARE
  last_page_to_copy bigint :=
    pg_catalog.pg_relation_size({literal(history)}) / pg_catalog.current_setting('block_size')::bigint;
  next_page_to_copy bigint := 0;  -- a name that no column has
BEGIN
  WHILE next_page_to_copy <= last_page_to_copy LOOP
    WITH batch AS (
      SELECT {columns} FROM {history}
      WHERE ctid >= pg_catalog.format('(%s,0)', next_page_to_copy)::tid
        AND ctid < pg_catalog.format('(%s,0)', next_page_to_copy + {PAGES_A_BATCH})::tid
      FOR SHARE
    )
    INSERT INTO {staging} ({columns}) SELECT {columns} FROM batch ON CONFLICT DO NOTHING;
    COMMIT;
    next_page_to_copy := next_page_to_copy + {PAGES_A_BATCH};
  END LOOP;
END
$copy$"""
    yield f"ANALYZE {staging}"
    yield f"""DO $count$
BEGIN
  IF (SELECT pg_catalog.count(*) FROM {history}) <> (SELECT pg_catalog.count(*) FROM {staging}) THEN
    RAISE EXCEPTION 'the copy does not have as many rows as the table: do not go on, undo the split';
  END IF;
END
$count$"""
    yield from LIMITS_AS_BEFORE


def _switch(plan: Conversion) -> Iterator[str]:
    table, history, staging = qualified(plan.name), qualified(plan.history), qualified(_staging(plan))
    yield from locked(plan)
    yield _drop_mirror(plan, plan.history)
    yield f"ALTER TABLE {table} DETACH PARTITION {history}"
    for part in plan.past:
        own = qualified(QualifiedName(plan.name.schema, part.name))
        yield f"ALTER TABLE {staging} DETACH PARTITION {own}"
        yield f"ALTER TABLE {table} ATTACH PARTITION {own} {partition_bound(plan.scheme, part)}"
    yield _mirror_function(plan, plan.history, f" AND NEW.{identifier(plan.scheme.column)} < {literal(plan.end)}")
    yield _mirror_trigger(plan, plan.name)


def _switch_back(plan: Conversion) -> Iterator[str]:
    table, history, staging = qualified(plan.name), qualified(plan.history), qualified(_staging(plan))
    yield from locked(plan)
    yield _drop_mirror(plan, plan.name)
    for part in plan.past:
        own = qualified(QualifiedName(plan.name.schema, part.name))
        yield f"ALTER TABLE {table} DETACH PARTITION {own}"
        yield f"ALTER TABLE {staging} ATTACH PARTITION {own} {partition_bound(plan.scheme, part)}"
    yield f"ALTER TABLE {table} ATTACH PARTITION {history} FOR VALUES FROM (MINVALUE) TO ({literal(plan.end)})"
    yield _mirror_function(plan, _staging(plan))
    yield _mirror_trigger(plan, plan.history)


def _finish(plan: Conversion) -> Iterator[str]:
    yield from locked(plan)
    yield _drop_mirror(plan, plan.name)
    yield f"DROP FUNCTION {qualified(_mirror(plan))}()"
    yield f"DROP TABLE {qualified(plan.history)}"
    yield f"DROP TABLE {qualified(_staging(plan))}"
    for part in (*plan.past, *(part for part in plan.ahead if part.is_default)):
        own = qualified(QualifiedName(plan.name.schema, part.name))
        yield f"ALTER TABLE {own} DROP CONSTRAINT {identifier(bounds_name(part))}"
