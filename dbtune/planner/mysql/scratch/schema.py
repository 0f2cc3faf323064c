"""Production's databases, tables and views on the scratch server, empty."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from pymysql.err import MySQLError

from dbtune.connect.mysql import MySQLSession
from dbtune.connect.mysql_refusals import first_line
from dbtune.ddl.mysql_quoting import identifier, qualified
from dbtune.model.errors import PlannerUnavailable
from dbtune.model.schema import Table
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Limit
from dbtune.planner.mysql.scratch.host import UNCHECKED, ScratchHost

STATISTICS_KEPT = "STATS_PERSISTENT = 1, STATS_AUTO_RECALC = 0"

_ENGINE = re.compile(r"\) ENGINE=(\w+)")
_ELSEWHERE = re.compile(
    r"\s(?:(?:DATA|INDEX) DIRECTORY\s*=\s*'[^']*'|ENCRYPTION\s*=\s*'[YN]'|/\*!50100 TABLESPACE `[^`]*`[^*]*\*/"
    r"|SECONDARY_ENGINE\s*=?\s*\w+|STATS_(?:PERSISTENT|AUTO_RECALC|SAMPLE_PAGES)\s*=\s*\w+)",
    re.IGNORECASE,
)
"""Table options that name files, keys or engines of the machine, or say how often to count."""


def create_schema(host: ScratchHost, snapshot: Snapshot, *, own_engines: bool = False) -> list[Limit]:
    """Make it; what the server refuses becomes a Limit. Raises PlannerUnavailable where a database is there already.

    ``own_engines``: each table in the engine that it has, where plans are made for InnoDB alone.
    """
    session = host.session
    databases = sorted({table.name.schema for table in snapshot.tables} | set(snapshot.search_path))
    there = {str(row["name"]) for row in session.rows("SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA")}
    # servers are delivered with an empty database of this name
    taken = [name for name in databases if name in there and not (name == "test" and _is_empty(session, name))]
    if taken:
        raise PlannerUnavailable(
            f"the scratch server has a database {taken[0]} already: give one that has none of production's names"
        )
    session.run(UNCHECKED)
    for name in databases:
        session.run(f"CREATE DATABASE IF NOT EXISTS {identifier(name)}{_text_order(snapshot, name)}")
        host.on_close.append(lambda name=name: session.run(f"DROP DATABASE IF EXISTS {identifier(name)}"))  # type: ignore[misc]
    limits = [limit for table in snapshot.tables for limit in _create_table(session, table, own_engines=own_engines)]
    limits += _create_views(session, snapshot)
    return limits


def _is_empty(session: MySQLSession, database: str) -> bool:
    return not session.rows("SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s LIMIT 1", (database,))


def _text_order(snapshot: Snapshot, database: str) -> str:
    if database != snapshot.server.database or not snapshot.server.collation:
        return ""
    return f" COLLATE {snapshot.server.collation}"


def _create_table(session: MySQLSession, table: Table, *, own_engines: bool) -> Iterator[Limit]:
    mysql = table.mysql
    if mysql is None or not mysql.definition:
        yield Limit(f"table {table.name}", "its definition could not be read: statements on it are not planned")
        return
    definition = _ELSEWHERE.sub("", mysql.definition)
    engine = _ENGINE.search(definition)
    if engine is not None and engine[1].lower() != "innodb" and not own_engines:
        definition = definition.replace(engine[0], ") ENGINE=InnoDB", 1)
        yield Limit(f"table {table.name}", f"planned as if it were InnoDB, and not {engine[1]}: costs differ")
    try:
        session.use(table.name.schema)
        session.run(definition)
        session.run(f"ALTER TABLE {qualified(table.name)} {STATISTICS_KEPT}")
    except MySQLError as error:
        yield Limit(f"table {table.name}", f"not on the scratch server: {first_line(error)}")


def _create_views(session: MySQLSession, snapshot: Snapshot) -> Iterator[Limit]:
    """In rounds, since views stand on views."""
    waiting = [view for view in snapshot.views if view.definition]
    failed: dict[str, str] = {}
    while waiting:
        later = []
        for view in waiting:
            try:
                session.use(view.name.schema)
                session.run(f"CREATE VIEW {qualified(view.name)} AS {view.definition.rstrip().rstrip(';')}")
            except MySQLError as error:
                failed[str(view.name)] = first_line(error)
                later.append(view)
        if len(later) == len(waiting):
            break
        waiting = later
    for view in waiting:
        yield Limit(f"view {view.name}", f"not on the scratch server: {failed[str(view.name)]}")


def there(session: MySQLSession, tables: Iterable[Table]) -> Sequence[Table]:
    """Those of the tables that could be made."""
    rows = session.rows("SELECT TABLE_SCHEMA AS s, TABLE_NAME AS n FROM information_schema.TABLES")
    names = {(str(row["s"]), str(row["n"])) for row in rows}
    return [table for table in tables if (table.name.schema, table.name.name) in names]
