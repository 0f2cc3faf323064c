"""What looks for rows that refer to nothing, in MySQL and MariaDB: with ``foreign_key_checks = 0`` no server does."""

from __future__ import annotations

from dbtune.ddl.mysql_quoting import identifier, qualified
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Constraint


def count_orphans(table: QualifiedName, key: Constraint) -> str:
    """A query for the number of the table's rows that a foreign key of it would refuse (MATCH SIMPLE: a row with a NULL
    in the key refers to nothing). Raises ValueError for a constraint that is no foreign key."""
    if key.referenced_table is None:
        raise ValueError(f"{key.name} is no foreign key")
    pairs = list(zip(key.columns, key.referenced_columns, strict=True))
    known = " AND ".join(f"child.{identifier(column)} IS NOT NULL" for column in key.columns)
    same = " AND ".join(f"parent.{identifier(there)} = child.{identifier(here)}" for here, there in pairs)
    exists = f"SELECT 1 FROM {qualified(key.referenced_table)} AS parent WHERE {same}"
    return f"SELECT COUNT(*) FROM {qualified(table)} AS child WHERE {known} AND NOT EXISTS ({exists})"
