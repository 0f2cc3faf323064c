"""Keys of InnoDB's secondary indexes: which columns can be keys as a whole, which by a prefix, and in which order.

Source: MySQL manual, "InnoDB Limits" (3,072 bytes a key with pages of 16 kB), "Column Prefix Key Parts".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from dbtune.candidates.registry import Use
from dbtune.connect.mysql_abilities import MySQLAbility, server_version
from dbtune.model.access import OrderKey
from dbtune.model.schema import Column, IndexKey

MAXIMUM_PARTS = 16
"""Columns of one index."""

MOST_KEY_BYTES = {4096: 768, 8192: 1536}
USUAL_MOST_KEY_BYTES = 3072
"""By page size, and for pages of 16 kB or more: of all keys of an index together, at their declared lengths."""

PREFIX_LENGTH = 50
"""Characters of a text that is too long for a whole key: enough to tell most values apart, and to find LIKE 'abc%'."""

LONG_KEY_BYTES = 400
"""Mean bytes of a column beyond which a prefix of it does as well."""

LONG_TYPES = frozenset("tinytext text mediumtext longtext tinyblob blob mediumblob longblob".split())
NO_KEYS = frozenset(
    "json geometry point linestring polygon multipoint multilinestring multipolygon geomcollection geometrycollection"
    " vector".split()
)
CHARACTER_TYPES = frozenset("char varchar binary varbinary".split())
CHARACTER_BYTES = {"utf8mb4": 4, "utf8mb3": 3, "utf8": 3, "ucs2": 2, "utf16": 4, "utf32": 4, "gb18030": 4, "gbk": 2}

FEW_VALUES = {"enum": 5.0, "set": 5.0, "bit": 2.0, "tinyint": 4.0, "year": 30.0, "date": 1_000.0}
MANY_VALUES = 10_000.0
"""Distinct values of a column of such a type, and of any other, where no statistics tell: for the order of keys."""

_LENGTH = re.compile(r"\((\d+)")


def can_be_whole_key(column: Column | None, use: Use) -> bool:
    """Whether whole values of the column can be in an index."""
    if column is None or column.type_name.name in NO_KEYS | LONG_TYPES:
        return False
    return declared_bytes(column) <= most_key_bytes(use) and stored_bytes(column) <= LONG_KEY_BYTES


def column_key(use: Use, name: str) -> IndexKey | None:
    """The column as a key: whole where it can be, else a prefix of it; None where neither can be."""
    column = use.column(name)
    if can_be_whole_key(column, use):
        return IndexKey(name)
    if column is not None and column.type_name.name in LONG_TYPES | CHARACTER_TYPES:
        return IndexKey(name, prefix_length=PREFIX_LENGTH)
    return None


def order_keys(use: Use, keys: Sequence[OrderKey]) -> tuple[IndexKey, ...]:
    """Index keys that give this order; one that descends throughout is stored ascending and read backwards.

    NULLs come first in ascending order, in tables as in indexes. Nothing where an index cannot give the order.
    """
    if not all(key.column is not None and can_be_whole_key(use.column(key.column), use) for key in keys):
        return ()
    if len({key.descending for key in keys}) == 1:
        return tuple(IndexKey(key.column) for key in keys)
    server = use.snapshot.server
    version = server_version(server.mysql.version_text) if server.mysql is not None else None
    if version is None or not version.has(MySQLAbility.DESCENDING_INDEXES):
        return ()
    return tuple(IndexKey(key.column, descending=key.descending) for key in keys)


def ranked(use: Use, names: Iterable[str]) -> tuple[str, ...]:
    """The columns, most distinct values first (then by name, so that runs agree)."""

    def rank(name: str) -> tuple[float, str]:
        column = use.column(name)
        if column is None:
            return (0.0, name)
        if column.statistics is not None and column.statistics.n_distinct:
            return (-column.statistics.distinct_values(use.rows), name)
        return (-FEW_VALUES.get(column.type_name.name, MANY_VALUES), name)

    return tuple(sorted(set(names), key=rank))


def fits(use: Use, keys: Sequence[IndexKey]) -> bool:
    """Whether the server takes an index of these keys."""
    total = 0
    for key in keys:
        column = use.column(key.column)
        total += 0 if column is None else declared_bytes(column, key.prefix_length)
    return total <= most_key_bytes(use) and len(keys) <= MAXIMUM_PARTS


def most_key_bytes(use: Use) -> int:
    return MOST_KEY_BYTES.get(use.snapshot.server.block_size, USUAL_MOST_KEY_BYTES)


def declared_bytes(column: Column, prefix: int | None = None) -> int:
    """The most bytes that the column, or so many characters of it, can take in a key."""
    if column.length > 0:
        return column.length
    charset = (column.mysql.charset if column.mysql is not None else None) or ""
    found = _LENGTH.search(column.type)
    characters = int(found[1]) if found is not None and column.type_name.name in CHARACTER_TYPES else 8
    if prefix is not None:
        characters = prefix
    return characters * CHARACTER_BYTES.get(charset, 1)


def stored_bytes(column: Column) -> float:
    """Mean bytes of a value."""
    if column.length > 0:
        return float(column.length)
    if column.statistics is not None and column.statistics.avg_width > 0:
        return float(column.statistics.avg_width)
    found = _LENGTH.search(column.type)
    if column.type_name.name in CHARACTER_TYPES and found is not None:
        # texts rarely fill what they were declared with
        return min(float(found[1]), max(16.0, float(found[1]) / 4))
    return 8.0 if column.type_name.name not in LONG_TYPES else 200.0
