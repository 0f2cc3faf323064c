"""What rules ask of tables and indexes of MySQL and MariaDB: engine, version, foreign keys, what hides an index."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dbtune.connect.mysql_abilities import ServerVersion
from dbtune.ddl.mysql_alter import AlterTable
from dbtune.ddl.online_tools import Ties, online_commands
from dbtune.model.mysql import MySQLIndex
from dbtune.model.schema import Column, Index, Table
from dbtune.model.snapshot import Snapshot
from dbtune.planner.gate import PlannedStatement

_HINT = re.compile(
    r"\b(?:use|force|ignore)\s+(?:index|key)\b[^()]*\(([^)]*)\)|/\*\+(.*?)\*/", re.IGNORECASE | re.DOTALL
)
_WORD = re.compile(r"`((?:[^`]|``)*)`|([\w$]+)")


def is_mysql(snapshot: Snapshot) -> bool:
    return snapshot.server.dialect != "postgres"


def version_of(snapshot: Snapshot) -> ServerVersion:
    """Of a snapshot of MySQL or MariaDB. Raises ValueError for one of Postgres."""
    server = snapshot.server
    if server.dialect == "postgres":
        raise ValueError("a snapshot of Postgres")
    return ServerVersion(server.dialect, server.version_number, server.version)


def engine_of(table: Table) -> str:
    """``InnoDB``, ``MyISAM``, …; empty where it is not known."""
    return table.mysql.engine if table.mysql is not None else ""


def is_innodb(table: Table) -> bool:
    return engine_of(table) == "InnoDB"


def index_facts(index: Index) -> MySQLIndex:
    """What the server says of it; of a new index, that it is visible."""
    facts = index.facts.mysql if index.facts is not None else None
    return facts or MySQLIndex()


def is_visible(index: Index) -> bool:
    return index_facts(index).visible


def serves_foreign_key(index: Index, columns: tuple[str, ...]) -> bool:
    """Whether InnoDB can take the index for a foreign key on these columns: its first ones, in this order, whole."""
    first = index.keys[: len(columns)]
    whole = index.method == "btree" and all(key.prefix_length is None for key in first)
    return whole and tuple(key.column for key in first) == columns


def is_needed_by_foreign_key(snapshot: Snapshot, table: Table, index: Index, others: Iterable[Index]) -> bool:
    """Whether a foreign key, of this table or one that points to it, has no other index than this one.

    InnoDB refuses to drop the last one that a foreign key can use (error 1553), and looks in it at each write.
    """
    rest = [other for other in others if other is not index]
    return any(
        serves_foreign_key(index, columns) and not any(serves_foreign_key(other, columns) for other in rest)
        for columns in _foreign_key_columns(snapshot, table)
    )


def _foreign_key_columns(snapshot: Snapshot, table: Table) -> Iterator[tuple[str, ...]]:
    yield from (key.columns for key in table.foreign_keys)
    for other in snapshot.tables:
        for key in other.foreign_keys:
            if key.referenced_table == table.name:
                yield key.referenced_columns


def is_named_in_hint(statements: Iterable[PlannedStatement], index: Index) -> bool:
    """Whether a statement names the index in a hint: without it USE, FORCE and IGNORE INDEX fail (error 1176)."""
    name = index.name.lower()
    return any(
        name in hinted_indexes(planned.statement.text) for planned in statements if index.table in planned.facts.tables
    )


def hinted_indexes(text: str) -> set[str]:
    """Words in the statement's hints, in lower case: names of indexes, of tables, and what the hints are called."""
    parts = (hit[1] or hit[2] or "" for hit in _HINT.finditer(text))
    words = (word for part in parts for word in _WORD.finditer(part))
    return {(word[2] or word[1].replace("``", "`")).lower() for word in words}


def auto_increment_column(table: Table) -> Column | None:
    """The column that the server numbers; a table has one at most."""
    return next((c for c in table.columns if c.mysql is not None and "auto_increment" in c.mysql.extra.lower()), None)


def ties_of(snapshot: Snapshot, table: Table) -> Ties:
    """What the tools for online schema changes have to know of the table."""
    unique = any(
        index.unique and all((c := table.column(key.column or "")) is not None and c.not_null for key in index.keys)
        for index in table.indexes
    )
    referenced = any(key.referenced_table == table.name for other in snapshot.tables for key in other.foreign_keys)
    return Ties(referenced, bool(table.foreign_keys), unique, any(column.generated for column in table.columns))


def tools_for(snapshot: Snapshot, table: Table, alter: AlterTable) -> tuple[str, ...]:
    """Command lines that make the change without stopping writers; none where the server itself does so."""
    if not alter.stops_writers:
        return ()
    return online_commands(alter, snapshot.server.dialect, ties_of(snapshot, table))
