"""Columns of tables and views."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from dbtune.collect.mysql.catalog import Catalog, Row, placeholders
from dbtune.collect.mysql.expressions import printed_expression
from dbtune.collect.mysql.statistics import ColumnFacts
from dbtune.collect.mysql.tables import name_of
from dbtune.connect.mysql_abilities import MySQLAbility
from dbtune.ddl.mysql_quoting import literal
from dbtune.model.mysql import MySQLColumn
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Column

COLUMNS = """
    SELECT TABLE_SCHEMA AS `schema`, TABLE_NAME AS name, COLUMN_NAME AS `column`, ORDINAL_POSITION AS position,
           COLUMN_DEFAULT AS `default`, IS_NULLABLE AS nullable, DATA_TYPE AS type_name, COLUMN_TYPE AS type,
           CHARACTER_OCTET_LENGTH AS octets, CHARACTER_SET_NAME AS charset, COLLATION_NAME AS collation,
           EXTRA AS extra, COLUMN_COMMENT AS comment, GENERATION_EXPRESSION AS expression
    FROM information_schema.COLUMNS
    WHERE TABLE_SCHEMA IN ({schemas})
    ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION
"""

CATEGORIES: Mapping[str, str] = {
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "float", "double", "year"), "N"),
    **dict.fromkeys(("char", "varchar", "tinytext", "text", "mediumtext", "longtext"), "S"),
    **dict.fromkeys(("date", "time", "datetime", "timestamp"), "D"),
    **dict.fromkeys(("enum", "set"), "E"),
    "bit": "V",
    **dict.fromkeys(("inet4", "inet6"), "I"),
    **dict.fromkeys(
        ("geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon"), "G"
    ),
}
"""DATA_TYPE to the letters that ``pg_type.typcategory`` has for such types; U for all others."""

LENGTHS: Mapping[str, int] = {
    "tinyint": 1,
    "smallint": 2,
    "mediumint": 3,
    "int": 4,
    "bigint": 8,
    "float": 4,
    "double": 8,
    "year": 1,
    "date": 3,
    "inet4": 4,
    "inet6": 16,
    "uuid": 16,
    "enum": 2,
}
"""Bytes of a value. Source: MySQL manual, "Data Type Storage Requirements"."""

_NUMBER = re.compile(r"\d+")
_FRACTION = re.compile(r"\((\d)\)")
_EXPRESSION_TYPES = ("timestamp", "datetime")


def read_column_rows(catalog: Catalog, schemas: Sequence[str]) -> list[Row]:
    """One row a column of a table or view, in their order."""
    return catalog.rows(COLUMNS.format(schemas=placeholders(schemas)), "columns", schemas, required=True)


def columns_of(
    catalog: Catalog, rows: Sequence[Row], facts: Mapping[tuple[QualifiedName, str], ColumnFacts]
) -> dict[QualifiedName, tuple[Column, ...]]:
    """Table or view to its columns, with what the statistics say of them."""
    found: dict[QualifiedName, list[Column]] = defaultdict(list)
    for row in rows:
        name = name_of(row)
        found[name].append(_column(catalog, row, facts.get((name, row["column"]), ColumnFacts())))
    return {name: tuple(columns) for name, columns in found.items()}


def _column(catalog: Catalog, row: Row, facts: ColumnFacts) -> Column:
    extra = str(row["extra"] or "")
    type_name = str(row["type_name"]).lower()
    length = _length(type_name, _text(row["type"]))
    statistics = facts.statistics
    if statistics is not None and length > 0:
        statistics = replace(statistics, avg_width=length)
    return Column(
        name=row["column"],
        type=_text(row["type"]),
        position=int(row["position"]),
        not_null=row["nullable"] == "NO",
        default=printed_expression(_text(row["expression"])) if row["expression"] else _default(catalog, row, extra),
        generated=_generated(extra),
        identity="by default" if "auto_increment" in extra.lower() else "",
        type_name=QualifiedName("", type_name),
        type_category=CATEGORIES.get(type_name, "U"),
        length=length,
        align=1,
        statistics=statistics,
        comment=row["comment"] or None,
        mysql=MySQLColumn(
            charset=row["charset"],
            collation=row["collation"],
            extra=extra,
            invisible="INVISIBLE" in extra.upper(),
            histogram=facts.histogram,
            minimum=facts.minimum,
            maximum=facts.maximum,
            average_frequency=facts.average_frequency,
        ),
    )


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _default(catalog: Catalog, row: Row, extra: str) -> str | None:
    """As an SQL expression."""
    if row["default"] is None:
        return None
    text = _text(row["default"])
    if catalog.version.has(MySQLAbility.DEFAULT_AS_EXPRESSION):
        return None if text == "NULL" else text
    is_now = row["type_name"] in _EXPRESSION_TYPES and text.upper().startswith("CURRENT_TIMESTAMP")
    if "DEFAULT_GENERATED" in extra or is_now or text.startswith(("b'", "0x")):
        return text
    return literal(text)


def _generated(extra: str) -> Literal["", "stored", "virtual"]:
    words = extra.upper()
    if "STORED GENERATED" in words or "PERSISTENT" in words:
        return "stored"
    return "virtual" if "VIRTUAL" in words else ""


def _length(type_name: str, type_: str) -> int:
    """Bytes of every value, -1 where they differ."""
    if type_name in ("time", "datetime", "timestamp"):
        fraction = _FRACTION.search(type_)
        whole = {"time": 3, "datetime": 5, "timestamp": 4}[type_name]
        return whole + (int(fraction[1]) + 1) // 2 if fraction else whole
    sizes = [int(number) for number in _NUMBER.findall(type_)]
    if type_name == "decimal" and len(sizes) == 2:
        return _digits(sizes[0] - sizes[1]) + _digits(sizes[1])
    if type_name == "bit" and sizes:
        return (sizes[0] + 7) // 8
    if type_name == "binary" and sizes:
        return sizes[0]
    return LENGTHS.get(type_name, -1)


def _digits(number: int) -> int:
    """Bytes of so many decimal digits: four for each nine, one for every two of the rest."""
    return number // 9 * 4 + (number % 9 + 1) // 2
