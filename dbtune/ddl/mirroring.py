"""Rows that are copied to another table in batches while writers go on, and a trigger that keeps one up to date.

A batch locks its rows with FOR SHARE: a row that is deleted or changed at the same time is either changed first, and
then the trigger has done the same to the copy, or afterwards, and then the trigger finds the copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbtune.ddl.conversion_plan import Conversion
from dbtune.ddl.quoting import identifier, literal, qualified
from dbtune.ddl.session import LIMITS_AS_BEFORE, WITHOUT_LIMITS
from dbtune.model.names import QualifiedName

PAGES_A_BATCH = 200
"""Some 10,000 rows, whose writers wait for a tenth of a second at most."""

RANGES_OF_PAGES_SINCE = 14
"""``Ability.TID_RANGE_SCAN``: before this major version a batch would read the whole table."""


def mirrored(plan: Conversion, table: QualifiedName) -> Iterator[str]:
    """From now on the staging table is kept up to date with ``table``."""
    yield mirror_function(plan, plan.staging)
    if plan.attached.owner:
        yield f"ALTER FUNCTION {qualified(plan.mirror)}() OWNER TO {identifier(plan.attached.owner)}"
    yield mirror_trigger(plan, table)


def staging_dropped(plan: Conversion, table: QualifiedName) -> Iterator[str]:
    """The way back from ``mirrored`` and the staging table."""
    yield drop_mirror(plan, table)
    yield f"DROP FUNCTION IF EXISTS {qualified(plan.mirror)}()"
    yield f"DROP TABLE IF EXISTS {qualified(plan.staging)}"


def can_copy(plan: Conversion) -> bool:
    """Whether there is a key to find a row's copy by, and a cheap way to read a batch."""
    key = plan.table.primary_key
    return key is not None and not key.deferrable and plan.major >= RANGES_OF_PAGES_SINCE


def _columns(plan: Conversion) -> Sequence[str]:
    return [identifier(column.name) for column in plan.table.columns if not column.generated]


def _key_columns(plan: Conversion) -> Sequence[str]:
    key = plan.table.primary_key
    assert key is not None
    names = key.columns if plan.scheme.column in key.columns else (*key.columns, plan.scheme.column)
    return [identifier(name) for name in names]


def mirror_function(plan: Conversion, target: QualifiedName, condition: str = "") -> str:
    """Does to ``target`` what was done to a row. As the owner, whose right to write there nobody else needs."""
    found = " AND ".join(f"{column} = OLD.{column}" for column in _key_columns(plan))
    columns = ", ".join(_columns(plan))
    values = ", ".join(f"NEW.{column}" for column in _columns(plan))
    return f"""CREATE OR REPLACE FUNCTION {qualified(plan.mirror)}() RETURNS trigger
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


def mirror_trigger(plan: Conversion, table: QualifiedName) -> str:
    """Calls the function for each row that is written to ``table``."""
    return (
        f"CREATE TRIGGER {identifier(plan.mirror.name)} AFTER INSERT OR UPDATE OR DELETE ON {qualified(table)}"
        f" FOR EACH ROW EXECUTE FUNCTION {qualified(plan.mirror)}()"
    )


def drop_mirror(plan: Conversion, table: QualifiedName) -> str:
    """Drops the trigger."""
    return f"DROP TRIGGER IF EXISTS {identifier(plan.mirror.name)} ON {qualified(table)}"


def copied(plan: Conversion, source: QualifiedName) -> Iterator[str]:
    """The rows of ``source`` are copied to the staging table, and counted. It may be broken off and run again."""
    table, staging = qualified(source), qualified(plan.staging)
    columns = ", ".join(_columns(plan))
    yield from WITHOUT_LIMITS
    yield f"""DO $copy$
DECLARE
  last_page_to_copy bigint :=
    pg_catalog.pg_relation_size({literal(table)}) / pg_catalog.current_setting('block_size')::bigint;
  next_page_to_copy bigint := 0;  -- a name that no column has
BEGIN
  WHILE next_page_to_copy <= last_page_to_copy LOOP
    WITH batch AS (
      SELECT {columns} FROM {table}
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
  IF (SELECT pg_catalog.count(*) FROM {table}) <> (SELECT pg_catalog.count(*) FROM {staging}) THEN
    RAISE EXCEPTION 'the copy does not have as many rows as the table: do not go on, undo the phase before';
  END IF;
END
$count$"""
    yield from LIMITS_AS_BEFORE
