"""The workload out of performance_schema, on real servers."""

from __future__ import annotations

import pytest

from dbtune.collect.collector import CollectOptions
from dbtune.collect.privacy import apply_privacy
from dbtune.model.snapshot import Snapshot
from dbtune.sql.fingerprint import fingerprint
from tests.collect.conftest import collected
from tests.collect.mysql_servers import limits_of
from tests.servers.filling import fill
from tests.servers.mysql_sandbox import MySQLServer

SCHEMA = "CREATE TABLE t (id int PRIMARY KEY, a int, word varchar(3000)); INSERT INTO t VALUES (1, 1, 'x'), (2, 2, 'y')"
RESET = "TRUNCATE performance_schema.events_statements_summary_by_digest"


def asked(server: MySQLServer, database: str, *statements: str, default: str | None = "") -> Snapshot:
    """A snapshot after these statements alone were run, in the database unless another is the session's default."""
    url = fill(server, database, SCHEMA)
    with server.connect(default if default != "" else database) as connection, connection.cursor() as cursor:
        cursor.execute(RESET)
        for statement in statements:
            cursor.execute(statement)
    return collected(url)


def test_statements(any_mysql: MySQLServer) -> None:
    snapshot = asked(
        any_mysql,
        "workload",
        "SELECT * FROM t WHERE id = 1",
        "SELECT  *  FROM t WHERE id = 2 -- again",
        "SELECT count(*) FROM t WHERE a IN (1, 2, 3)",
        "UPDATE t SET a = a + 1 WHERE word = 's3cret'",
        "DELETE FROM t WHERE id = 77",
        "REPLACE INTO t VALUES (3, 3, 'z')",
        "INSERT INTO t (id, a) VALUES (4, 4), (5, 5)",
    )
    found = {one.fingerprint: one for one in snapshot.workload.statements}
    assert len(found) == 6
    by_id = found[fingerprint("SELECT * FROM t WHERE id = 5", "mysql")]
    assert (by_id.calls, by_id.rows, by_id.source) == (2, 2, "performance_schema")
    assert (by_id.total_ms or 0) > 0
    assert fingerprint("SELECT count(*) FROM t WHERE a IN (1)", "mysql") in found
    update = found[fingerprint("UPDATE t SET a = a + 1 WHERE word = 'other'", "mysql")]
    assert "s3cret" not in update.text
    if any_mysql.family == "mysql":
        assert update.samples == ("UPDATE t SET a = a + 1 WHERE word = 's3cret'",)
    else:
        assert update.samples == ()
    assert all(one.search_path == () for one in found.values())
    (source,) = snapshot.workload.sources
    assert (source.kind, source.statements, source.calls) == ("performance_schema", 6, 7)
    assert (source.since or "").endswith("+00:00")
    assert limits_of(snapshot) == ""


def test_what_is_left_out(any_mysql: MySQLServer) -> None:
    fill(any_mysql, "neighbour", SCHEMA)
    with any_mysql.connect("neighbour") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT a FROM t")
    snapshot = asked(
        any_mysql,
        "filtered",
        "CREATE TABLE u (id int)",
        "DROP TABLE u",
        "SHOW TABLES",
        "SET @x = 1",
        "SELECT @x, database()",
        "SELECT * FROM information_schema.TABLES LIMIT 1",
        "SELECT count(*) FROM performance_schema.setup_consumers",
        "EXPLAIN SELECT * FROM t",
        "ANALYZE TABLE t",
        "SELECT word FROM t",
    )
    (one,) = snapshot.workload.statements
    assert one.fingerprint == fingerprint("SELECT word FROM t", "mysql")


def test_another_default_database(any_mysql: MySQLServer) -> None:
    fill(any_mysql, "elsewhere", SCHEMA)
    statements = ("SELECT a FROM qualified.t WHERE id = 1", "SELECT word FROM elsewhere.t WHERE id = 1")
    bare = asked(any_mysql, "qualified", *statements, default=None)
    (one,) = bare.workload.statements
    assert one.fingerprint == fingerprint(statements[0], "mysql")
    everywhere = collected(any_mysql.url, CollectOptions(schemas=("qualified", "elsewhere")))
    with any_mysql.connect("elsewhere") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT a FROM t WHERE a = 1")
    everywhere = collected(any_mysql.url, CollectOptions(schemas=("qualified", "elsewhere")))
    paths = {one.fingerprint: one.search_path for one in everywhere.workload.statements}
    assert paths[fingerprint("SELECT a FROM t WHERE a = 1", "mysql")] == ("elsewhere",)


def test_long_statements(any_mysql: MySQLServer) -> None:
    """Texts are cut at 1,024 bytes: a digest without a whole sample cannot be planned, and is told."""
    many = ", ".join(f"a + {n} AS column_number_{n}" for n in range(200))
    long_value = f"SELECT id FROM t WHERE word = '{'x' * 2000}'"
    snapshot = asked(any_mysql, "lengthy", f"SELECT {many} FROM t", long_value)
    assert [one.fingerprint for one in snapshot.workload.statements] == [fingerprint(long_value, "mysql")]
    assert snapshot.workload.statements[0].samples == ()
    (skipped,) = snapshot.workload.skipped
    assert "max_digest_length" in skipped.reason
    assert "1 long statement: their texts are cut at max_digest_length (1024 bytes)" in limits_of(snapshot)


def test_top(any_mysql: MySQLServer) -> None:
    asked(any_mysql, "topped", "SELECT a FROM t", "SELECT word FROM t", "SELECT id FROM t")
    snapshot = collected(any_mysql.url + "topped", CollectOptions(top=2))
    assert len(snapshot.workload.statements) == 2
    assert "1 statements that took less time: only the top 2 were asked for" in limits_of(snapshot)


def test_prepared_statements(any_mysql: MySQLServer) -> None:
    snapshot = asked(
        any_mysql,
        "prepared",
        "PREPARE p FROM 'SELECT a FROM t WHERE id = ?'",
        "SET @id = 1",
        "EXECUTE p USING @id",
        "DEALLOCATE PREPARE p",
    )
    planned = fingerprint("SELECT a FROM t WHERE id = ?", "mysql")
    assert {one.fingerprint for one in snapshot.workload.statements} <= {planned}


def test_names_in_double_quotes(any_mysql: MySQLServer) -> None:
    any_mysql.run("SET GLOBAL sql_mode = 'ANSI_QUOTES'")
    try:
        snapshot = asked(any_mysql, "quoted", """SELECT "a" FROM "t" WHERE "word" = 'x'""")
    finally:
        any_mysql.run("SET GLOBAL sql_mode = DEFAULT")
    (one,) = snapshot.workload.statements
    assert one.fingerprint == fingerprint("SELECT a FROM t WHERE word = 'y'", "mysql")


@pytest.mark.parametrize("mode", ["hash", "drop"])
def test_samples_go_where_privacy_is_asked_for(mysql: MySQLServer, mode: str) -> None:
    snapshot = asked(mysql, "sampled", "SELECT a FROM t WHERE word = 's3cret'")
    assert "s3cret" in str(snapshot.workload)
    private = apply_privacy(snapshot, mode)  # type: ignore[arg-type]
    assert "s3cret" not in str(private)
    assert len(private.workload.statements) == 1
