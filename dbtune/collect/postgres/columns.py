"""Columns of tables and views, with the statistics of ``pg_stats``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal, LiteralString

from dbtune.collect.postgres.catalog import Catalog, Row
from dbtune.collect.postgres.statistics import Statistics
from dbtune.connect.abilities import Ability
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Column

COLUMNS: LiteralString = """
    WITH RECURSIVE base (oid, base) AS (
        SELECT oid, typbasetype FROM pg_catalog.pg_type WHERE typtype = 'd'
        UNION ALL
        SELECT base.oid, t.typbasetype
        FROM base JOIN pg_catalog.pg_type t ON t.oid = base.base WHERE t.typtype = 'd'
    ), domain AS (
        SELECT base.oid, base.base FROM base JOIN pg_catalog.pg_type t ON t.oid = base.base WHERE t.typtype <> 'd'
    )
    SELECT a.attrelid::int8 AS relation, a.attname AS name, a.attnum AS position,
           pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
           a.attnotnull AS not_null, a.attgenerated AS generated, a.attidentity AS identity,
           CASE WHEN NOT a.attrelid = ANY (%(locked)s::oid[])
                THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END AS default,
           con.nspname AS collation_schema, co.collname AS collation,
           tn.nspname AS type_schema, bt.typname AS type_name, bt.typcategory AS category,
           a.attlen AS length, a.attalign AS align, a.attstorage AS storage, {compression} AS compression,
           {target} AS statistics_target,
           pg_catalog.col_description(a.attrelid, a.attnum) AS comment
    FROM pg_catalog.unnest(%(relations)s::oid[]) AS wanted(oid)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = wanted.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    LEFT JOIN domain ON domain.oid = t.oid
    JOIN pg_catalog.pg_type bt ON bt.oid = coalesce(domain.base, t.oid)
    JOIN pg_catalog.pg_namespace tn ON tn.oid = bt.typnamespace
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation AND a.attcollation <> t.typcollation
    LEFT JOIN pg_catalog.pg_namespace con ON con.oid = co.collnamespace
    ORDER BY a.attrelid, a.attnum
"""

ALIGNMENT: Mapping[str, int] = {"c": 1, "s": 2, "i": 4, "d": 8}
"""``typalign`` in bytes."""
GENERATED: Mapping[str, Literal["", "stored", "virtual"]] = {"s": "stored", "v": "virtual"}
IDENTITY: Mapping[str, Literal["", "always", "by default"]] = {"a": "always", "d": "by default"}


def read_columns(catalog: Catalog, relations: Sequence[int]) -> dict[int, list[Row]]:
    """Relation to its columns in their order, dropped ones left out."""
    abilities = catalog.abilities
    rows = catalog.rows(
        COLUMNS,
        "columns",
        {"relations": relations},
        required=True,
        compression=abilities.either(Ability.COLUMN_COMPRESSION, "a.attcompression", "''"),
        target=abilities.either(Ability.NULLABLE_STATISTICS_TARGET, "a.attstattarget", "nullif(a.attstattarget, -1)"),
    )
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.relation].append(row)
    return found


def columns_of(rows: Sequence[Row], table: QualifiedName, statistics: Statistics) -> tuple[Column, ...]:
    """The columns with their statistics."""
    return tuple(_column(row, table, statistics) for row in rows)


def _column(row: Row, table: QualifiedName, statistics: Statistics) -> Column:
    return Column(
        name=row.name,
        type=row.type,
        position=row.position,
        not_null=row.not_null,
        default=row.default,
        generated=GENERATED.get(row.generated, ""),
        identity=IDENTITY.get(row.identity, ""),
        collation=QualifiedName(row.collation_schema, row.collation) if row.collation else None,
        type_name=QualifiedName(row.type_schema, row.type_name),
        type_category=row.category,
        length=row.length,
        align=ALIGNMENT[row.align],
        storage=row.storage,
        compression=row.compression.strip("\0 "),
        statistics_target=row.statistics_target,
        statistics=statistics.of(table, row.name, inherited=False),
        inherited_statistics=statistics.of(table, row.name, inherited=True),
        comment=row.comment,
    )
