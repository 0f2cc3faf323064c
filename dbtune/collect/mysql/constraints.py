"""Primary keys, unique constraints, foreign keys and checks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from dbtune.collect.mysql.catalog import Catalog, Row, placeholders
from dbtune.collect.mysql.expressions import printed_expression
from dbtune.collect.mysql.indexes import key_clause
from dbtune.collect.mysql.tables import name_of
from dbtune.connect.mysql_abilities import MySQLAbility
from dbtune.ddl.mysql_quoting import identifier, qualified
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Constraint, Index

FOREIGN_KEYS = """
    SELECT k.TABLE_SCHEMA AS `schema`, k.TABLE_NAME AS name, k.CONSTRAINT_NAME AS `constraint`,
           k.COLUMN_NAME AS `column`, k.REFERENCED_TABLE_SCHEMA AS referenced_schema,
           k.REFERENCED_TABLE_NAME AS referenced_table, k.REFERENCED_COLUMN_NAME AS referenced_column,
           r.UPDATE_RULE AS on_update, r.DELETE_RULE AS on_delete
    FROM information_schema.KEY_COLUMN_USAGE k
    LEFT JOIN information_schema.REFERENTIAL_CONSTRAINTS r
      ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.TABLE_NAME = k.TABLE_NAME
     AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME
    WHERE k.TABLE_SCHEMA IN ({schemas}) AND k.REFERENCED_TABLE_NAME IS NOT NULL
    ORDER BY k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION
"""

CHECKS = """
    SELECT t.TABLE_SCHEMA AS `schema`, t.TABLE_NAME AS name, t.CONSTRAINT_NAME AS `constraint`,
           c.CHECK_CLAUSE AS clause, {enforced} AS enforced
    FROM information_schema.TABLE_CONSTRAINTS t
    JOIN information_schema.CHECK_CONSTRAINTS c
      ON c.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA AND c.CONSTRAINT_NAME = t.CONSTRAINT_NAME
    WHERE t.TABLE_SCHEMA IN ({schemas}) AND t.CONSTRAINT_TYPE = 'CHECK'
    ORDER BY t.TABLE_SCHEMA, t.TABLE_NAME, t.CONSTRAINT_NAME
"""

CHECKS_BY_TABLE = """
    SELECT CONSTRAINT_SCHEMA AS `schema`, TABLE_NAME AS name, CONSTRAINT_NAME AS `constraint`, CHECK_CLAUSE AS clause,
           'YES' AS enforced
    FROM information_schema.CHECK_CONSTRAINTS
    WHERE CONSTRAINT_SCHEMA IN ({schemas})
    ORDER BY CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME
"""


def read_constraints(catalog: Catalog, schemas: Sequence[str]) -> dict[QualifiedName, list[Constraint]]:
    """Table to its foreign keys and checks; ``keys_of`` has the others."""
    found: dict[QualifiedName, list[Constraint]] = defaultdict(list)
    keys: dict[tuple[QualifiedName, str], list[Row]] = defaultdict(list)
    wanted = placeholders(schemas)
    for row in catalog.rows(FOREIGN_KEYS.format(schemas=wanted), "foreign keys", schemas):
        keys[name_of(row), row["constraint"]].append(row)
    for (table, name), rows in keys.items():
        found[table].append(_foreign_key(name, rows))
    for row in _read_checks(catalog, schemas):
        found[name_of(row)].append(
            Constraint(
                name=row["constraint"],
                kind="check",
                columns=(),
                definition=f"CHECK ({printed_expression(row['clause'])})",
                validated=row["enforced"] == "YES",
            )
        )
    return found


def _read_checks(catalog: Catalog, schemas: Sequence[str]) -> list[Row]:
    version = catalog.version
    if not version.has(MySQLAbility.CHECK_CONSTRAINTS):
        return []
    enforced = version.either(MySQLAbility.ENFORCED_COLUMN, "t.ENFORCED", "'YES'")
    query = CHECKS_BY_TABLE if version.has(MySQLAbility.CHECK_CONSTRAINTS_BY_TABLE) else CHECKS
    return catalog.rows(query.format(schemas=placeholders(schemas), enforced=enforced), "check constraints", schemas)


def _foreign_key(name: str, rows: Sequence[Row]) -> Constraint:
    first = rows[0]
    referenced = QualifiedName(first["referenced_schema"], first["referenced_table"])
    columns = tuple(row["column"] for row in rows)
    referenced_columns = tuple(row["referenced_column"] for row in rows)
    on_delete, on_update = (str(first[rule] or "no action").lower() for rule in ("on_delete", "on_update"))
    definition = (
        f"FOREIGN KEY ({', '.join(map(identifier, columns))}) "
        f"REFERENCES {qualified(referenced)} ({', '.join(map(identifier, referenced_columns))})"
    )
    for event, rule in (("DELETE", on_delete), ("UPDATE", on_update)):
        if rule != "no action":
            definition += f" ON {event} {rule.upper()}"
    return Constraint(
        name=name,
        kind="foreign key",
        columns=columns,
        definition=definition,
        referenced_table=referenced,
        referenced_columns=referenced_columns,
        on_delete=on_delete,
        on_update=on_update,
    )


def keys_of(indexes: Sequence[Index]) -> list[Constraint]:
    """Primary key and unique constraints: in MySQL an index and its constraint are one."""
    return [
        Constraint(
            name=index.name,
            kind="primary key" if index.primary else "unique",
            columns=tuple(key.column for key in index.keys if key.column is not None),
            definition=f"{'PRIMARY KEY' if index.primary else 'UNIQUE'} ({', '.join(map(key_clause, index.keys))})",
            index=index.name,
        )
        for index in indexes
        if index.unique
    ]
