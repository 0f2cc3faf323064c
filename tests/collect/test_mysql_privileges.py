"""The least-privileged account sees everything, and what a lesser one misses is told, on real servers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dbtune.collect.collector import CollectOptions
from dbtune.collect.mysql.grants import grants_sql
from dbtune.collect.mysql.privileges import pattern_matches
from dbtune.ddl.mysql_quoting import literal
from dbtune.model.errors import UsageError
from dbtune.model.schema import Table
from dbtune.model.snapshot import Snapshot
from dbtune.sql.splitting import split_statements
from tests.collect.conftest import collected
from tests.collect.mysql_servers import (
    collected_without_workload,
    column_facts,
    everything_url,
    limits_of,
    own,
    table_of,
)
from tests.servers.filling import fill, url_of
from tests.servers.mysql_sandbox import FLAVOURS, MySQLServer, another

PASSWORD = "it's \\ secret"


def make_account(server: MySQLServer, name: str, *grants: str) -> None:
    server.run(
        f"DROP USER IF EXISTS {literal(name)}@'%'",
        f"CREATE USER {literal(name)}@'%' IDENTIFIED BY {literal(PASSWORD)}",
        *(f"GRANT {grant} TO {literal(name)}@'%'" for grant in grants),
    )


def as_account(server: MySQLServer, database: str, name: str, workload: bool = False) -> Snapshot:
    return collected(url_of(server, database, name, PASSWORD), CollectOptions(workload=workload))


def without_counters(table: Table) -> Table:
    """Without what changes from one look to the next."""
    return replace(
        table,
        activity=None,
        indexes=tuple(
            replace(index, facts=index.facts and replace(index.facts, scans=None, tuples_read=None))
            for index in table.indexes
        ),
    )


@pytest.mark.parametrize("database", ["granted", "it's `my_shop`"])
def test_granted_account_sees_everything(any_mysql: MySQLServer, database: str) -> None:
    everything_url(any_mysql, database)
    account = 'tuner\'s "one"'
    any_mysql.run(f"DROP USER IF EXISTS {literal(account)}@'%'")
    sql = grants_sql(any_mysql.family, account, schemas=[database])
    for _ in range(2):  # again: it changes nothing
        any_mysql.run(*split_statements(sql, "mysql"))
    any_mysql.run(f"ALTER USER {literal(account)}@'%' IDENTIFIED BY {literal(PASSWORD)} ACCOUNT UNLOCK")
    snapshot = as_account(any_mysql, database, account, workload=True)
    everything = collected_without_workload(any_mysql.url + database.replace(" ", "%20"))
    assert limits_of(snapshot) == ""
    assert [without_counters(t) for t in snapshot.tables] == [without_counters(t) for t in everything.tables]
    assert all(index.facts is not None and index.facts.scans is not None for index in snapshot.indexes)
    assert snapshot.views == everything.views
    assert snapshot.settings == everything.settings
    assert snapshot.server.mysql is not None
    assert everything.server.mysql is not None
    assert snapshot.server.mysql.costs == everything.server.mysql.costs
    assert snapshot.server.mysql.statement_digests
    assert snapshot.workload.statements
    with pytest.raises(Exception, match="denied"):
        any_mysql_write(any_mysql, database, account)


def any_mysql_write(server: MySQLServer, database: str, account: str) -> None:
    from pymysql.connections import Connection

    with (
        Connection(
            host=server.host, port=server.port, user=account, password=PASSWORD, database=database, autocommit=True
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("INSERT INTO no_key VALUES (1, 'a')")


def test_new_accounts_are_locked(any_mysql: MySQLServer) -> None:
    fill(any_mysql, "shut", "CREATE TABLE t (id int)")
    any_mysql.run(
        "DROP USER IF EXISTS unready@'%'",
        *split_statements(grants_sql(any_mysql.family, "unready", schemas=["shut"]), "mysql"),
    )
    with pytest.raises(Exception, match="the account of 'unready' is locked"):
        collected(url_of(any_mysql, "shut", "unready"))


def test_nothing_but_the_database(any_mysql: MySQLServer) -> None:
    """SELECT on the database alone: the schema is there, and each thing that is not is told."""
    everything_url(any_mysql, "alone")
    make_account(any_mysql, "alone", "SELECT ON alone.*")
    snapshot = as_account(any_mysql, "alone", "alone", workload=True)
    limits = limits_of(snapshot)
    assert len(snapshot.tables) >= 12
    assert "InnoDB's statistics: permission denied; GRANT SELECT ON mysql.innodb_table_stats" in limits
    assert "usage counters: permission denied; GRANT SELECT ON performance_schema.*" in limits
    assert "statements in performance_schema: permission denied; GRANT SELECT ON performance_schema.*" in limits
    assert "queries of 2 views (alone.active, alone.odd view): permission denied; GRANT SELECT, SHOW VIEW" in limits
    if any_mysql.family == "mysql":
        assert "cost constants: permission denied; GRANT SELECT ON mysql.server_cost" in limits
        assert column_facts(table_of(snapshot, "customers").columns[3]).histogram is not None
    else:
        assert "column statistics: permission denied; GRANT SELECT ON mysql.column_stats" in limits
    assert "other tables" not in limits
    assert all(index.facts is not None and index.facts.scans is None for index in snapshot.indexes)
    assert table_of(snapshot, "customers").rows > 0
    assert own(table_of(snapshot, "customers")).definition


def test_single_tables_only(any_mysql: MySQLServer) -> None:
    everything_url(any_mysql, "partly")
    make_account(any_mysql, "partly", "SELECT ON partly.customers", "SELECT ON partly.orders")
    snapshot = as_account(any_mysql, "partly", "partly")
    assert [table.name.name for table in snapshot.tables] == ["customers", "orders"]
    assert "other tables of partly: the account may not read all of this database" in limits_of(snapshot)
    # where the statistics may be read, they name what is hidden
    any_mysql.run("GRANT SELECT ON mysql.innodb_table_stats TO partly@'%'")
    hidden = limits_of(as_account(any_mysql, "partly", "partly"))
    assert (
        "tables (partly.events, partly.extras, partly.hashed, …): permission denied: the server does not show" in hidden
    )


def test_single_columns_only(any_mysql: MySQLServer) -> None:
    everything_url(any_mysql, "columns")
    make_account(any_mysql, "columns", "SELECT (id, email) ON columns.customers")
    snapshot = as_account(any_mysql, "columns", "columns")
    assert [table.name.name for table in snapshot.tables] == ["customers"]
    limits = limits_of(snapshot)
    assert "definitions and statistics of 1 table (columns.customers): permission denied" in limits
    assert "other tables of columns" in limits


def test_no_database_at_all(any_mysql: MySQLServer) -> None:
    make_account(any_mysql, "nobody")
    with pytest.raises(UsageError, match="the account sees no database"):
        as_account(any_mysql, "", "nobody")


def test_rights_by_a_role(any_mysql: MySQLServer) -> None:
    fill(any_mysql, "by_role", "CREATE TABLE t (id int PRIMARY KEY)")
    any_mysql.run(
        "DROP ROLE IF EXISTS readers", "CREATE ROLE readers", "GRANT SELECT, SHOW VIEW ON by_role.* TO readers"
    )
    make_account(any_mysql, "member", "readers")
    who = "'member'@'%'"
    any_mysql.run(f"SET DEFAULT ROLE readers {'FOR' if any_mysql.family == 'mariadb' else 'TO'} {who}")
    snapshot = as_account(any_mysql, "by_role", "member")
    assert [table.name.name for table in snapshot.tables] == ["t"]
    assert "other tables" not in limits_of(snapshot)


def test_counters_switched_off(any_mysql: MySQLServer) -> None:
    url = fill(any_mysql, "uncounted", "CREATE TABLE t (id int PRIMARY KEY)")
    change = "UPDATE performance_schema.setup_{} SET ENABLED = '{}' WHERE NAME = '{}'"
    switches = (("instruments", "wait/io/table/sql/handler"), ("consumers", "statements_digest"))
    any_mysql.run(*(change.format(table, "NO", name) for table, name in switches))
    try:
        snapshot = collected(url)
    finally:
        any_mysql.run(*(change.format(table, "YES", name) for table, name in switches))
    limits = limits_of(snapshot)
    assert "usage counters: the instrument wait/io/table/sql/handler is switched off" in limits
    assert "no index can be called unused" in limits
    assert "statements in performance_schema: the consumer statements_digest is off" in limits
    assert snapshot.workload.statements == ()
    assert snapshot.server.mysql is not None
    assert not snapshot.server.mysql.statement_digests
    assert snapshot.server.mysql.index_counters == ""


@pytest.mark.parametrize("flavour", ["mariadb-11.8", "mysql"])
def test_performance_schema_off(any_flavour_there: None, tmp_path: Path, flavour: str) -> None:
    """As MariaDB is unless somebody switches it on."""
    with another(FLAVOURS[flavour], tmp_path, "--performance-schema=OFF") as server:
        snapshot = collected(fill(server, "blind", "CREATE TABLE t (id int PRIMARY KEY, a int, KEY a (a))"))
    limits = limits_of(snapshot)
    assert "statements in performance_schema: it is OFF: performance_schema = ON" in limits
    assert "or give a slow log with --log" in limits
    assert "usage counters: performance_schema is OFF" in limits
    assert ("userstat" in limits) == (server.family == "mariadb")
    assert snapshot.workload.statements == ()
    assert [index.name for index in table_of(snapshot, "t").indexes] == ["a", "PRIMARY"]


@pytest.fixture
def any_flavour_there(mysql: MySQLServer, mariadb: MySQLServer) -> None:
    """Skips where the programs cannot be had, or servers are named in their place."""
    if mysql.log_folder is None or mariadb.log_folder is None:
        pytest.skip("the servers are none of the tests' own")


def test_userstat_of_mariadb(mariadb: MySQLServer) -> None:
    url = fill(
        mariadb,
        "userstat",
        "CREATE TABLE t (id int PRIMARY KEY, a int, b int, KEY a (a), KEY b (b)); INSERT INTO t SELECT 1, 1, 1",
    )
    change = "UPDATE performance_schema.setup_instruments SET ENABLED = '{}' WHERE NAME = 'wait/io/table/sql/handler'"
    mariadb.run(change.format("NO"), "SET GLOBAL userstat = ON", "FLUSH INDEX_STATISTICS")
    try:
        mariadb.run("SELECT id FROM userstat.t FORCE INDEX (a) WHERE a = 1")
        snapshot = collected_without_workload(url)
    finally:
        mariadb.run(change.format("YES"), "SET GLOBAL userstat = OFF")
    assert snapshot.server.mysql is not None
    assert snapshot.server.mysql.index_counters == "userstat"
    facts = {index.name: index.facts for index in table_of(snapshot, "t").indexes}
    assert {name: (found.scans or 0) > 0 for name, found in facts.items() if found is not None and name in "ab"} == {
        "a": True,
        "b": False,
    }


@pytest.mark.parametrize(
    ("pattern", "database", "matches"),
    [
        ("*", "anything", True),
        ("shop", "shop", True),
        ("shop", "shop2", False),
        ("my_shop", "myxshop", True),
        (r"my\_shop", "my_shop", True),
        (r"my\_shop", "myxshop", False),
        ("sh%", "shop", True),
        (r"sh\%", "shop", False),
        ("a.c", "abc", False),
    ],
)
def test_patterns_of_grants(pattern: str, database: str, matches: bool) -> None:
    assert pattern_matches(pattern, database) is matches
