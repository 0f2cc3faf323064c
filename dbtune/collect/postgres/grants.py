"""The least-privileged role that dbtune needs on Postgres, as SQL. See docs/privileges.md."""

from __future__ import annotations

from collections.abc import Sequence

from dbtune.ddl.quoting import identifier, literal

HEAD = """\
-- The role that dbtune needs on Postgres 12 to 18: it reads catalogs and statistics, and changes nothing.
-- Run this in the database to be tuned, as a superuser (on a managed service: as its administrator).
-- It may be run again. Set the password yourself afterwards: \\password {role}

DO $grants$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = {role_literal}) THEN
        CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
    END IF;
END
$grants$;
ALTER ROLE {role} SET default_transaction_read_only = on;

"""

MONITOR = """\
-- statements of all roles in pg_stat_statements, all settings
GRANT pg_monitor TO {role};

"""

READ_STATISTICS = """\
-- statements of all roles in pg_stat_statements
GRANT pg_read_all_stats TO {role};

"""

ON_SCHEMAS = """\
-- pg_stats shows the statistics of those columns only that the role may read. dbtune itself never reads a row.
DO $grants$
DECLARE
    place record;
BEGIN
    EXECUTE pg_catalog.format('GRANT CONNECT ON DATABASE %I TO %I', pg_catalog.current_database(), {role_literal});
    FOR place IN
        SELECT nspname AS name FROM pg_catalog.pg_namespace
        WHERE {condition}
    LOOP
        EXECUTE pg_catalog.format('GRANT USAGE ON SCHEMA %I TO %I', place.name, {role_literal});
        EXECUTE pg_catalog.format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO %I', place.name, {role_literal});
        EXECUTE pg_catalog.format('GRANT SELECT ON ALL SEQUENCES IN SCHEMA %I TO %I', place.name, {role_literal});
    END LOOP;
END
$grants$;
"""

ON_NEW_TABLES = """
-- tables that will be made, by the roles that own tables now
DO $grants$
DECLARE
    place record;
BEGIN
    FOR place IN
        SELECT DISTINCT n.nspname AS name, pg_catalog.pg_get_userbyid(c.relowner) AS owner
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'm', 'f') AND {condition}
          AND pg_catalog.pg_has_role(c.relowner, 'MEMBER')
    LOOP
        EXECUTE pg_catalog.format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I GRANT SELECT ON TABLES TO %I',
                                  place.owner, place.name, {role_literal});
    END LOOP;
END
$grants$;
"""

ROW_SECURITY = """
-- Only where tables have row-level security and their statistics are wanted too (it also lifts the policies for this
-- role):
-- ALTER ROLE {role} BYPASSRLS;
"""

ALL_SCHEMAS = "nspname !~ '^pg_' AND nspname <> 'information_schema'"


def grants_sql(role: str = "dbtune", *, schemas: Sequence[str] = (), narrow: bool = False) -> str:
    """SQL that makes the role and grants what it needs, in all schemas or in these.

    ``narrow``: statistics only (``pg_read_all_stats`` in place of ``pg_monitor``), and nothing on future tables.
    """
    condition = f"nspname IN ({', '.join(literal(name) for name in schemas)})" if schemas else ALL_SCHEMAS
    parts = (
        HEAD,
        READ_STATISTICS if narrow else MONITOR,
        ON_SCHEMAS,
        "" if narrow else ON_NEW_TABLES,
        ROW_SECURITY,
    )
    return "".join(parts).format(role=identifier(role), role_literal=literal(role), condition=condition)
