"""What is collected from MySQL and MariaDB: tables, columns, indexes, constraints, partitions, InnoDB's statistics."""

from __future__ import annotations

import msgspec
import pytest

from dbtune.collect.collector import CollectOptions
from dbtune.model.errors import ConnectionFailed, UsageError
from dbtune.model.schema import IndexKey
from dbtune.model.snapshot import Snapshot
from tests.collect.conftest import collected
from tests.collect.mysql_servers import (
    ODD,
    collected_without_workload,
    column_facts,
    column_of,
    everything_url,
    index_facts,
    index_of,
    limits_of,
    own,
    script,
    table_of,
)
from tests.servers.filling import fill
from tests.servers.mysql_sandbox import MySQLServer

SHARED_TABLES = {
    "cache",
    "customers",
    "events",
    "extras",
    "hashed",
    "items",
    "legacy",
    "no_key",
    ODD,
    "orders",
    "places",
    "readings",
}


@pytest.fixture(scope="module")
def snapshot(any_mysql: MySQLServer) -> Snapshot:
    """All of the schemas, on each of the servers."""
    return collected_without_workload(everything_url(any_mysql))


def test_server(snapshot: Snapshot, any_mysql: MySQLServer) -> None:
    server = snapshot.server
    assert server.dialect == any_mysql.family
    assert server.mysql is not None
    assert server.version in server.mysql.version_text
    assert server.major == server.version_number // 10000
    assert server.block_size == 16384
    assert server.database == "everything"
    assert snapshot.schemas == snapshot.search_path == ("everything",)
    assert 0 <= server.mysql.uptime_seconds < 86_400  # whole seconds: a server may have started in this one
    assert "STRICT_TRANS_TABLES" in server.mysql.sql_mode
    assert server.mysql.optimizer_switch["index_merge"] == "on"
    costs = {(cost.engine, cost.name): cost.value for cost in server.mysql.costs}
    if server.dialect == "mysql":
        assert costs["", "row_evaluate_cost"] == 0.1
        assert costs["default", "memory_block_read_cost"] == 0.25
    elif server.major >= 11:
        assert costs["default", "optimizer_key_lookup_cost"] > 0
    assert limits_of(snapshot) == ""


def test_settings(snapshot: Snapshot) -> None:
    settings = snapshot.settings
    assert settings["innodb_buffer_pool_size"] == str(64 << 20)
    assert {"sql_mode", "sort_buffer_size", "join_buffer_size", "character_set_server", "optimizer_switch"} <= set(
        settings
    )
    assert not [name for name, value in settings.items() if "/" in value and name != "version_comment"]


def test_comes_back_from_a_file(snapshot: Snapshot) -> None:
    assert msgspec.json.decode(msgspec.json.encode(snapshot), type=Snapshot) == snapshot


def test_tables(snapshot: Snapshot) -> None:
    names = {table.name.name for table in snapshot.tables}
    assert names - {"versioned"} == SHARED_TABLES
    engines = {table.name.name: own(table).engine for table in snapshot.tables}
    assert (engines["customers"], engines["legacy"], engines["cache"]) == ("InnoDB", "MyISAM", "MEMORY")
    customers = table_of(snapshot, "customers")
    assert customers.rows == 900
    assert customers.comment == "who buys"
    assert customers.pages == own(customers).clustered_pages
    assert customers.total_bytes == own(customers).data_bytes > 0
    assert own(customers).index_bytes > 0
    assert own(customers).auto_increment == 1024 or own(customers).auto_increment == 901
    assert own(customers).statistics_updated is not None
    assert dict(table_of(snapshot, "items").options) == {"row_format": "COMPRESSED", "key_block_size": "8"}
    assert table_of(snapshot, "legacy").rows == 299
    assert own(table_of(snapshot, "legacy")).statistics_rows is None
    assert table_of(snapshot, ODD).comment == "a; \"b\" 'c' `d`"


def test_definitions_make_the_same_tables(snapshot: Snapshot, any_mysql: MySQLServer) -> None:
    tables = [table for table in snapshot.tables if table.name.name != "items"] + [table_of(snapshot, "items")]
    tables.sort(key=lambda table: ["customers", "orders", "items"].index(table.name.name) if table.foreign_keys else -1)
    fill(any_mysql, "again")
    with any_mysql.connect("again") as connection, connection.cursor() as cursor:
        cursor.execute("SET foreign_key_checks = 0")
        for table in tables:
            cursor.execute(own(table).definition)
    again = collected_without_workload(any_mysql.url + "again")
    for table in snapshot.tables:
        copy = table_of(again, table.name.name)
        assert [index.keys for index in copy.indexes] == [index.keys for index in table.indexes]
        assert [(c.name, c.type, c.default) for c in copy.columns] == [
            (c.name, c.type, c.default) for c in table.columns
        ]


def test_columns(snapshot: Snapshot) -> None:
    customers = table_of(snapshot, "customers")
    identity = column_of(customers, "id")
    assert (identity.identity, identity.not_null, identity.type_category) == ("by default", True, "N")
    assert identity.type.endswith("unsigned")
    name = column_of(customers, "name")
    assert (name.type, name.default, name.not_null) == ("varchar(100)", "'nobody''s'", False)
    assert (column_facts(name).charset, column_facts(name).collation) == ("latin1", "latin1_swedish_ci")
    assert column_of(customers, "status").type == "enum('new','active','it''s gone')"
    assert column_of(customers, "flags").default == "b'101'"
    seen = column_of(customers, "seen")
    assert (seen.default or "").upper() == "CURRENT_TIMESTAMP(3)"
    assert "on update" in column_facts(seen).extra.lower()
    assert seen.length == 7
    assert column_of(customers, "balance").length == 6
    domain = column_of(customers, "domain")
    assert domain.generated == "stored"
    assert "substring_index(`email`,'@'" in (domain.default or "")
    assert column_of(customers, "email_length").generated == "virtual"
    assert column_facts(column_of(table_of(snapshot, "extras"), "hidden")).invisible
    assert [column.name for column in table_of(snapshot, ODD).columns] == ["id", "select", 'a `b` "c", (d)', "列 x"]


def test_keys_of_indexes(snapshot: Snapshot) -> None:
    customers = table_of(snapshot, "customers")
    assert index_of(customers, "name_country").keys == (IndexKey("name", prefix_length=10), IndexKey("country"))
    assert index_of(customers, "photo").keys == (IndexKey("photo", prefix_length=20),)
    descending = snapshot.server.dialect == "mysql" or snapshot.server.version_number >= 100800
    assert index_of(customers, "born_score").keys == (IndexKey("born"), IndexKey("score", descending=descending))
    assert index_of(customers, "bio").method == "fulltext"
    assert index_of(table_of(snapshot, "places"), "spot").method == "spatial"
    assert index_of(table_of(snapshot, "places"), "spot").keys == (IndexKey("spot"),)
    assert index_of(table_of(snapshot, "cache"), "id").method == "hash"
    primary = index_of(table_of(snapshot, "items"), "PRIMARY")
    assert (primary.primary, primary.unique, primary.columns) == (True, True, ("order_id", "line"))
    assert index_of(customers, "email").unique
    odd = index_of(table_of(snapshot, ODD), 'key`s, "of" (it)')
    assert odd.keys == (IndexKey('a `b` "c", (d)', prefix_length=7), IndexKey("select"))
    assert index_facts(odd).n_diff_columns == ('a `b` "c", (d)', "select", "id")
    assert not index_facts(index_of(table_of(snapshot, "extras"), "n")).visible
    assert index_facts(index_of(customers, "email")).visible
    commented = index_of(customers, "commented")
    assert commented.facts is not None
    assert commented.facts.comment == 'why, "this", `one`; it\'s needed'


def test_expression_keys(mysql: MySQLServer) -> None:
    extras = table_of(collected_without_workload(everything_url(mysql)), "extras")
    assert index_of(extras, "lowered").keys == (
        IndexKey(expression="lower(`first_name`)"),
        IndexKey("n", descending=True),
    )
    assert index_of(extras, "quoted").keys[0].expression == r"""concat(`first_name`,'it\'s "x"','\\','`')"""
    assert index_of(extras, "never").keys == (IndexKey(expression="`n` * 2"),)
    numbers = index_of(extras, "numbers").keys[0].expression or ""
    assert numbers == "cast(json_extract(`doc`,'$.numbers') as unsigned array)"
    assert index_facts(index_of(extras, "numbers")).n_diff_columns == (f"({numbers})", "id")
    assert index_facts(index_of(extras, "grams")).parser == "ngram"


def test_ways_back_make_the_same_indexes(snapshot: Snapshot, any_mysql: MySQLServer) -> None:
    """Each index is dropped and made again by its definition."""
    before = {(index.table, index.name): index for index in snapshot.indexes}
    indexes = [index for index in snapshot.indexes if not index.primary and index.name != "of_customer"]
    assert len(indexes) > 15
    with any_mysql.connect("everything") as connection, connection.cursor() as cursor:
        for index in indexes:
            table, name = (text.replace("`", "``") for text in (index.table.name, index.name))
            cursor.execute(f"ALTER TABLE `{table}` DROP INDEX `{name}`")
            assert index.facts is not None
            cursor.execute(index.facts.definition)
    after = collected_without_workload(any_mysql.url + "everything")
    assert {(index.table, index.name): index for index in after.indexes} == before
    for index in after.indexes:
        assert index.facts is not None
        former = before[index.table, index.name].facts
        assert former is not None
        assert index.facts.definition == former.definition
        assert index_facts(index).visible == index_facts(before[index.table, index.name]).visible


def test_statistics_of_innodb(snapshot: Snapshot) -> None:
    customers = table_of(snapshot, "customers")
    facts = index_facts(index_of(customers, "name_country"))
    assert facts.n_diff == (40, 120, 900)
    assert facts.n_diff_columns == ("name", "country", "id")
    assert facts.pages is not None
    assert facts.leaf_pages is not None
    assert index_facts(index_of(customers, "email")).n_diff == (900,)
    index = index_of(customers, "domain")
    assert index.facts is not None
    assert index.facts.bytes == (index_facts(index).pages or 0) * 16384 > 0
    assert index.facts.tuples == 900
    orders = table_of(snapshot, "orders")  # without the hidden index of FULLTEXT
    pages = sum(index_facts(each).pages or 0 for each in orders.indexes)
    assert pages == (own(orders).clustered_pages or 0) + (own(orders).other_pages or 0) > 5
    # a column that begins an index has its distinct values, whatever other statistics there are
    domain = column_of(customers, "domain").statistics
    assert domain is not None
    assert round(domain.n_distinct) == 7


def test_constraints(snapshot: Snapshot, any_mysql: MySQLServer) -> None:
    orders = table_of(snapshot, "orders")
    (key,) = orders.foreign_keys
    assert (key.name, key.columns, key.referenced_columns) == ("of_customer", ("customer_id",), ("id",))
    assert str(key.referenced_table) == "everything.customers"
    assert (key.on_delete, key.on_update) == ("cascade", "restrict")
    primary = table_of(snapshot, "items").primary_key
    assert primary is not None
    assert primary.columns == ("order_id", "line")
    assert table_of(snapshot, "no_key").primary_key is None
    customers = table_of(snapshot, "customers")
    (unique,) = (c for c in customers.constraints if c.kind == "unique")
    assert (unique.name, unique.index) == ("email", "email")
    (check,) = (c for c in customers.constraints if c.kind == "check" and c.name == "positive")
    assert check.definition.startswith("CHECK (")
    assert r"<> 'it\'s'" in check.definition
    if any_mysql.family == "mysql":
        (unchecked,) = (c for c in table_of(snapshot, "extras").constraints if c.kind == "check")
        assert not unchecked.validated


def test_partitions(snapshot: Snapshot) -> None:
    events = table_of(snapshot, "events")
    ranges = own(events).partitioning
    assert ranges is not None
    assert (ranges.method, ranges.expression) == ("RANGE COLUMNS", "`happened`")
    assert events.partition_key == "RANGE COLUMNS (`happened`)"
    assert [(p.name, p.description) for p in ranges.partitions] == [
        ("p2023", "'2024-01-01'"),
        ("P2024", "'2025-01-01'"),
        ("rest", "MAXVALUE"),
    ]
    assert [p.statistics_rows for p in ranges.partitions] == [213, 366, 321]
    assert own(events).statistics_rows == 900
    for partition in ranges.partitions:
        assert {index.index: index.n_diff[0] for index in partition.indexes} == {
            "PRIMARY": partition.statistics_rows,
            "kind": 6,
        }
    readings = own(table_of(snapshot, "readings")).partitioning
    assert readings is not None
    assert (readings.method, readings.submethod, readings.subexpression) == ("RANGE", "HASH", "`sensor`")
    assert [(p.name, p.subpartition) for p in readings.partitions] == [
        ("early", "earlysp0"),
        ("early", "earlysp1"),
        ("late", "latesp0"),
        ("late", "latesp1"),
    ]
    assert sum(p.statistics_rows or 0 for p in readings.partitions) == 500
    hashed = own(table_of(snapshot, "hashed")).partitioning
    assert hashed is not None
    assert (hashed.method, len(hashed.partitions), hashed.partitions[0].description) == ("KEY", 3, None)


def test_views(snapshot: Snapshot) -> None:
    views = {view.name.name: view for view in snapshot.views}
    assert set(views) == {"active", "odd view"}
    assert "'active'" in views["active"].definition
    assert [column.name for column in views["active"].columns] == ["id", "email"]
    assert "`odd ``name``" in views["odd view"].definition


def test_use_of_indexes(any_mysql: MySQLServer) -> None:
    url = fill(
        any_mysql,
        "used",
        "CREATE TABLE t (id int PRIMARY KEY, a int, b int, KEY a (a), KEY b (b));"
        "INSERT INTO t VALUES (1, 1, 1), (2, 2, 2); SELECT id FROM t FORCE INDEX (a) WHERE a = 2;"
        "UPDATE t SET b = 3 WHERE id = 1; SELECT sum(b) FROM t IGNORE INDEX (b)",
    )
    snapshot = collected_without_workload(url)
    table = table_of(snapshot, "t")
    facts = {index.name: index.facts for index in table.indexes}
    assert {name: found.scans for name, found in facts.items() if found is not None and name != "PRIMARY"} == {
        "a": 1,
        "b": 0,
    }
    primary = facts["PRIMARY"]
    assert primary is not None
    assert (primary.scans or 0) >= 1
    assert snapshot.server.mysql is not None
    assert snapshot.server.mysql.index_counters == "performance_schema"
    assert snapshot.server.statistics_reset is not None
    assert table.activity is not None
    assert (table.activity.inserts, table.activity.updates) == (2, 1)
    assert table.activity.sequential_tuples_read >= 2


def test_replica(any_mysql: MySQLServer) -> None:
    url = fill(any_mysql, "followed", "CREATE TABLE t (id int PRIMARY KEY)")
    any_mysql.run("SET GLOBAL read_only = ON")
    try:
        snapshot = collected_without_workload(url)
    finally:
        any_mysql.run("SET GLOBAL read_only = OFF")
    assert snapshot.server.in_recovery
    assert "usage counters: the server is read-only, as replicas are" in limits_of(snapshot)


def test_index_on_prefixes_is_none_on_the_columns(snapshot: Snapshot) -> None:
    customers = table_of(snapshot, "customers")
    assert customers.has_index_on(["domain"])
    assert customers.has_index_on(["score", "born"])
    assert not customers.has_index_on(["name"])
    assert not customers.has_index_on(["bio"])


def test_no_database_in_the_url(any_mysql: MySQLServer) -> None:
    fill(any_mysql, "first_one", "CREATE TABLE a (id int PRIMARY KEY)")
    fill(
        any_mysql,
        "second one`s",
        "CREATE TABLE b (id int PRIMARY KEY, a int, FOREIGN KEY (a) REFERENCES first_one.a (id))",
    )
    snapshot = collected_without_workload(any_mysql.url)
    assert {"first_one", "second one`s"} <= set(snapshot.schemas)
    assert not {"mysql", "sys", "performance_schema", "information_schema"} & set(snapshot.schemas)
    assert snapshot.search_path == ()
    assert snapshot.server.database == ""
    (key,) = table_of(snapshot, "b").foreign_keys
    assert str(key.referenced_table) == "first_one.a"
    only = collected_without_workload(any_mysql.url, "second one`s")
    assert only.schemas == only.search_path == ("second one`s",)
    assert [str(table.name) for table in only.tables] == ["second one`s.b"]
    both = collected_without_workload(any_mysql.url + "first_one", "first_one", "second one`s")
    assert both.schemas == ("first_one", "second one`s")
    assert both.search_path == ("first_one",)
    with pytest.raises(UsageError, match="there is no database 'nope'"):
        collected_without_workload(any_mysql.url, "nope")
    with pytest.raises(ConnectionFailed, match="there is no database 'nope'"):
        collected_without_workload(any_mysql.url + "nope")


def test_odd_database_and_the_users_sql_mode(any_mysql: MySQLServer) -> None:
    """The server's own mode changes what quotes and backslashes mean; names come out the same."""
    url = fill(any_mysql, "däta `base`, 1%_", script("mysql.sql"))
    any_mysql.run("SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT'")
    try:
        snapshot = collected_without_workload(url)
    finally:
        any_mysql.run("SET GLOBAL sql_mode = DEFAULT")
    assert snapshot.schemas == ("däta `base`, 1%_",)
    assert limits_of(snapshot) == ""
    assert snapshot.server.mysql is not None
    assert "ANSI_QUOTES" in snapshot.server.mysql.sql_mode
    assert own(table_of(snapshot, ODD)).definition.startswith("CREATE TABLE `odd ``name``")
    assert index_facts(index_of(table_of(snapshot, "customers"), "domain")).n_diff == (7, 900)


def test_broken_view_does_not_stop_it(any_mysql: MySQLServer) -> None:
    url = fill(
        any_mysql,
        "broken",
        "CREATE TABLE t (id int PRIMARY KEY); CREATE VIEW v AS SELECT id FROM t; DROP TABLE t; CREATE TABLE u (n int)",
    )
    snapshot = collected_without_workload(url)
    assert [table.name.name for table in snapshot.tables] == ["u"]
    assert [view.name.name for view in snapshot.views] == ["v"]


def test_locked_table(any_mysql: MySQLServer) -> None:
    """A table that is being altered neither stops it nor holds it up for long."""
    url = fill(any_mysql, "held", "CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE u (id int PRIMARY KEY)")
    with any_mysql.connect("held") as holder, holder.cursor() as cursor:
        cursor.execute("LOCK TABLES t WRITE")
        snapshot = collected(url, CollectOptions(workload=False, lock_timeout_ms=1000))
        cursor.execute("UNLOCK TABLES")
    assert "u" in {table.name.name for table in snapshot.tables}
