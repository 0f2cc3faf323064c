"""ALGORITHM and LOCK written into a statement as it stands, in the form that the server's version takes."""

from __future__ import annotations

from dbtune.connect.mysql_abilities import MySQLAbility, ServerVersion
from dbtune.ddl.mysql_alter import drop_named_index, with_way
from dbtune.model.migration import AlterAlgorithm, AlterLock
from dbtune.model.names import QualifiedName
from dbtune.sql.ddl_form import Ddl


def with_way_written_out(
    ddl: Ddl, table: QualifiedName, version: ServerVersion, algorithm: AlterAlgorithm, lock: AlterLock
) -> str:
    """The statement with what it does not say itself of them; without ``lock`` where that is empty.

    ``table``: the one it changes, since a DROP INDEX that takes neither becomes an ALTER TABLE. Raises ValueError for a
    statement that says nothing of a way in any form.
    """
    if ddl.clauses_at is None:
        raise ValueError(f"{ddl.what} takes no ALGORITHM")
    if ddl.drops_index and not version.has(MySQLAbility.DROP_INDEX_WAY):
        return drop_named_index(table, ddl.actions[0].name, algorithm=algorithm, lock=lock).sql
    return with_way(
        ddl.text,
        ddl.clauses_at,
        comma=ddl.clauses_with_comma,
        algorithm="" if ddl.algorithm else algorithm,
        lock="" if ddl.lock else lock,
    )
