"""The table of what versions can do, held against the servers that there are."""

from __future__ import annotations

import pymysql
import pytest

from dbtune.connect.mysql import read_only_session
from dbtune.connect.mysql_abilities import MySQLAbility, server_version
from dbtune.connect.targets import DatabaseUrl, parse_target
from tests.servers.filling import fill
from tests.servers.mysql_sandbox import MySQLServer

TRIALS: dict[MySQLAbility, str] = {
    MySQLAbility.CHECK_CONSTRAINTS: "SELECT * FROM information_schema.CHECK_CONSTRAINTS",
    MySQLAbility.CHECK_CONSTRAINTS_BY_TABLE: "SELECT TABLE_NAME FROM information_schema.CHECK_CONSTRAINTS",
    MySQLAbility.ENFORCED_COLUMN: "SELECT ENFORCED FROM information_schema.TABLE_CONSTRAINTS",
    MySQLAbility.EXPRESSION_DEFAULTS: "CREATE TABLE {t} (a varchar(40) DEFAULT (concat('a', 'b')))",
    MySQLAbility.INVISIBLE_COLUMNS: "CREATE TABLE {t} (a int, b int INVISIBLE)",
    MySQLAbility.SRS_ID: "SELECT SRS_ID FROM information_schema.COLUMNS",
    MySQLAbility.INVISIBLE_INDEXES: "CREATE TABLE {t} (a int, KEY a (a) INVISIBLE)",
    MySQLAbility.IGNORED_INDEXES: "CREATE TABLE {t} (a int, KEY a (a) IGNORED)",
    MySQLAbility.FUNCTIONAL_INDEXES: "CREATE TABLE {t} (a int, KEY a ((a + 1)))",
    MySQLAbility.MULTI_VALUED_INDEXES: "CREATE TABLE {t} (a json, KEY a ((CAST(a -> '$' AS unsigned ARRAY))))",
    MySQLAbility.HASH_UNIQUE_INDEXES: "CREATE TABLE {t} (a text, UNIQUE KEY a (a))",
    MySQLAbility.VECTOR_INDEXES: "CREATE TABLE {t} (a vector(3) NOT NULL, VECTOR INDEX (a))",
    MySQLAbility.COLUMN_STATISTICS_VIEW: "SELECT * FROM information_schema.COLUMN_STATISTICS",
    MySQLAbility.AUTOMATIC_HISTOGRAMS: "ANALYZE TABLE base UPDATE HISTOGRAM ON n WITH 4 BUCKETS AUTO UPDATE",
    MySQLAbility.ENGINE_INDEPENDENT_STATISTICS: "SELECT * FROM mysql.column_stats",
    MySQLAbility.JSON_HISTOGRAMS: "SET SESSION histogram_type = 'JSON_HB'",
    MySQLAbility.COST_TABLES: "SELECT * FROM mysql.server_cost, mysql.engine_cost",
    MySQLAbility.COST_TABLE_DEFAULTS: "SELECT default_value FROM mysql.server_cost",
    MySQLAbility.COST_VARIABLES: "SELECT * FROM information_schema.OPTIMIZER_COSTS",
    MySQLAbility.STATISTICS_EXPIRY: "SELECT @@information_schema_stats_expiry",
    MySQLAbility.EXPLAIN_JSON: "EXPLAIN FORMAT=JSON SELECT 1 FROM base",
    MySQLAbility.EXPLAIN_JSON_VERSION_2: "SET SESSION explain_json_format_version = 2",
    MySQLAbility.EXPLAIN_FORMAT_VARIABLE: "SET SESSION explain_format = 'TREE'",
    MySQLAbility.EXPLAIN_TREE: "EXPLAIN FORMAT=TREE SELECT 1 FROM base",
    MySQLAbility.EXPLAIN_ANALYZE: "EXPLAIN ANALYZE SELECT 1 FROM base",
    MySQLAbility.ANALYZE_JSON: "ANALYZE FORMAT=JSON SELECT 1 FROM base",
    MySQLAbility.EXPLAIN_UPDATES: "EXPLAIN UPDATE base SET n = 1",
    MySQLAbility.WINDOW_FUNCTIONS: "SELECT row_number() OVER () FROM base",
    MySQLAbility.COMMON_TABLE_EXPRESSIONS: "WITH x AS (SELECT 1 AS n) SELECT n FROM x",
    MySQLAbility.HYPERGRAPH_OPTIMIZER: "SET SESSION optimizer_switch = 'hypergraph_optimizer=off'",
    MySQLAbility.SKIP_SCAN: "SET SESSION optimizer_switch = 'skip_scan=on'",
    MySQLAbility.DIGEST_SAMPLE: "SELECT QUERY_SAMPLE_TEXT FROM performance_schema.events_statements_summary_by_digest",
    MySQLAbility.DIGEST_QUANTILES: "SELECT QUANTILE_95 FROM performance_schema.events_statements_summary_by_digest",
    MySQLAbility.INDEX_STATISTICS: "SELECT * FROM information_schema.INDEX_STATISTICS",
    MySQLAbility.INDEX_STATISTICS_QUERIES: "SELECT QUERIES FROM information_schema.INDEX_STATISTICS",
    MySQLAbility.INSTANT_ADD_COLUMN: "ALTER TABLE base ADD COLUMN added int, ALGORITHM=INSTANT",
    MySQLAbility.INSTANT_DROP_COLUMN: "ALTER TABLE base DROP COLUMN spare, ALGORITHM=INSTANT",
    MySQLAbility.RENAME_INDEX: "ALTER TABLE base RENAME INDEX n TO m",
    MySQLAbility.ROLES: "CREATE ROLE IF NOT EXISTS tried",
    MySQLAbility.ACCOUNT_LOCK: "CREATE USER IF NOT EXISTS tried_too@localhost ACCOUNT LOCK",
}
"""Abilities that a statement shows."""


def test_abilities(any_mysql: MySQLServer) -> None:
    url = parse_target(fill(any_mysql, "abilities"))
    assert isinstance(url, DatabaseUrl)
    with read_only_session(url) as session:
        version = session.version
    assert version.family == any_mysql.family
    wrong = [
        ability.name for ability, statement in TRIALS.items() if _works(any_mysql, statement) != version.has(ability)
    ]
    assert wrong == []


def _works(server: MySQLServer, statement: str) -> bool:
    with server.connect("abilities") as connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS tried, base")
        cursor.execute("CREATE TABLE base (id int PRIMARY KEY, n int, spare int, KEY n (n))")
        try:
            cursor.execute(statement.format(t="tried"))
        except pymysql.err.Error:
            return False
        return True


def test_descending_keys(any_mysql: MySQLServer) -> None:
    fill(any_mysql, "descending", "CREATE TABLE t (a int, KEY a (a DESC))")
    with any_mysql.connect("descending") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT version()")
        version = server_version((cursor.fetchone() or ("",))[0])
        cursor.execute("SHOW CREATE TABLE t")
        definition = (cursor.fetchone() or ("", ""))[1]
    assert ("DESC" in definition) == version.has(MySQLAbility.DESCENDING_INDEXES)


@pytest.mark.parametrize(
    ("text", "family", "number", "shown"),
    [
        ("8.0.43-0ubuntu0.22.04.1", "mysql", 80043, "8.0.43"),
        ("5.7.44-log", "mysql", 50744, "5.7.44"),
        ("8.0.36-28", "mysql", 80036, "8.0.36"),
        ("9.7.4", "mysql", 90704, "9.7.4"),
        ("10.11.6-MariaDB-0+deb12u1-log", "mariadb", 101106, "10.11.6"),
        ("5.5.5-10.6.12-MariaDB", "mariadb", 100612, "10.6.12"),
        ("11.8.9-MariaDB-0+deb13u1 from Debian", "mariadb", 110809, "11.8.9"),
    ],
)
def test_versions(text: str, family: str, number: int, shown: str) -> None:
    version = server_version(text)
    assert (version.family, version.number, version.shown) == (family, number, shown)
    assert version.is_supported


def test_no_version() -> None:
    with pytest.raises(ValueError, match="no version"):
        server_version("unknown")
