"""CREATE STATISTICS and DROP STATISTICS."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence

from dbtune.ddl.indexes import MAXIMUM_NAME_BYTES
from dbtune.ddl.quoting import identifier, qualified
from dbtune.model.names import QualifiedName

MOST_COLUMNS = 8
"""``STATS_MAX_DIMENSIONS`` in ``src/include/statistics/statistics.h``."""


def create_statistics(name: QualifiedName, table: QualifiedName, kinds: Sequence[str], columns: Sequence[str]) -> str:
    """The statement that has ANALYZE look at the columns together, without a semicolon."""
    what = ", ".join(identifier(column) for column in columns)
    return f"CREATE STATISTICS {qualified(name)} ({', '.join(kinds)}) ON {what} FROM {qualified(table)}"


def drop_statistics(name: QualifiedName) -> str:
    """The statement that drops them, without a semicolon."""
    return f"DROP STATISTICS IF EXISTS {qualified(name)}"


def statistics_name(table: QualifiedName, columns: Sequence[str], taken: Collection[str]) -> QualifiedName:
    """A name that says what they are of, at most 63 bytes, the same in every run, and none of ``taken``."""
    wanted = "_".join(("stats", table.name, *columns))
    digest = hashlib.sha256("\0".join((str(table), *columns)).encode()).hexdigest()[:8]
    if len(wanted.encode()) > MAXIMUM_NAME_BYTES or wanted in taken:
        room = MAXIMUM_NAME_BYTES - len(digest) - 1
        wanted = f"{wanted.encode()[:room].decode(errors='ignore')}_{digest}"
    return QualifiedName(table.schema, wanted)
