"""Types, functions, sequences, extensions and collations that people made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, LiteralString

from dbtune.collect.postgres.catalog import Catalog, Row
from dbtune.connect.abilities import Ability
from dbtune.model.names import QualifiedName
from dbtune.model.schema_objects import Collation, Extension, Function, UserType
from dbtune.model.schema_objects import Sequence as DatabaseSequence

EXTENSIONS: LiteralString = """
    SELECT e.extname AS name, n.nspname AS schema, e.extversion AS version
    FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
    ORDER BY e.extname
"""

COLLATIONS: LiteralString = """
    SELECT n.nspname AS schema, c.collname AS name, c.collprovider AS provider,
           c.collisdeterministic AS deterministic, {locale} AS locale
    FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = 'pg_catalog.pg_collation'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY n.nspname, c.collname
"""

TYPES: LiteralString = """
    SELECT n.nspname AS schema, t.typname AS name, t.typtype AS kind, t.typnotnull AS not_null,
           (SELECT pg_catalog.array_agg(e.enumlabel::text ORDER BY e.enumsortorder)
            FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid) AS labels,
           CASE t.typtype WHEN 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod)
                          WHEN 'r' THEN pg_catalog.format_type(r.rngsubtype, NULL) END AS base_type,
           (SELECT pg_catalog.array_agg(pg_catalog.pg_get_constraintdef(c.oid) ORDER BY c.conname)
            FROM pg_catalog.pg_constraint c WHERE c.contypid = t.oid AND c.contype = 'c') AS checks,
           (SELECT pg_catalog.array_agg(ARRAY[a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod)]
                                        ORDER BY a.attnum)
            FROM pg_catalog.pg_attribute a
            WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) AS attributes,
           con.nspname AS collation_schema, co.collname AS collation
    FROM pg_catalog.pg_type t
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    LEFT JOIN pg_catalog.pg_class tc ON tc.oid = t.typrelid
    LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid
    LEFT JOIN pg_catalog.pg_type bt ON bt.oid = t.typbasetype
    LEFT JOIN pg_catalog.pg_collation co
      ON co.oid = coalesce(nullif(r.rngcollation, 0), nullif(t.typcollation, bt.typcollation))
     AND co.collname <> 'default'
    LEFT JOIN pg_catalog.pg_namespace con ON con.oid = co.collnamespace
    WHERE (t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'c' AND tc.relkind = 'c'))
      AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = 'pg_catalog.pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
    ORDER BY t.oid
"""

FUNCTIONS: LiteralString = """
    SELECT n.nspname AS schema, p.proname AS name, p.prokind AS kind,
           pg_catalog.pg_get_function_identity_arguments(p.oid) AS arguments,
           coalesce(pg_catalog.pg_get_function_result(p.oid), '') AS returns,
           p.provolatile AS volatility, p.proisstrict AS strict, p.proretset AS returns_set, l.lanname AS language,
           p.procost AS cost, p.prorows AS rows, p.proparallel AS parallel,
           CASE WHEN p.prokind IN ('f', 'p', 'w') THEN pg_catalog.pg_get_functiondef(p.oid) END AS definition
    FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    JOIN pg_catalog.pg_language l ON l.oid = p.prolang
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid
                        AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = ANY (%(locked)s::oid[]))
      -- the constructors that come with a range type come with it again
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i')
    ORDER BY p.oid
"""

SEQUENCES: LiteralString = """
    SELECT n.nspname AS schema, c.relname AS name, pg_catalog.format_type(s.seqtypid, NULL) AS type,
           s.seqmax AS maximum,
           CASE WHEN pg_catalog.has_sequence_privilege(c.oid, 'SELECT,USAGE')
                 AND NOT c.oid = ANY (%(locked)s::oid[])
                 AND NOT (pg_catalog.pg_is_in_recovery() AND c.relpersistence <> 'p')
                THEN pg_catalog.pg_sequence_last_value(c.oid) END AS last_value,
           pg_catalog.has_sequence_privilege(c.oid, 'SELECT,USAGE') AS readable,
           tn.nspname AS table_schema, t.relname AS table, a.attname AS column
    FROM pg_catalog.pg_sequence s
    JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_depend d
      ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
     AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
    LEFT JOIN pg_catalog.pg_class t ON t.oid = d.refobjid
    LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND (%(schemas)s::text[] IS NULL OR n.nspname = ANY (%(schemas)s::text[]))
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                      WHERE e.classid = 'pg_catalog.pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
    ORDER BY n.nspname, c.relname
"""

TYPE_KINDS: Mapping[str, Literal["enum", "domain", "composite", "range"]] = {
    "e": "enum",
    "d": "domain",
    "c": "composite",
    "r": "range",
}
FUNCTION_KINDS: Mapping[str, Literal["function", "procedure", "aggregate", "window"]] = {
    "f": "function",
    "p": "procedure",
    "a": "aggregate",
    "w": "window",
}
VOLATILITY: Mapping[str, Literal["immutable", "stable", "volatile"]] = {
    "i": "immutable",
    "s": "stable",
    "v": "volatile",
}
PARALLEL: Mapping[str, Literal["safe", "restricted", "unsafe"]] = {"s": "safe", "r": "restricted", "u": "unsafe"}


def read_extensions(catalog: Catalog) -> tuple[Extension, ...]:
    """Installed extensions by name."""
    return tuple(Extension(row.name, row.schema, row.version) for row in catalog.rows(EXTENSIONS, "extensions"))


def read_collations(catalog: Catalog) -> tuple[Collation, ...]:
    """Collations that are not the system's."""
    icu: LiteralString = catalog.abilities.either(
        Ability.ICU_DATABASE_LOCALE, "coalesce(c.colliculocale, c.collcollate)", "c.collcollate"
    )
    locale = catalog.abilities.either(Ability.LOCALE, "coalesce(c.colllocale, c.collcollate)", icu)
    return tuple(
        Collation(QualifiedName(row.schema, row.name), row.provider, row.deterministic, row.locale)
        for row in catalog.rows(COLLATIONS, "collations", locale=locale)
    )


def read_types(catalog: Catalog) -> tuple[UserType, ...]:
    """Oldest first: a type mostly comes after those it is made of."""
    return tuple(_type(row) for row in catalog.rows(TYPES, "types"))


def _type(row: Row) -> UserType:
    return UserType(
        name=QualifiedName(row.schema, row.name),
        kind=TYPE_KINDS[row.kind],
        labels=tuple(row.labels or ()),
        base_type=row.base_type,
        not_null=row.not_null,
        checks=tuple(row.checks or ()),
        attributes=tuple((name, type_) for name, type_ in row.attributes or ()),
        collation=QualifiedName(row.collation_schema, row.collation) if row.collation else None,
    )


def read_functions(catalog: Catalog) -> tuple[Function, ...]:
    """Functions, procedures and aggregates of people's own, oldest first."""
    return tuple(_function(row) for row in catalog.rows(FUNCTIONS, "functions"))


def _function(row: Row) -> Function:
    return Function(
        name=QualifiedName(row.schema, row.name),
        arguments=row.arguments,
        returns=row.returns,
        kind=FUNCTION_KINDS[row.kind],
        volatility=VOLATILITY[row.volatility],
        strict=row.strict,
        returns_set=row.returns_set,
        language=row.language,
        cost=row.cost,
        rows=row.rows,
        parallel=PARALLEL[row.parallel],
        definition=row.definition,
    )


def read_sequences(catalog: Catalog, schemas: Sequence[str]) -> tuple[DatabaseSequence, ...]:
    """Sequences by name; where the role may not read one, without its last value."""
    rows = catalog.rows(SEQUENCES, "sequences", {"schemas": list(schemas) or None})
    hidden = sum(not row.readable for row in rows)
    if hidden:
        catalog.limit(
            f"last values of {hidden:,} sequence{'s' if hidden > 1 else ''}",
            "permission denied; GRANT SELECT ON ALL SEQUENCES IN SCHEMA ... to see them",
        )
    return tuple(_sequence(row) for row in rows)


def _sequence(row: Row) -> DatabaseSequence:
    return DatabaseSequence(
        name=QualifiedName(row.schema, row.name),
        type=row.type,
        last_value=row.last_value,
        maximum=row.maximum,
        owned_by=(QualifiedName(row.table_schema, row.table), row.column) if row.column else None,
    )
