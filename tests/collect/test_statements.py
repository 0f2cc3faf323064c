"""``pg_stat_statements`` as a workload."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from dbtune.collect.collector import CollectOptions
from dbtune.collect.postgres.statements import is_application_statement
from dbtune.connect.abilities import statement_columns
from dbtune.sql.fingerprint import fingerprint
from tests.collect.conftest import collected

SHOP = """
CREATE SCHEMA monitoring;
CREATE EXTENSION pg_stat_statements SCHEMA monitoring;
CREATE TABLE orders (id integer PRIMARY KEY, customer integer, "Note" text);
INSERT INTO orders SELECT n, n % 10, 'secret' FROM generate_series(1, 100) AS n;
ANALYZE orders;
SELECT monitoring.pg_stat_statements_reset();
"""


@pytest.fixture(params=[15, 18])
def shop(request: pytest.FixtureRequest, make_database: Callable[..., str]) -> str:
    url = make_database(SHOP, request.param)
    with psycopg.connect(url, autocommit=True) as connection:
        for n in range(3):
            connection.execute(f"SELECT * FROM orders WHERE customer = {n} AND \"Note\" = 'secret {n}'")  # type: ignore[arg-type]
        connection.execute("SELECT  id FROM  orders WHERE id IN (1, 2)")
        connection.execute("select id from orders where id in (1, 2, 3) -- once more")
        connection.execute("INSERT INTO orders VALUES (1000, 1, 'secret')")
        connection.execute("EXPLAIN SELECT * FROM orders WHERE id = 77")
        connection.execute("SELECT count(*) FROM pg_class WHERE relname = 'x'")
        connection.execute("SET work_mem = '8MB'")
        connection.execute("CREATE TABLE more ()")
    return url


def test_statements(shop: str) -> None:
    workload = collected(shop).workload
    texts = {statement.text: statement for statement in workload.statements}
    assert all("secret" not in text for text in texts)
    assert not any(
        word in text.upper() for text in texts for word in ("EXPLAIN", "PG_CLASS", "SET ", "CREATE", "PG_CATALOG")
    )
    one = next(statement for statement in workload.statements if "customer = $1" in statement.text)
    assert one.calls == 3
    assert one.rows == 0
    assert one.total_ms is not None and one.total_ms > 0
    assert one.mean_ms == pytest.approx(one.total_ms / 3)
    assert one.blocks_hit is not None and one.blocks_hit > 0
    assert one.fingerprint == fingerprint("SELECT * FROM orders WHERE customer = 9 AND \"Note\" = 'x'")
    assert one.samples == ()
    several = [statement for statement in workload.statements if " IN (" in statement.text]
    assert [statement.calls for statement in several] == [2]  # two entries of the server, one fingerprint
    assert any(text.startswith("INSERT INTO orders") for text in texts)
    (source,) = workload.sources
    assert (source.kind, source.statements) == ("pg_stat_statements", len(workload.statements))
    assert source.calls == workload.calls
    assert source.since is not None


def test_other_databases_are_left_out(shop: str, make_database: Callable[..., str]) -> None:
    major = 15 if "15" in collected(shop).server.version[:2] else 18
    other = make_database(SHOP, major)
    with psycopg.connect(other, autocommit=True) as connection:
        connection.execute("SELECT id + 12345 FROM orders")
    assert "+" not in " ".join(statement.text for statement in collected(shop).workload.statements)
    assert "+" in " ".join(statement.text for statement in collected(other).workload.statements)


def test_top_and_without(shop: str) -> None:
    whole = collected(shop).workload
    snapshot = collected(shop, CollectOptions(top=1))
    assert snapshot.workload.statements[0].fingerprint == whole.statements[0].fingerprint
    assert len(snapshot.workload.statements) == 1
    assert any("only the top 1" in limit.why for limit in snapshot.limits)
    assert collected(shop, CollectOptions(workload=False)).workload.statements == ()


def test_statements_of_others_need_a_privilege(shop: str) -> None:
    with psycopg.connect(shop, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS onlooker")
        connection.execute("CREATE ROLE onlooker LOGIN; GRANT SELECT ON orders TO onlooker")
    url = shop.replace("postgres@", "onlooker@")
    (limit,) = [limit for limit in collected(url).limits if limit.what == "pg_stat_statements"]
    assert limit.why.startswith("permission denied for schema monitoring; ")
    with psycopg.connect(shop, autocommit=True) as connection:
        connection.execute("GRANT USAGE ON SCHEMA monitoring TO onlooker")
    snapshot = collected(url)
    assert snapshot.workload.statements == ()
    (limit,) = [limit for limit in snapshot.limits if "statements" in limit.what]
    assert limit.what.endswith(" calls of other roles' statements")
    assert "GRANT pg_read_all_stats (or pg_monitor)" in limit.why
    with psycopg.connect(shop, autocommit=True) as connection:
        connection.execute("GRANT pg_read_all_stats TO onlooker")
    assert "customer = $1" in " ".join(statement.text for statement in collected(url).workload.statements)
    with psycopg.connect(shop, autocommit=True) as connection:
        connection.execute("DROP OWNED BY onlooker; DROP ROLE onlooker")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("SELECT 1", True),
        ("/* app:shop */ select * from t", True),
        ("-- note\n(SELECT 1) UNION (SELECT 2)", True),
        ("WITH x AS (SELECT 1) DELETE FROM t", True),
        ("MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE", True),
        ("VALUES ($1)", True),
        ("SELECT * FROM pg_users_of_ours.t", True),
        ("SELECT * FROM my_pg_class", True),
        ('SELECT $2 FROM ONLY "public"."t" x WHERE "id" OPERATOR(pg_catalog.=) $1 FOR KEY SHARE OF x', True),
        ("EXPLAIN SELECT 1", False),
        ("explain (format json) select 1", False),
        ("BEGIN", False),
        ("COPY t TO STDOUT", False),
        ("CALL nothing()", False),
        ("SELECT * FROM pg_stat_activity", False),
        ("SELECT * FROM t JOIN pg_catalog.pg_class ON true", False),
        ("SELECT table_name FROM information_schema.tables", False),
        ("SELECT pg_catalog.set_config($1, $2, $3)", False),
        ("select current_setting($1)", False),
        ("SELECT * FROM pg_available_extensions WHERE name = $1", False),
        ("SELECT current_setting($1), t.* FROM t", True),
        ("SELECT set_discount(1)", True),
        ("DECLARE c CURSOR FOR SELECT 1", False),
    ],
)
def test_what_is_an_application_statement(text: str, kept: bool) -> None:
    assert is_application_statement(text) is kept


@pytest.mark.parametrize(
    ("version", "total", "dated", "info"),
    [
        ("1.6", "total_time", False, False),
        ("1.8", "total_exec_time", False, False),
        ("1.10", "total_exec_time", False, True),
        ("1.12", "total_exec_time", True, True),
    ],
)
def test_columns_by_version_of_the_extension(version: str, total: str, dated: bool, info: bool) -> None:
    columns = statement_columns(version)
    assert columns.total_ms == total
    assert ("stats_since" in columns.since) is dated
    assert columns.has_info is info


def test_older_versions_of_the_extension(make_database: Callable[..., str]) -> None:
    """Every version that can still be installed from this server's files."""
    url = make_database("", 15)
    with psycopg.connect(url, autocommit=True) as connection:
        versions = connection.execute(
            "SELECT version FROM pg_available_extension_versions WHERE name = 'pg_stat_statements' AND version >= '1.4'"
        ).fetchall()
        assert ("1.8",) in versions
        for (version,) in versions:
            connection.execute(
                f"DROP EXTENSION IF EXISTS pg_stat_statements; CREATE EXTENSION pg_stat_statements VERSION '{version}'"
            )
            connection.execute("CREATE TABLE IF NOT EXISTS t (a integer)")
            connection.execute("SELECT a FROM t")
            snapshot = collected(url)
            assert [statement.text for statement in snapshot.workload.statements] == ["SELECT a FROM t"], version
            assert snapshot.limits == (), version
