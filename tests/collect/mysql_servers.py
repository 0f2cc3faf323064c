"""Databases on MySQL and MariaDB to collect from, and what is asked of their snapshots."""

from __future__ import annotations

from pathlib import Path

from dbtune.collect.collector import CollectOptions
from dbtune.model.mysql import MySQLColumn, MySQLIndex, MySQLTable
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Column, Index, Table
from dbtune.model.snapshot import Snapshot
from tests.collect.conftest import SCHEMAS, collected
from tests.servers.filling import fill
from tests.servers.mysql_sandbox import MySQLServer

ODD = 'odd `name` "here", ünï 表'
"""A table of ``schemas/mysql.sql``."""


def script(name: str) -> str:
    return Path(SCHEMAS, name).read_text()


def everything_url(server: MySQLServer, database: str = "everything") -> str:
    """URL of a database with all that the server can have."""
    return fill(server, database, script("mysql.sql"), script(f"{server.family}_only.sql"))


def collected_without_workload(url: str, *schemas: str) -> Snapshot:
    return collected(url, CollectOptions(schemas=schemas, workload=False))


def limits_of(snapshot: Snapshot) -> str:
    return "\n".join(f"{limit.what}: {limit.why}" for limit in snapshot.limits)


def table_of(snapshot: Snapshot, name: str) -> Table:
    found = [table for table in snapshot.tables if table.name.name == name]
    assert len(found) == 1, [str(table.name) for table in snapshot.tables]
    return found[0]


def own(table: Table) -> MySQLTable:
    assert table.mysql is not None
    return table.mysql


def index_of(table: Table, name: str) -> Index:
    found = table.index(name)
    assert found is not None, [index.name for index in table.indexes]
    return found


def index_facts(index: Index) -> MySQLIndex:
    assert index.facts is not None
    assert index.facts.mysql is not None
    return index.facts.mysql


def column_of(table: Table, name: str) -> Column:
    found = table.column(name)
    assert found is not None
    return found


def column_facts(column: Column) -> MySQLColumn:
    assert column.mysql is not None
    return column.mysql


def named(schema: str, name: str) -> QualifiedName:
    return QualifiedName(schema, name)
