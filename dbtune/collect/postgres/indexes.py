"""Indexes with their full definitions, sizes, use, and the statistics of their expressions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import LiteralString

from dbtune.collect.postgres.catalog import Catalog, Row
from dbtune.collect.postgres.expressions import without_outer_parentheses
from dbtune.collect.postgres.statistics import Statistics
from dbtune.collect.postgres.tables import storage_options
from dbtune.connect.abilities import Ability
from dbtune.model.names import QualifiedName
from dbtune.model.schema import ColumnStatistics, Index, IndexFacts, IndexKey

INDEXES: LiteralString = """
    SELECT i.indexrelid::int8 AS oid, i.indrelid::int8 AS relation, c.relname AS name, am.amname AS method,
           i.indisunique AS unique, i.indisprimary AS primary, i.indisexclusion AS exclusion,
           i.indisclustered AS clustered, i.indisvalid AS valid, i.indisready AS ready, i.indislive AS live,
           i.indisreplident AS replica_identity, {nulls_not_distinct} AS nulls_not_distinct,
           c.reloptions AS options, c.relpages AS pages, c.reltuples AS tuples,
           pg_catalog.pg_get_indexdef(i.indexrelid) AS definition,
           pg_catalog.pg_get_expr(i.indpred, i.indrelid, true) AS predicate,
           con.conname AS constraint, pn.nspname AS parent_schema, pc.relname AS parent,
           pg_catalog.obj_description(c.oid, 'pg_class') AS comment
    FROM pg_catalog.unnest(%(tables)s::oid[]) AS wanted(oid)
    JOIN pg_catalog.pg_index i ON i.indrelid = wanted.oid
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_am am ON am.oid = c.relam
    LEFT JOIN pg_catalog.pg_constraint con ON con.conindid = c.oid AND con.contype IN ('p', 'u', 'x')
    LEFT JOIN pg_catalog.pg_inherits inh ON inh.inhrelid = c.oid
    LEFT JOIN pg_catalog.pg_class pc ON pc.oid = inh.inhparent
    LEFT JOIN pg_catalog.pg_namespace pn ON pn.oid = pc.relnamespace
    WHERE NOT i.indrelid = ANY (%(locked)s::oid[])
    ORDER BY i.indrelid, c.relname
"""

KEYS: LiteralString = """
    SELECT i.indexrelid::int8 AS oid, k.n AS position, k.n > i.indnkeyatts AS included,
           a.attname AS column, own.attname AS own_name,
           CASE WHEN k.attnum = 0 THEN pg_catalog.pg_get_indexdef(i.indexrelid, k.n::int, true) END AS expression,
           coalesce(i.indoption[k.n - 1], 0) AS option,
           opn.nspname AS opclass_schema, op.opcname AS opclass,
           con.nspname AS collation_schema, co.collname AS collation
    FROM pg_catalog.unnest(%(tables)s::oid[]) AS wanted(oid)
    JOIN pg_catalog.pg_index i ON i.indrelid = wanted.oid
    CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, n)
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum <> 0
    LEFT JOIN pg_catalog.pg_attribute own ON own.attrelid = i.indexrelid AND own.attnum = k.n
    LEFT JOIN pg_catalog.pg_opclass op
      ON op.oid = i.indclass[k.n - 1] AND NOT op.opcdefault AND k.n <= i.indnkeyatts
    LEFT JOIN pg_catalog.pg_namespace opn ON opn.oid = op.opcnamespace
    LEFT JOIN pg_catalog.pg_collation co
      ON co.oid = i.indcollation[k.n - 1] AND k.n <= i.indnkeyatts
     AND CASE WHEN k.attnum = 0 THEN co.collname <> 'default' ELSE co.oid <> a.attcollation END
    LEFT JOIN pg_catalog.pg_namespace con ON con.oid = co.collnamespace
    WHERE NOT i.indrelid = ANY (%(locked)s::oid[])
    ORDER BY i.indexrelid, k.n
"""

SIZES: LiteralString = """
    SELECT i.indexrelid::int8 AS oid, pg_catalog.pg_relation_size(i.indexrelid) AS bytes
    FROM pg_catalog.unnest(%(tables)s::oid[]) AS wanted(oid)
    JOIN pg_catalog.pg_index i ON i.indrelid = wanted.oid
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i'
    WHERE NOT i.indrelid = ANY (%(locked)s::oid[]) AND NOT i.indexrelid = ANY (%(locked)s::oid[])
"""
# a locked index (REINDEX) has a definition still, only its size cannot be asked

USE: LiteralString = """
    SELECT s.indexrelid::int8 AS oid, s.idx_scan AS scans, s.idx_tup_read AS tuples_read, {last_scan} AS last_scan
    FROM pg_catalog.pg_stat_all_indexes s
    JOIN pg_catalog.unnest(%(tables)s::oid[]) AS wanted(oid) ON wanted.oid = s.relid
"""

DESCENDING, NULLS_FIRST = 1, 2
"""Bits of ``pg_index.indoption``."""


def read_indexes(
    catalog: Catalog, tables: Mapping[int, QualifiedName], statistics: Statistics, block_size: int
) -> dict[int, list[Index]]:
    """Table to its indexes, by name."""
    wanted = {"tables": list(tables)}
    abilities = catalog.abilities
    rows = catalog.rows(
        INDEXES,
        "indexes",
        wanted,
        required=True,
        nulls_not_distinct=abilities.either(Ability.NULLS_NOT_DISTINCT, "i.indnullsnotdistinct", "false"),
    )
    keys: dict[int, list[Row]] = defaultdict(list)
    for key in catalog.rows(KEYS, "index keys", wanted, required=True):
        keys[key.oid].append(key)
    sizes = {row.oid: row.bytes for row in catalog.rows(SIZES, "index sizes", wanted)}
    last_scan = abilities.either(Ability.LAST_INDEX_SCAN, "s.last_idx_scan", "NULL::timestamptz")
    use = {row.oid: row for row in catalog.rows(USE, "index use", wanted, last_scan=last_scan)}
    found: dict[int, list[Index]] = defaultdict(list)
    for row in rows:
        if row.oid in keys and row.definition is not None:  # None: dropped while it was read
            built = _Builder(row, keys[row.oid], tables[row.relation], statistics, block_size)
            found[row.relation].append(built.index(sizes.get(row.oid), use.get(row.oid)))
    return found


class _Builder:
    """One index out of its rows."""

    def __init__(
        self, row: Row, columns: Sequence[Row], table: QualifiedName, statistics: Statistics, block_size: int
    ) -> None:
        self._row = row
        self._keys = [column for column in columns if not column.included]
        self._included = [column for column in columns if column.included]
        self._table = table
        self._statistics = statistics
        self._block_size = block_size

    def index(self, size: int | None, use: Row | None) -> Index:
        row = self._row
        return Index(
            name=row.name,
            table=self._table,
            keys=tuple(self._key(key) for key in self._keys),
            method=row.method,
            include=tuple(column.column for column in self._included),
            unique=row.unique,
            primary=row.primary,
            exclusion=row.exclusion,
            nulls_not_distinct=row.nulls_not_distinct,
            predicate=without_outer_parentheses(row.predicate) if row.predicate else None,
            options=storage_options(row.options),
            facts=self._facts(size, use),
        )

    def _key(self, key: Row) -> IndexKey:
        collation = QualifiedName(key.collation_schema, key.collation) if key.collation else None
        # an expression has a collation of its own, which the catalog does not name: only the definition tells
        if key.column is None and " COLLATE " not in self._row.definition:
            collation = None
        return IndexKey(
            column=key.column,
            expression=without_outer_parentheses(key.expression) if key.expression else None,
            descending=bool(key.option & DESCENDING),
            nulls_first=bool(key.option & NULLS_FIRST),
            opclass=QualifiedName(key.opclass_schema, key.opclass) if key.opclass else None,
            collation=collation,
        )

    def _facts(self, size: int | None, use: Row | None) -> IndexFacts:
        row = self._row
        return IndexFacts(
            definition=row.definition,
            pages=row.pages,
            tuples=row.tuples,
            bytes=size if size is not None else row.pages * self._block_size,
            valid=row.valid,
            ready=row.ready,
            live=row.live,
            constraint=row.constraint,
            clustered=row.clustered,
            replica_identity=row.replica_identity,
            scans=use.scans if use else None,
            tuples_read=use.tuples_read if use else None,
            last_scan=use.last_scan.isoformat() if use and use.last_scan else None,
            partition_of=QualifiedName(row.parent_schema, row.parent) if row.parent else None,
            key_statistics=self._key_statistics(),
            comment=row.comment,
        )

    def _key_statistics(self) -> tuple[ColumnStatistics | None, ...]:
        if all(key.expression is None for key in self._keys):
            return ()
        name = QualifiedName(self._table.schema, self._row.name)
        return tuple(
            self._statistics.of(name, key.own_name) if key.expression is not None else None for key in self._keys
        )
