"""Which databases are looked at: the one of the URL, those asked for, or all that the account sees."""

from __future__ import annotations

from collections.abc import Sequence

from dbtune.collect.mysql.catalog import Catalog
from dbtune.model.errors import UsageError

SYSTEM = ("mysql", "information_schema", "performance_schema", "sys")

SCHEMATA = """
    SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA ORDER BY SCHEMA_NAME
"""

MANAGED = frozenset({"innodb", "tmp", "mysql_innodb_cluster_metadata", "rdsadmin", "cloudsqladmin", "aurora"})
"""Databases of managed services and of tools, left out unless asked for."""


def choose_schemas(catalog: Catalog, asked: Sequence[str]) -> tuple[str, ...]:
    """Names as the catalog has them. Raises UsageError for one that is not there, and where there is none at all."""
    existing = [row["name"] for row in catalog.rows(SCHEMATA, "databases", required=True)]
    own = [name for name in existing if name.lower() not in SYSTEM]
    wanted = asked or ([catalog.database] if catalog.database else [])
    by_lower = {name.lower(): name for name in existing}
    chosen: list[str] = []
    for name in wanted:
        found = name if name in existing else by_lower.get(name.lower())
        if found is None:
            raise UsageError(f"there is no database '{name}' that this account sees (there are: {', '.join(own)})")
        chosen.append(found)
    if chosen:
        return tuple(dict.fromkeys(chosen))
    own = [name for name in own if name not in MANAGED]
    if not own:
        raise UsageError(
            "the account sees no database: name one at the end of the URL, or grant it one "
            "(see 'dbtune grants mysql --schema NAME')"
        )
    return tuple(own)
