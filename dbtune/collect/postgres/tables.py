"""Tables, partitioned tables, materialised views and foreign tables, with sizes and activity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import LiteralString

from dbtune.collect.postgres.catalog import Catalog, Row
from dbtune.connect.abilities import Ability
from dbtune.model.names import QualifiedName
from dbtune.model.schema import RelationKind, TableActivity

KINDS: Mapping[str, RelationKind] = {
    "r": "table",
    "p": "partitioned",
    "m": "materialized view",
    "f": "foreign table",
}

SCHEMAS: LiteralString = """
    SELECT nspname AS name
    FROM pg_catalog.pg_namespace
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
    ORDER BY nspname
"""

TABLES: LiteralString = """
    SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
           c.relpersistence AS persistence, c.reltuples AS tuples, c.relpages AS pages,
           c.relallvisible AS all_visible_pages, c.reloptions AS options,
           c.relrowsecurity AS row_security,
           c.relrowsecurity AND pg_catalog.row_security_active(c.oid) AS rows_hidden,
           CASE WHEN c.relkind = 'p' AND NOT c.oid = ANY (%(locked)s::oid[])
                THEN pg_catalog.pg_get_partkeydef(c.oid) END AS partition_key,
           CASE WHEN c.relispartition AND NOT c.oid = ANY (%(locked)s::oid[])
                THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) END AS partition_bound,
           pg_catalog.obj_description(c.oid, 'pg_class') AS comment,
           pg_catalog.has_table_privilege(c.oid, 'SELECT')
             OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT') AS readable
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm', 'f') AND c.relpersistence <> 't'
      AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND (%(schemas)s::text[] IS NULL OR n.nspname = ANY (%(schemas)s::text[]))
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY n.nspname, c.relname
"""

PARENTS: LiteralString = """
    SELECT i.inhrelid::int8 AS child, n.nspname AS schema, c.relname AS name
    FROM pg_catalog.unnest(%(tables)s::oid[]) AS wanted(oid)
    JOIN pg_catalog.pg_inherits i ON i.inhrelid = wanted.oid
    JOIN pg_catalog.pg_class c ON c.oid = i.inhparent
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    ORDER BY i.inhrelid, i.inhseqno
"""

SIZES: LiteralString = """
    SELECT wanted.oid::int8 AS oid,
           pg_catalog.pg_relation_size(wanted.oid) AS main,
           pg_catalog.pg_table_size(wanted.oid) AS total,
           CASE WHEN c.reltoastrelid <> 0 THEN pg_catalog.pg_total_relation_size(c.reltoastrelid) ELSE 0 END AS toast
    FROM pg_catalog.unnest(%(tables)s::oid[]) AS wanted(oid)
    JOIN pg_catalog.pg_class c ON c.oid = wanted.oid
    WHERE c.relkind IN ('r', 'm') AND NOT wanted.oid = ANY (%(locked)s::oid[])
"""

ACTIVITY: LiteralString = """
    SELECT wanted.oid::int8 AS oid, s.seq_scan, s.seq_tup_read, s.idx_scan, s.n_tup_ins, s.n_tup_upd,
           s.n_tup_hot_upd, s.n_tup_del, s.n_live_tup, s.n_dead_tup, s.n_mod_since_analyze,
           greatest(s.last_vacuum, s.last_autovacuum) AS last_vacuum,
           greatest(s.last_analyze, s.last_autoanalyze) AS last_analyze,
           pg_catalog.pg_stat_get_blocks_fetched(wanted.oid) AS blocks_fetched,
           pg_catalog.pg_stat_get_blocks_hit(wanted.oid) AS blocks_hit
    FROM pg_catalog.unnest(%(tables)s::oid[]) AS wanted(oid)
    JOIN pg_catalog.pg_stat_all_tables s ON s.relid = wanted.oid
"""
# the two functions are what pg_statio_all_tables shows; the view would sum up the indexes' counters as well


def read_schemas(catalog: Catalog) -> tuple[str, ...]:
    """Names of the schemas that are not the system's."""
    return tuple(row.name for row in catalog.rows(SCHEMAS, "schemas", required=True))


def read_table_rows(catalog: Catalog, schemas: Sequence[str]) -> Sequence[Row]:
    """One row a table, without what extensions own."""
    return catalog.rows(TABLES, "tables", {"schemas": list(schemas) or None}, required=True)


def read_parents(catalog: Catalog, tables: Sequence[int]) -> dict[int, tuple[QualifiedName, ...]]:
    """Child to parents, in the order of inheritance."""
    parents: dict[int, tuple[QualifiedName, ...]] = {}
    for row in catalog.rows(PARENTS, "inheritance and partitions", {"tables": tables}):
        parents[row.child] = (*parents.get(row.child, ()), QualifiedName(row.schema, row.name))
    return parents


def read_sizes(catalog: Catalog, tables: Sequence[int]) -> dict[int, Row]:
    """Bytes: ``main`` fork, ``total`` without indexes, ``toast`` with its index."""
    return {row.oid: row for row in catalog.rows(SIZES, "table sizes", {"tables": tables})}


def read_activity(catalog: Catalog, tables: Sequence[int]) -> dict[int, TableActivity]:
    """Counters since the last reset."""
    return {row.oid: _activity(row) for row in catalog.rows(ACTIVITY, "table activity", {"tables": tables})}


def _activity(row: Row) -> TableActivity:
    return TableActivity(
        sequential_scans=row.seq_scan or 0,
        sequential_tuples_read=row.seq_tup_read or 0,
        index_scans=row.idx_scan,
        inserts=row.n_tup_ins or 0,
        updates=row.n_tup_upd or 0,
        hot_updates=row.n_tup_hot_upd or 0,
        deletes=row.n_tup_del or 0,
        live_tuples=row.n_live_tup or 0,
        dead_tuples=row.n_dead_tup or 0,
        modified_since_analyze=row.n_mod_since_analyze or 0,
        last_vacuum=row.last_vacuum.isoformat() if row.last_vacuum else None,
        last_analyze=row.last_analyze.isoformat() if row.last_analyze else None,
        heap_blocks_read=row.blocks_fetched - row.blocks_hit,
        heap_blocks_hit=row.blocks_hit,
    )


def tuples(catalog: Catalog, row: Row) -> float:
    """``reltuples``; before 14 "never counted" looked like an empty table."""
    if not catalog.abilities.has(Ability.UNKNOWN_TUPLES_AS_MINUS_ONE) and row.tuples == 0 and row.pages == 0:
        return -1.0
    return float(row.tuples)


def storage_options(options: Iterable[str] | None) -> tuple[tuple[str, str], ...]:
    """``reloptions`` as pairs."""
    return tuple((name, value) for name, _, value in (option.partition("=") for option in options or ()))
