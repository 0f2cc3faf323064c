"""SHOW CREATE TABLE, read."""

from __future__ import annotations

from dbtune.collect.mysql.catalog import Catalog
from dbtune.ddl.mysql_quoting import qualified
from dbtune.model.names import QualifiedName
from dbtune.sql.mysql_definitions import Definition


def read_definition(catalog: Catalog, name: QualifiedName) -> Definition:
    """Empty where the account may not read it."""
    rows = catalog.probe(f"SHOW CREATE TABLE {qualified(name)}")
    text = rows[0].get("Create Table") if rows else None
    return Definition(text or "")
