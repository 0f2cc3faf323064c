"""CREATE STATISTICS objects, with what ``pg_stats_ext`` shows of their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import LiteralString

from dbtune.collect.postgres.catalog import Catalog, Row
from dbtune.collect.words import NAMED
from dbtune.connect.abilities import Ability
from dbtune.model.names import QualifiedName
from dbtune.model.schema_objects import ExtendedStatistics

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
           x.most_common_freqs IS NOT NULL AS has_most_common_values,
           pg_catalog.pg_has_role(c.relowner, 'USAGE') AS owned
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
    found = tuple(_extended(row) for row in rows)
    # since the fix of CVE-2024-4317 the values are shown to the table's owner only
    hidden = [each.name for each, row in zip(found, rows, strict=True) if not row.owned and not has_values(each)]
    if hidden:
        catalog.limit(
            f"values of {len(hidden):,} extended statistics ({', '.join(str(name) for name in hidden[:NAMED])}"
            f"{', …' if len(hidden) > NAMED else ''})",
            "Postgres shows them to the table's owner only; the objects themselves are known",
        )
    return found


def has_values(statistics: ExtendedStatistics) -> bool:
    """Whether any value of the object could be seen."""
    return statistics.n_distinct is not None or statistics.dependencies is not None or statistics.has_most_common_values


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
