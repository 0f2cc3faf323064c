"""Primary keys, unique, foreign key, check and exclusion constraints."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import LiteralString

from dbtune.collect.postgres.catalog import Catalog, Row
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Constraint, ConstraintKind

CONSTRAINTS: LiteralString = """
    SELECT con.conrelid::int8 AS relation, con.conname AS name, con.contype AS kind, con.conkey AS columns,
           CASE WHEN NOT con.conrelid = ANY (%(locked)s::oid[])
                THEN coalesce(pg_catalog.pg_get_constraintdef(con.oid), '') ELSE '' END AS definition,
           CASE WHEN con.contype IN ('p', 'u', 'x') THEN ic.relname END AS index,
           fn.nspname AS referenced_schema, fc.relname AS referenced_table,
           (SELECT pg_catalog.array_agg(a.attname::text ORDER BY k.position)
            FROM pg_catalog.unnest(con.confkey) WITH ORDINALITY AS k(attnum, position)
            JOIN pg_catalog.pg_attribute a ON a.attrelid = con.confrelid AND a.attnum = k.attnum
           ) AS referenced_columns,
           con.confdeltype AS on_delete, con.confupdtype AS on_update,
           con.convalidated AS validated, con.condeferrable AS deferrable,
           con.conparentid <> 0 OR (NOT con.conislocal AND con.coninhcount > 0) AS inherited
    FROM pg_catalog.unnest(%(tables)s::oid[]) AS wanted(oid)
    JOIN pg_catalog.pg_constraint con ON con.conrelid = wanted.oid AND con.contype IN ('p', 'u', 'f', 'c', 'x')
    LEFT JOIN pg_catalog.pg_class ic ON ic.oid = con.conindid
    LEFT JOIN pg_catalog.pg_class fc ON fc.oid = con.confrelid
    LEFT JOIN pg_catalog.pg_namespace fn ON fn.oid = fc.relnamespace
    ORDER BY con.conrelid, con.conname
"""
# NOT NULL constraints (18) are left out: the column says it

KINDS: Mapping[str, ConstraintKind] = {
    "p": "primary key",
    "u": "unique",
    "f": "foreign key",
    "c": "check",
    "x": "exclusion",
}
ACTIONS: Mapping[str, str] = {
    "a": "no action",
    "r": "restrict",
    "c": "cascade",
    "n": "set null",
    "d": "set default",
}


def read_constraints(
    catalog: Catalog, tables: Sequence[int], column_names: Mapping[int, Mapping[int, str]]
) -> dict[int, list[Constraint]]:
    """Table to its constraints, by name. ``column_names`` is table to position to name."""
    found: dict[int, list[Constraint]] = defaultdict(list)
    for row in catalog.rows(CONSTRAINTS, "constraints", {"tables": tables}):
        found[row.relation].append(_constraint(row, column_names.get(row.relation, {})))
    return found


def _constraint(row: Row, names: Mapping[int, str]) -> Constraint:
    return Constraint(
        name=row.name,
        kind=KINDS[row.kind],
        # 0 stands for an expression of an exclusion constraint
        columns=tuple(names[position] for position in row.columns or () if position in names),
        definition=row.definition,
        index=row.index,
        referenced_table=QualifiedName(row.referenced_schema, row.referenced_table) if row.referenced_table else None,
        referenced_columns=tuple(row.referenced_columns or ()),
        on_delete=ACTIONS.get(row.on_delete, "no action"),
        on_update=ACTIONS.get(row.on_update, "no action"),
        validated=row.validated,
        deferrable=row.deferrable,
        inherited=row.inherited,
    )
