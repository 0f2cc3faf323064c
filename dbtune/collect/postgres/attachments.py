"""What hangs on tables: triggers, policies, privileges, publications, rules, and what was made with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import LiteralString

from dbtune.collect.postgres.catalog import Catalog, Row
from dbtune.connect.abilities import Ability
from dbtune.model.attachments import Attachments, Grant, Policy, Publication, Trigger
from dbtune.model.names import QualifiedName

OWNERS: LiteralString = """
    SELECT c.oid::int8 AS oid, pg_catalog.pg_get_userbyid(c.relowner) AS owner,
           c.relforcerowsecurity AS forced, c.relreplident AS identity,
           coalesce((SELECT pg_catalog.array_agg(r.rulename::text ORDER BY r.rulename)
                     FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid), ARRAY[]::text[]) AS rules
    FROM pg_catalog.unnest(%(tables)s::oid[]) AS wanted(oid)
    JOIN pg_catalog.pg_class c ON c.oid = wanted.oid AND c.relkind IN ('r', 'p')
"""

TRIGGERS: LiteralString = """
    SELECT t.tgrelid::int8 AS relation, t.tgname AS name, t.tgenabled AS enabled,
           CASE WHEN NOT t.tgrelid = ANY (%(locked)s::oid[])
                THEN pg_catalog.pg_get_triggerdef(t.oid) ELSE '' END AS definition,
           t.tgtype & 1 = 1 AS for_each_row, t.tgconstraint <> 0 AS is_constraint,
           t.tgnewtable IS NOT NULL OR t.tgoldtable IS NOT NULL AS transition_tables
    FROM pg_catalog.unnest(%(tables)s::oid[]) AS wanted(oid)
    JOIN pg_catalog.pg_trigger t ON t.tgrelid = wanted.oid AND NOT t.tgisinternal AND {own}
    ORDER BY t.tgrelid, t.tgname
"""

POLICIES: LiteralString = """
    SELECT p.polrelid::int8 AS relation, p.polname AS name, p.polcmd AS command, p.polpermissive AS permissive,
           coalesce((SELECT pg_catalog.array_agg(pg_catalog.pg_get_userbyid(role)::text ORDER BY 1)
                     FROM pg_catalog.unnest(p.polroles) AS r(role) WHERE role <> 0), ARRAY[]::text[]) AS roles,
           CASE WHEN NOT p.polrelid = ANY (%(locked)s::oid[])
                THEN pg_catalog.pg_get_expr(p.polqual, p.polrelid) END AS condition,
           CASE WHEN NOT p.polrelid = ANY (%(locked)s::oid[])
                THEN pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) END AS check_condition
    FROM pg_catalog.unnest(%(tables)s::oid[]) AS wanted(oid)
    JOIN pg_catalog.pg_policy p ON p.polrelid = wanted.oid
    ORDER BY p.polrelid, p.polname
"""

GRANTS: LiteralString = """
    SELECT relation::int8 AS relation, columns,
           CASE WHEN grantee = 0 THEN '' ELSE pg_catalog.pg_get_userbyid(grantee)::text END AS role, grantable,
           pg_catalog.array_agg(privilege ORDER BY privilege) AS privileges
    FROM (
        SELECT c.oid AS relation, NULL::text AS columns, a.grantee, a.privilege_type AS privilege,
               a.is_grantable AS grantable
        FROM pg_catalog.unnest(%(tables)s::oid[]) AS wanted(oid)
        JOIN pg_catalog.pg_class c ON c.oid = wanted.oid,
             pg_catalog.aclexplode(c.relacl) AS a
        WHERE a.grantee <> c.relowner
        UNION ALL
        SELECT c.oid, t.attname::text, a.grantee, a.privilege_type, a.is_grantable
        FROM pg_catalog.unnest(%(tables)s::oid[]) AS wanted(oid)
        JOIN pg_catalog.pg_class c ON c.oid = wanted.oid
        JOIN pg_catalog.pg_attribute t ON t.attrelid = c.oid AND NOT t.attisdropped AND t.attacl IS NOT NULL,
             pg_catalog.aclexplode(t.attacl) AS a
        WHERE a.grantee <> c.relowner
    ) AS given
    GROUP BY 1, 2, 3, 4
    ORDER BY 1, 2 NULLS FIRST, 3, 4
"""

PUBLICATIONS: LiteralString = """
    SELECT r.prrelid::int8 AS relation, p.pubname AS name, {by_root} AS by_root, {filtered} AS filtered
    FROM pg_catalog.unnest(%(tables)s::oid[]) AS wanted(oid)
    JOIN pg_catalog.pg_publication_rel r ON r.prrelid = wanted.oid
    JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
    ORDER BY r.prrelid, p.pubname
"""

DEPENDENTS: LiteralString = """
    SELECT DISTINCT found.relation::int8 AS relation, found.kind, n.nspname AS schema, found.name
    FROM (
        SELECT d.refobjid AS relation, CASE v.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END AS kind,
               v.relname AS name, v.relnamespace AS namespace
        FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_rewrite r ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND r.oid = d.objid
        JOIN pg_catalog.pg_class v ON v.oid = r.ev_class AND v.oid <> d.refobjid
        WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = ANY (%(tables)s::oid[])
        UNION ALL
        SELECT CASE WHEN d.refclassid = 'pg_catalog.pg_class'::regclass THEN d.refobjid ELSE t.typrelid END,
               'function', f.proname, f.pronamespace
        FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_proc f ON d.classid = 'pg_catalog.pg_proc'::regclass AND f.oid = d.objid
        LEFT JOIN pg_catalog.pg_type e ON d.refclassid = 'pg_catalog.pg_type'::regclass AND e.oid = d.refobjid
        LEFT JOIN pg_catalog.pg_type t ON t.oid = CASE WHEN e.typelem <> 0 THEN e.typelem ELSE e.oid END
        WHERE (d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = ANY (%(tables)s::oid[]))
           OR t.typrelid = ANY (%(tables)s::oid[])
    ) AS found
    JOIN pg_catalog.pg_namespace n ON n.oid = found.namespace
    ORDER BY 1, 2, 3, 4
"""

ENABLED: Mapping[str, str] = {"O": "origin", "A": "always", "R": "replica", "D": "disabled"}
COMMANDS: Mapping[str, str] = {"*": "all", "r": "select", "a": "insert", "w": "update", "d": "delete"}
IDENTITIES: Mapping[str, str] = {"d": "default", "f": "full", "n": "nothing", "i": "index"}


def read_attachments(catalog: Catalog, tables: Sequence[int]) -> dict[int, Attachments]:
    """Of each table and partitioned table."""
    given = {"tables": tables}
    has = catalog.abilities.has
    triggers = _by_relation(
        catalog.rows(
            TRIGGERS,
            "triggers",
            given,
            own="t.tgparentid = 0" if has(Ability.TRIGGER_PARENTS) else "true",
        )
    )
    policies = _by_relation(catalog.rows(POLICIES, "policies", given))
    grants = _by_relation(catalog.rows(GRANTS, "privileges", given))
    publications = _by_relation(
        catalog.rows(
            PUBLICATIONS,
            "publications",
            given,
            by_root="p.pubviaroot" if has(Ability.PUBLICATION_BY_ROOT) else "false",
            filtered=(
                "r.prqual IS NOT NULL OR r.prattrs IS NOT NULL" if has(Ability.FILTERED_PUBLICATIONS) else "false"
            ),
        )
    )
    dependents = _by_relation(catalog.rows(DEPENDENTS, "what depends on tables", given))
    return {
        row.oid: Attachments(
            owner=row.owner,
            triggers=tuple(map(_trigger, triggers.get(row.oid, ()))),
            policies=tuple(map(_policy, policies.get(row.oid, ()))),
            forced_row_security=row.forced,
            grants=tuple(map(_grant, grants.get(row.oid, ()))),
            publications=tuple(Publication(p.name, p.by_root, p.filtered) for p in publications.get(row.oid, ())),
            rules=tuple(row.rules),
            dependents=tuple((d.kind, QualifiedName(d.schema, d.name)) for d in dependents.get(row.oid, ())),
            replica_identity=IDENTITIES[row.identity],  # type: ignore[arg-type]
        )
        for row in catalog.rows(OWNERS, "owners of tables", given)
    }


def _by_relation(rows: Sequence[Row]) -> Mapping[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.relation].append(row)
    return found


def _trigger(row: Row) -> Trigger:
    return Trigger(
        name=row.name,
        definition=row.definition,
        enabled=ENABLED[row.enabled],  # type: ignore[arg-type]
        for_each_row=row.for_each_row,
        has_transition_tables=row.transition_tables,
        constraint=row.is_constraint,
    )


def _policy(row: Row) -> Policy:
    return Policy(
        name=row.name,
        command=COMMANDS[row.command],  # type: ignore[arg-type]
        permissive=row.permissive,
        roles=tuple(row.roles),
        using=row.condition,
        check=row.check_condition,
    )


def _grant(row: Row) -> Grant:
    columns = () if row.columns is None else (row.columns,)
    return Grant(role=row.role, privileges=tuple(row.privileges), columns=columns, grantable=row.grantable)
