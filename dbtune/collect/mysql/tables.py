"""Base tables with their engines, sizes and definitions, and views."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from dbtune.collect.mysql.catalog import Catalog, Row, placeholders
from dbtune.model.names import QualifiedName

TABLES = """
    SELECT TABLE_SCHEMA AS `schema`, TABLE_NAME AS name, TABLE_TYPE AS type, ENGINE AS engine, ROW_FORMAT AS row_format,
           TABLE_ROWS AS `rows`, AVG_ROW_LENGTH AS row_bytes, DATA_LENGTH AS data_bytes, INDEX_LENGTH AS index_bytes,
           DATA_FREE AS free_bytes, AUTO_INCREMENT AS auto_increment, CREATE_TIME AS created, UPDATE_TIME AS updated,
           TABLE_COLLATION AS collation, CREATE_OPTIONS AS options, TABLE_COMMENT AS comment
    FROM information_schema.TABLES
    WHERE TABLE_SCHEMA IN ({schemas}) AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')
    ORDER BY TABLE_SCHEMA, TABLE_NAME
"""

VIEWS = """
    SELECT TABLE_SCHEMA AS `schema`, TABLE_NAME AS name, VIEW_DEFINITION AS definition
    FROM information_schema.VIEWS
    WHERE TABLE_SCHEMA IN ({schemas})
    ORDER BY TABLE_SCHEMA, TABLE_NAME
"""

_OPTION = re.compile(r"""([A-Za-z_]+)=("(?:[^"]|"")*"|'(?:[^']|'')*'|`(?:[^`]|``)*`|\S+)""")


def read_table_rows(catalog: Catalog, schemas: Sequence[str]) -> list[Row]:
    """One row a table."""
    query = TABLES.format(schemas=placeholders(schemas))
    rows = catalog.rows(query, "tables", schemas, required=True)
    broken = [row for row in rows if row["engine"] is None]
    for row in broken:
        catalog.limit(f"table {row['schema']}.{row['name']}", f"the server cannot open it: {row['comment']}")
    return [row for row in rows if row["engine"] is not None]


def read_view_rows(catalog: Catalog, schemas: Sequence[str]) -> list[Row]:
    """One row a view; without its query where the account has no SHOW VIEW."""
    return catalog.rows(VIEWS.format(schemas=placeholders(schemas)), "views", schemas)


def name_of(row: Row) -> QualifiedName:
    """Of a row with ``schema`` and ``name``."""
    return QualifiedName(row["schema"], row["name"])


def create_options(text: str | None) -> tuple[tuple[str, str], ...]:
    """``row_format=DYNAMIC stats_persistent=1 partitioned`` as pairs; words alone are left out."""
    return tuple((name.lower(), value) for name, value in _pairs(text or ""))


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for hit in _OPTION.finditer(text):
        yield hit[1], hit[2]


def moment(value: datetime | str | None) -> str | None:
    """ISO 8601, UTC (the session's time zone)."""
    if value is None or isinstance(value, str):  # 0000-00-00: no moment
        return None
    return value.isoformat()
