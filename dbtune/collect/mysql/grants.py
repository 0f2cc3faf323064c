"""The least-privileged account that dbtune needs on MySQL and MariaDB, as SQL. See docs/mysql.md."""

from __future__ import annotations

from collections.abc import Sequence

from dbtune.connect.mysql_abilities import NAMES, Family
from dbtune.ddl.mysql_quoting import database_pattern, literal

HEAD = """\
-- The account that dbtune needs on {server}: it reads catalogs and statistics, and changes nothing.
-- Run this as an administrator. It may be run again.
-- The account is locked until you give it a password:
--   ALTER USER {account} IDENTIFIED BY '...' ACCOUNT UNLOCK;

CREATE USER IF NOT EXISTS {account} ACCOUNT LOCK;

"""

ON_DATABASE = """\
-- tables, columns, indexes and histograms of the database: the server hides what the account may not read. dbtune
-- itself never reads a row.
GRANT SELECT, SHOW VIEW ON {pattern}.* TO {account};

"""

ESCAPED = """\
-- where partial_revokes is ON, write the name without the backslashes
"""

WORKLOAD = """\
-- statements with their times, and how often each index is used
"""

STATISTICS = """\
-- rows, pages and distinct values as the optimiser counts with them
"""

EXPLAIN_WRITES = """\

-- Only where plans of INSERT, UPDATE and DELETE are wanted from this server itself. EXPLAIN asks for the right to run
-- them; dbtune never does:
"""

WORKLOAD_TABLES = (
    "events_statements_summary_by_digest",
    "table_io_waits_summary_by_index_usage",
    "setup_consumers",
    "setup_instruments",
)

STATISTICS_TABLES: dict[Family, Sequence[str]] = {
    "mysql": ("innodb_table_stats", "innodb_index_stats", "server_cost", "engine_cost"),
    "mariadb": ("innodb_table_stats", "innodb_index_stats", "table_stats", "column_stats", "index_stats"),
}

VERSIONS: dict[Family, str] = {"mysql": "5.7 to 9", "mariadb": "10.5 to 11"}


def grants_sql(family: Family, account: str = "dbtune", *, schemas: Sequence[str], host: str = "%") -> str:
    """SQL that makes the account and grants what it needs in these databases."""
    quoted = f"{literal(account)}@{literal(host)}"
    parts = [HEAD.format(server=f"{NAMES[family]} {VERSIONS[family]}", account=quoted)]
    for schema in schemas:
        pattern = database_pattern(schema)
        if "\\" in pattern:
            parts.append(ESCAPED)
        parts.append(ON_DATABASE.format(pattern=pattern, account=quoted))
    parts.append(WORKLOAD)
    parts += [f"GRANT SELECT ON performance_schema.{table} TO {quoted};\n" for table in WORKLOAD_TABLES]
    parts += ["\n", STATISTICS]
    parts += [f"GRANT SELECT ON mysql.{table} TO {quoted};\n" for table in STATISTICS_TABLES[family]]
    parts.append(EXPLAIN_WRITES)
    parts += [f"-- GRANT INSERT, UPDATE, DELETE ON {database_pattern(s)}.* TO {quoted};\n" for s in schemas]
    return "".join(parts)
