"""Views and the queries of materialised views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString

from dbtune.collect.postgres.catalog import Catalog, Row

VIEWS: LiteralString = """
    SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
           pg_catalog.pg_get_viewdef(c.oid) AS definition, c.reloptions AS options
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('v', 'm') AND c.relpersistence <> 't'
      AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND (%(schemas)s::text[] IS NULL OR n.nspname = ANY (%(schemas)s::text[]))
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
      AND NOT c.oid = ANY (%(locked)s::oid[])
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_rewrite r
                      JOIN pg_catalog.pg_depend d
                        ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
                       AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = ANY (%(locked)s::oid[])
                      WHERE r.ev_class = c.oid)
    ORDER BY c.oid
"""
# printing a view's query locks every relation it names, so those upon locked ones are left out


def read_view_rows(catalog: Catalog, schemas: Sequence[str]) -> Sequence[Row]:
    """Oldest first: a view mostly comes after what it reads."""
    rows = catalog.rows(VIEWS, "views", {"schemas": list(schemas) or None})
    return [row for row in rows if row.definition is not None]  # None: dropped while it was read


def query_of(row: Row) -> str:
    """The query without the semicolon that ``pg_get_viewdef`` ends it with."""
    definition: str = row.definition
    return definition.strip().rstrip(";").rstrip()
