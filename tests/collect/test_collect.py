"""How collecting behaves: read-only, limited in time, with locked tables, missing privileges and odd types."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import psycopg
import pytest

from dbtune.collect.collector import CollectOptions
from dbtune.collect.postgres.catalog import Catalog
from dbtune.collect.postgres.grants import grants_sql
from dbtune.collect.postgres.statistics import array_elements
from dbtune.connect.postgres import read_only_session
from dbtune.connect.targets import parse_target
from dbtune.model.errors import ConnectionFailed, UsageError
from dbtune.model.names import QualifiedName
from dbtune.model.snapshot import Snapshot
from tests.collect.conftest import MAJORS, collected, database_url

LOCKABLE = """
CREATE TABLE free (id integer PRIMARY KEY);
CREATE TABLE held (id integer DEFAULT 1 + 1 PRIMARY KEY, CHECK (id > 0), free integer REFERENCES free);
CREATE INDEX held_index ON held ((id + 1)) WHERE id > 3;
CREATE TABLE tree (n integer) PARTITION BY LIST (n);
CREATE TABLE tree_1 PARTITION OF tree FOR VALUES IN (1) PARTITION BY LIST (n);
CREATE TABLE tree_1_1 PARTITION OF tree_1 FOR VALUES IN (1);
CREATE TABLE tree_2 PARTITION OF tree FOR VALUES IN (2);
CREATE VIEW above AS SELECT * FROM held;
CREATE VIEW beside AS SELECT * FROM free;
CREATE FUNCTION counted() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM held; END;
CREATE STATISTICS pairs ON id, free FROM held;
"""


def role_url(url: str, role: str) -> str:
    return url.replace("postgres@", f"{role}@")


def limits_of(snapshot: Snapshot) -> str:
    return "\n".join(f"{limit.what}: {limit.why}" for limit in snapshot.limits)


@pytest.mark.parametrize("major", [15, 18])
def test_locked_tables_are_left_out_and_named(make_database: Callable[..., str], major: int) -> None:
    url = make_database(LOCKABLE, major)
    options = CollectOptions(lock_timeout_ms=50)
    with psycopg.connect(url) as holder:
        holder.execute("LOCK TABLE held, tree_1, tree_1_1 IN ACCESS EXCLUSIVE MODE")
        started = time.monotonic()
        snapshot = collected(url, options)
        assert time.monotonic() - started < 3
        assert [found.name.name for found in snapshot.tables] == ["free", "tree", "tree_2"]
        assert [view.name.name for view in snapshot.views] == ["beside"]
        assert snapshot.functions == ()
        assert (
            "3 tables (held, tree_1, tree_1_1): locked in ACCESS EXCLUSIVE mode by another session; collect again later"
            in limits_of(snapshot)
        )
        assert snapshot.tables[0].indexes[0].name == "free_pkey"
    assert len(collected(url, options).tables) == 6


def test_descendants_of_a_locked_table_are_left_out(make_database: Callable[..., str]) -> None:
    url = make_database(LOCKABLE)
    with psycopg.connect(url) as holder:
        holder.execute("LOCK TABLE ONLY tree_1 IN ACCESS EXCLUSIVE MODE")
        snapshot = collected(url, CollectOptions(lock_timeout_ms=50))
    assert {"tree_1", "tree_1_1"}.isdisjoint(found.name.name for found in snapshot.tables)


def test_short_locks_are_waited_out(make_database: Callable[..., str]) -> None:
    url = make_database(LOCKABLE)
    with psycopg.connect(url) as holder:
        holder.execute("LOCK TABLE held IN ACCESS EXCLUSIVE MODE")
        release = threading.Timer(0.3, holder.rollback)
        release.start()
        snapshot = collected(url, CollectOptions(lock_timeout_ms=5_000))
        release.join()
    assert snapshot.table(QualifiedName("public", "held")) is not None
    assert "locked" not in limits_of(snapshot)


def test_no_lock_stays_while_it_reads(make_database: Callable[..., str]) -> None:
    url = make_database(LOCKABLE)
    with read_only_session(database_url(url)) as connection, psycopg.connect(url) as other:
        catalog = Catalog(connection)
        rows = catalog.rows("SELECT pg_get_viewdef('public.above'::regclass) AS definition", "view", required=True)
        assert "held" in rows[0].definition
        other.execute("SET lock_timeout = 500")
        other.execute("ALTER TABLE held ADD COLUMN more integer")  # would wait for a lock kept till the end
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("CREATE TABLE public.mine ()")


def test_nothing_is_left(make_database: Callable[..., str]) -> None:
    url = make_database(LOCKABLE)
    watch = (
        "SELECT (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_namespace), (SELECT count(*) FROM pg_type)"
    )
    with psycopg.connect(url, autocommit=True) as connection:
        before = connection.execute(watch).fetchone()
        collected(url)
        assert connection.execute(watch).fetchone() == before
        for _ in range(100):
            left = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dbtune'")
            if left.fetchone() == (0,):
                break
            time.sleep(0.05)
        else:
            pytest.fail("the session is still there")


@pytest.mark.parametrize("major", MAJORS)
@pytest.mark.parametrize("narrow", [False, True])
def test_granted_role_sees_everything(filled: Callable[..., str], major: int, narrow: bool) -> None:
    url = filled(major)
    role = f'Tuner "{narrow}"'
    sql = grants_sql(role, narrow=narrow)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql)  # type: ignore[arg-type]
        connection.execute(sql)  # type: ignore[arg-type]  # again: it changes nothing
    snapshot = collected(role_url(url, f"Tuner%20%22{narrow}%22"))
    everything = collected(url)
    limits = limits_of(snapshot)
    assert "permission" not in limits
    assert "statistics of 1 table (guarded): row-level security hides" in limits
    for found, seen in zip(everything.tables, snapshot.tables, strict=True):
        if found.name.name != "guarded":
            assert seen.columns == found.columns
            assert seen.indexes == found.indexes
            assert seen.file_pages == found.file_pages
            assert (seen.activity is None) == (found.activity is None)
    assert snapshot.sequences == everything.sequences
    (pairs,) = snapshot.extended_statistics
    assert pairs.definition == everything.extended_statistics[0].definition
    if not pairs.has_most_common_values:
        assert (
            "values of 1 extended statistics (customer_pairs): Postgres shows them to the table's owner only" in limits
        )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"ALTER ROLE {role_name(role)} BYPASSRLS")
    assert "row-level" not in limits_of(collected(role_url(url, f"Tuner%20%22{narrow}%22")))
    with (
        psycopg.connect(role_url(url, f"Tuner%20%22{narrow}%22")) as connection,
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
    ):
        connection.execute("CREATE TABLE mine ()")


def role_name(role: str) -> str:
    return '"' + role.replace('"', '""') + '"'


def test_granted_role_sees_future_tables(make_database: Callable[..., str]) -> None:
    url = make_database("CREATE TABLE here (id integer)")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(grants_sql("future_reader"))  # type: ignore[arg-type]
        connection.execute("CREATE TABLE later AS SELECT generate_series(1, 9) AS n; ANALYZE later")
    snapshot = collected(role_url(url, "future_reader"))
    later = snapshot.table(QualifiedName("public", "later"))
    assert later is not None
    assert later.columns[0].statistics is not None


def test_grants_for_one_schema(make_database: Callable[..., str]) -> None:
    url = make_database(
        'CREATE SCHEMA "it\'s"; CREATE TABLE "it\'s".a AS SELECT 1 AS n; CREATE TABLE b AS SELECT 2 AS n; ANALYZE'
    )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(grants_sql("one_schema", schemas=["it's"]))  # type: ignore[arg-type]
    assert "statistics of 1 table (b): permission denied; GRANT SELECT" in limits_of(
        collected(role_url(url, "one_schema"))
    )
    only = collected(role_url(url, "one_schema"), CollectOptions(schemas=("it's",)))
    assert [str(found.name) for found in only.tables] == ["it's.a"]
    assert "permission" not in limits_of(only)


@pytest.mark.parametrize("major", MAJORS)
def test_role_with_nothing_but_connect(filled: Callable[..., str], major: int) -> None:
    url = filled(major)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS powerless")
        connection.execute("CREATE ROLE powerless LOGIN")
    snapshot = collected(role_url(url, "powerless"))
    assert len(snapshot.tables) == 11
    assert len(snapshot.indexes) == 15
    limits = limits_of(snapshot)
    assert "statistics of 11 tables (Mixed Case.Order, animals, cats, …): permission denied; GRANT SELECT" in limits
    assert "last values of 2 sequences: permission denied; GRANT SELECT ON ALL SEQUENCES" in limits
    customers = snapshot.table(QualifiedName("public", "customers"))
    assert customers is not None
    assert customers.file_pages > 3
    assert all(column.statistics is None for column in customers.columns)


def test_catalog_that_may_not_be_read_is_a_limit(make_database: Callable[..., str]) -> None:
    url = make_database(
        "CREATE TABLE t AS SELECT 1 AS id; CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'"
    )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE ROLE hemmed_in LOGIN; REVOKE SELECT ON pg_proc, pg_stats FROM PUBLIC")
    snapshot = collected(role_url(url, "hemmed_in"))
    assert len(snapshot.tables) == 1
    assert snapshot.functions == ()
    limits = limits_of(snapshot)
    assert "functions: permission denied for table pg_proc" in limits
    assert "column statistics: permission denied for view pg_stats" in limits
    assert "analyzed" not in limits
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("REVOKE SELECT ON pg_class FROM PUBLIC")
    with pytest.raises(ConnectionFailed, match=r"the catalog cannot be read \(.*\): permission denied"):
        collected(role_url(url, "hemmed_in"))


def test_statement_timeout_is_a_limit_or_a_clear_refusal(make_database: Callable[..., str]) -> None:
    url = make_database("CREATE TABLE t (id integer)")
    with read_only_session(database_url(url), statement_timeout_ms=60) as connection:
        catalog = Catalog(connection)
        assert catalog.rows("SELECT pg_sleep(5)", "the slow thing") == ()
        assert catalog.rows("SELECT 1 AS one", "the next thing")[0].one == 1
        assert catalog.limits[0].what == "the slow thing"
        assert "--statement-timeout" in catalog.limits[0].why
        with pytest.raises(ConnectionFailed, match="--statement-timeout"):
            catalog.rows("SELECT pg_sleep(5)", "the needed thing", required=True)


def test_schemas_option(make_database: Callable[..., str]) -> None:
    url = make_database(
        'CREATE SCHEMA "A b"; CREATE TABLE "A b".t (id serial PRIMARY KEY); CREATE VIEW "A b".v AS SELECT 1 AS one;'
        'CREATE TABLE other (t integer REFERENCES "A b".t); CREATE VIEW w AS SELECT 1 AS one'
    )
    snapshot = collected(url, CollectOptions(schemas=("A b",)))
    assert snapshot.schemas == ("A b",)
    assert [str(found.name) for found in snapshot.tables] == ["A b.t"]
    assert [str(found.name) for found in snapshot.views] == ["A b.v"]
    assert [str(found.name) for found in snapshot.sequences] == ["A b.t_id_seq"]
    other = collected(url, CollectOptions(schemas=("public",))).tables[0]
    assert other.constraints[0].referenced_table == QualifiedName("A b", "t")
    with pytest.raises(UsageError, match="there is no schema 'nope' in this database"):
        collected(url, CollectOptions(schemas=("nope",)))


def test_objects_of_extensions_and_temporary_tables_are_left_out(make_database: Callable[..., str]) -> None:
    url = make_database("CREATE TABLE mine (id integer); CREATE TABLE theirs (id serial); CREATE VIEW v AS SELECT 1")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TEMPORARY TABLE passing (id serial)")
        for what in ("TABLE theirs", "VIEW v"):
            connection.execute(f"ALTER EXTENSION plpgsql ADD {what}")
        snapshot = collected(url)
    assert [found.name.name for found in snapshot.tables] == ["mine"]
    assert snapshot.views == ()
    assert [found.name.name for found in snapshot.sequences] in ([], ["theirs_id_seq"])


def test_unanalyzed_partitions_are_named(make_database: Callable[..., str]) -> None:
    url = make_database(
        "CREATE TABLE tree (n integer) PARTITION BY LIST (n); CREATE TABLE leaf PARTITION OF tree FOR VALUES IN (1);"
        "INSERT INTO tree VALUES (1); ANALYZE leaf"
    )
    assert "statistics of 1 table (tree): never analyzed" in limits_of(collected(url))


def test_empty_database(database: str) -> None:
    snapshot = collected(database)
    assert snapshot.tables == ()
    assert snapshot.search_path == ("public",)


@pytest.mark.parametrize("major", [15, 18])
def test_array_elements_parted_by_semicolons(filled: Callable[..., str], major: int) -> None:
    columns = {column.name: column for column in collected(filled(major, "semicolon_type")).tables[0].columns}
    common, rare = columns["common"].statistics, columns["rare"].statistics
    assert common is not None
    assert rare is not None
    assert set(common.most_common_vals) == {"(1,1),(0,0)", 'a;"b'}
    assert rare.histogram_bounds[0] == "(101,1)"
    assert rare.histogram_bounds[-1] == "(300,1)"


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("{}", []),
        (None, []),
        ("{(1,1);(2,2)}", ["(1,1)", "(2,2)"]),
        (r'{"a;b";c\"d;"e\\f";""}', ["a;b", 'c"d', "e\\f", ""]),
    ],
)
def test_array_elements(text: str | None, elements: list[str]) -> None:
    assert array_elements(text, ";") == elements


def test_path_is_no_database() -> None:
    assert not hasattr(parse_target("x.json"), "dialect")


def test_relations_that_come_and_go(make_database: Callable[..., str]) -> None:
    """Tables, indexes and views made and dropped while it reads never make it fail."""
    url = make_database(LOCKABLE)
    stop = threading.Event()

    def churn() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while not stop.is_set():
                connection.execute("CREATE TABLE brief (id serial PRIMARY KEY, n integer CHECK (n > 0))")
                connection.execute(
                    "CREATE INDEX ON brief ((n + 1)) WHERE n > 3; CREATE VIEW fleeting AS SELECT * FROM brief"
                )
                connection.execute("DROP TABLE brief CASCADE")

    churning = threading.Thread(target=churn)
    churning.start()
    try:
        for _ in range(25):
            snapshot = collected(url)
            assert snapshot.table(QualifiedName("public", "held")) is not None
    finally:
        stop.set()
        churning.join()
