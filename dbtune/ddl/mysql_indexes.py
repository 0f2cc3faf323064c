"""CREATE INDEX and the switches of indexes in MySQL and MariaDB, from the nouns of the model."""

from __future__ import annotations

from dbtune.ddl.mysql_quoting import identifier, qualified
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Index, IndexKey

_KINDS = {"fulltext": "FULLTEXT INDEX", "spatial": "SPATIAL INDEX", "rtree": "SPATIAL INDEX"}


def add_index(index: Index, *, hidden: str = "") -> str:
    """The clause of ALTER TABLE that adds the index. ``hidden``: a word after it, ``INVISIBLE`` or ``IGNORED``."""
    kind = _KINDS.get(index.method) or ("UNIQUE INDEX" if index.unique else "INDEX")
    keys = ", ".join(_key(key) for key in index.keys)
    return " ".join(part for part in (f"ADD {kind} {identifier(index.name)} ({keys})", hidden) if part)


def alter_table(table: QualifiedName, *clauses: str) -> str:
    """ALTER TABLE with these clauses at once and no others, in whatever way the server likes best."""
    return f"ALTER TABLE {qualified(table)} {', '.join(clauses)}"


def key_expression(key: IndexKey) -> str:
    """What the key holds, as an expression: the column, the first characters of it, or the key's own expression."""
    if key.column is None:
        return f"({key.expression})"
    column = identifier(key.column)
    return column if key.prefix_length is None else f"LEFT({column}, {key.prefix_length})"


def _key(key: IndexKey) -> str:
    part = f"({key.expression})" if key.column is None else identifier(key.column)
    length = "" if key.prefix_length is None else f"({key.prefix_length})"
    return f"{part}{length}{' DESC' if key.descending else ''}"
