"""CREATE STATISTICS objects, with what ``pg_stats_ext`` shows of their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import LiteralString

from dbtune.collect.postgres.catalog import Catalog, Row
from dbtune.connect.abilities import Ability
from dbtune.model.names import QualifiedName
from dbtune.model.schema import ExtendedStatistics

EXTENDED: LiteralString = """
    SELECT n.nspname AS schema, s.stxname AS name, tn.nspname AS table_schema, c.relname AS table,
           CASE WHEN NOT s.stxrelid = ANY (%(locked)s::oid[])
                THEN pg_catalog.pg_get_statisticsobjdef(s.oid) ELSE '' END AS definition,
           s.stxkind::text[] AS kinds,
           (SELECT pg_catalog.array_agg(a.attname::text ORDER BY k.position)
            FROM pg_catalog.unnest(s.stxkeys::int2[]) WITH ORDINALITY AS k(attnum, position)
            JOIN pg_catalog.pg_attribute a ON a.attrelid = s.stxrelid AND a.attnum = k.attnum) AS columns,
           {expressions} AS expressions,
           x.n_distinct::text AS n_distinct, x.dependencies::text AS dependencies,
           x.most_common_freqs IS NOT NULL AS has_most_common_values
    FROM pg_catalog.unnest(%(tables)s::oid[]) AS wanted(oid)
    JOIN pg_catalog.pg_statistic_ext s ON s.stxrelid = wanted.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
    JOIN pg_catalog.pg_class c ON c.oid = s.stxrelid
    JOIN pg_catalog.pg_namespace tn ON tn.oid = c.relnamespace
    LEFT JOIN LATERAL (
        SELECT x.* FROM pg_catalog.pg_stats_ext x
        WHERE x.statistics_schemaname = n.nspname AND x.statistics_name = s.stxname
        ORDER BY {order} LIMIT 1
    ) AS x ON true
    ORDER BY n.nspname, s.stxname
"""

KINDS: Mapping[str, str] = {"d": "ndistinct", "f": "dependencies", "m": "mcv", "e": "expressions"}
"""``pg_statistic_ext.stxkind``."""


def read_extended_statistics(catalog: Catalog, tables: Sequence[int]) -> tuple[ExtendedStatistics, ...]:
    """The objects on these tables, by name."""
    abilities = catalog.abilities
    rows = catalog.rows(
        EXTENDED,
        "extended statistics",
        {"tables": tables},
        expressions=abilities.either(
            Ability.STATISTICS_ON_EXPRESSIONS,
            "pg_catalog.pg_get_statisticsobjdef_expressions(s.oid)",
            "NULL::text[]",
        ),
        order=abilities.either(Ability.INHERITED_EXTENDED_STATISTICS, "x.inherited", "1"),
    )
    return tuple(_extended(row) for row in rows)


def _extended(row: Row) -> ExtendedStatistics:
    return ExtendedStatistics(
        name=QualifiedName(row.schema, row.name),
        table=QualifiedName(row.table_schema, row.table),
        definition=row.definition,
        kinds=tuple(KINDS.get(kind, kind) for kind in row.kinds or ()),
        columns=tuple(row.columns or ()),
        expressions=tuple(row.expressions or ()),
        n_distinct=row.n_distinct,
        dependencies=row.dependencies,
        has_most_common_values=row.has_most_common_values,
    )
