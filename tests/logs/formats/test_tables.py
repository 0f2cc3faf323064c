"""General logs, files of SQL, exported statistics."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import psycopg
import pytest

from dbtune.logs.digesting import DigestOptions, digest
from dbtune.logs.executors import open_executor
from dbtune.model.digest import Digest
from dbtune.model.errors import UsageError
from dbtune.model.progress import NoProgress
from dbtune.sql.fingerprint import fingerprint


def read(path: Path, content: str | bytes, **wishes: str) -> Digest:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return digest([str(path)], DigestOptions(samples=3, **wishes), open_executor(1), NoProgress())


EXPORTED = {
    "query": 'SELECT * FROM t\nWHERE a = $1 AND "B" = $2',
    "calls": 100,
    "total_exec_time": 2500.5,
    "max_exec_time": 99.5,
    "rows": 300,
}


def as_csv(delimiter: str) -> str:
    text = StringIO()
    writer = csv.DictWriter(text, list(EXPORTED), delimiter=delimiter)
    writer.writeheader()
    writer.writerow(EXPORTED)
    return text.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        as_csv(","),
        as_csv(";"),
        as_csv("\t").replace("total_exec_time", "total_time"),
        json.dumps([EXPORTED], indent=2),
        json.dumps(EXPORTED) + "\n",
        "\ufeff" + as_csv(",").replace("\r\n", "\n"),
    ],
)
def test_pg_stat_statements_in_any_form(content: str, tmp_path: Path) -> None:
    (statement,) = read(tmp_path / "export", content).statements
    assert statement.text == 'SELECT * FROM t WHERE a = $1 AND "B" = $2'
    assert (statement.calls, statement.total_ms, statement.rows_sent) == (100, pytest.approx(2500.5), 300)
    assert statement.samples == ()


@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_real_export_has_what_the_server_counts(form: str, make_database: Callable[..., str], tmp_path: Path) -> None:
    url = make_database("CREATE EXTENSION pg_stat_statements; CREATE TABLE t (a int, b text);")
    with psycopg.connect(url, autocommit=True) as connection:
        for number in range(7):
            connection.execute(f"SELECT b FROM t WHERE a = {number} AND b <> 'x\"y'".encode())
        mine = (
            "SELECT s.* FROM pg_stat_statements s JOIN pg_database d ON d.oid = dbid WHERE datname = current_database()"
        )
        if form == "csv":
            with connection.cursor().copy(f"COPY ({mine}) TO STDOUT (FORMAT csv, HEADER)".encode()) as copied:
                content = b"".join(bytes(part) for part in copied)
        else:
            row = connection.execute(f"SELECT json_agg(x)::text FROM ({mine}) x".encode()).fetchone()
            assert row is not None
            content = row[0].encode()
        counted = connection.execute(
            "SELECT total_exec_time FROM pg_stat_statements JOIN pg_database d ON d.oid = dbid"
            " WHERE query LIKE 'SELECT b FROM t%' AND datname = current_database()"
        )
        (total,) = counted.fetchone() or (None,)
    made = read(tmp_path / "export", content)
    assert made.sources[0].format == "pg-stat-statements"
    (statement,) = [one for one in made.statements if one.text.startswith("SELECT b FROM t")]
    assert (statement.calls, statement.total_ms) == (7, pytest.approx(total))


# as `mysql --batch` of a MySQL 8.0 writes it
PERFORMANCE_SCHEMA = (
    "SCHEMA_NAME\tDIGEST\tDIGEST_TEXT\tCOUNT_STAR\tSUM_TIMER_WAIT\tMAX_TIMER_WAIT\tSUM_LOCK_TIME\tSUM_ERRORS\t"
    "SUM_ROWS_SENT\tSUM_ROWS_EXAMINED\tFIRST_SEEN\tLAST_SEEN\tQUERY_SAMPLE_TEXT\n"
    "shop\t4f\tSELECT * FROM `t` WHERE `a` = ? AND `b` IN (...)\t10\t5000000000000\t1000000000000\t2000000000\t1\t30\t"
    "3000\t2024-05-01 10:00:00.123456\t2024-05-02 10:00:00.123456\t"
    "SELECT *\\nFROM t WHERE a = 'x\\\\ty' AND b IN (1, 2)\n"
    "NULL\tNULL\tNULL\t7\t5000\t10\t0\t0\t0\t0\t2024-05-01 10:00:00.1\t2024-05-01 10:00:00.1\tNULL\n"
)


def test_performance_schema(tmp_path: Path) -> None:
    made = read(tmp_path / "export.tsv", PERFORMANCE_SCHEMA)
    (statement,) = made.statements
    assert made.sources[0].format == "performance-schema"
    assert statement.text == "SELECT * FROM t WHERE a = ? AND b IN (? /*, ... */)"
    assert (statement.calls, statement.total_ms, statement.max_ms, statement.lock_ms) == (10, 5000, 1000, 2)
    assert (statement.rows_examined, statement.errors) == (3000, 1)
    assert [sample.sql for sample in statement.samples] == ["SELECT *\nFROM t WHERE a = 'x\\ty' AND b IN (1, 2)"]
    assert sum(part.count for part in made.sources[0].skipped) == 1


def test_the_digest_text_and_the_statement_are_one(tmp_path: Path) -> None:
    without_sample = PERFORMANCE_SCHEMA.replace("SELECT *\\nFROM t WHERE a = 'x\\\\ty' AND b IN (1, 2)", "NULL")
    with_sample, without = (read(tmp_path / "x", text) for text in (PERFORMANCE_SCHEMA, without_sample))
    assert with_sample.statements[0].fingerprint == without.statements[0].fingerprint


@pytest.mark.parametrize(
    ("digest_text", "text"),
    [
        ("SELECT `a` FROM `t` LIMIT ?, ...", "SELECT a FROM t LIMIT 5"),
        ("SELECT `a` FROM `t` WHERE NAME != ? ", "SELECT a FROM t WHERE name <> 'x'"),
        ("SELECT `first` , ? ; ", "SELECT first, 1"),
        ("EXECUTE SELECT `a` FROM `t` WHERE `b` = ?", "SELECT a FROM t WHERE b = 1"),
        ("EXECUTE `named` USING @?", "EXECUTE named USING @?"),
        ("PREPARE `named` FROM ?", "PREPARE named FROM 'SELECT 1'"),
        ("DEALLOCATE PREPARE `named` ", "DEALLOCATE PREPARE named"),
        ("PREPARE SELECT `a` FROM `t` WHERE `b` = ?", None),
        ("DEALLOCATE SELECT `a` FROM `t` WHERE `b` = ?", None),
    ],
)
def test_what_the_server_makes_of_a_statement(digest_text: str, text: str | None, tmp_path: Path) -> None:
    """Texts as MySQL 9 and MariaDB 11 write them; None: not a call of the statement."""
    made = read(tmp_path / "export.csv", f'SCHEMA_NAME,DIGEST_TEXT,COUNT_STAR,SUM_ERRORS\nshop,"{digest_text}",3,0\n')
    assert [one.fingerprint for one in made.statements] == (
        [] if text is None else [fingerprint(text, dialect="mysql")]
    )
    assert made.calls == (0 if text is None else 3)


def test_sys_statement_analysis(tmp_path: Path) -> None:
    content = '"query","db","exec_count","total_latency","max_latency"\n'
    content += '"SELECT * FROM `t` WHERE `a` = ?","shop","4","1.02 s","900.00 ms"\n'
    (statement,) = read(tmp_path / "x.csv", content).statements
    assert (statement.calls, statement.total_ms, statement.max_ms) == (4, pytest.approx(1020), 900)


def test_a_file_of_sql_with_weights(tmp_path: Path) -> None:
    made = read(tmp_path / "x.sql", "-- dbtune: calls=7 mean_ms=2\nSELECT 1 FROM t;\nBEGIN;\nSELECT 2 FROM t;\n")
    (statement,) = made.statements
    assert (statement.calls, statement.total_ms) == (8, 14)
    assert [part.count for part in made.sources[0].skipped] == [1]


def test_general_log(tmp_path: Path) -> None:
    old = (
        "/usr/sbin/mysqld, Version: 5.0.38 (Ubuntu). started with:\nTcp port: 3306  Unix socket: x\n"
        "Time                 Id Command    Argument\n"
        "071015 21:43:52\t      3 Connect     app@web on shop\n\t\t      3 Query       select 1\n"
        "\t\t      3 Query       select a,\n       b from t\n071015 21:43:53\t      3 Init DB     other\n"
        "\t\t      3 Prepare     [1] select ?\n\t\t      3 Execute     [1] select 5\n\t\t      3 Quit       \n"
    )
    made = read(tmp_path / "general.log", old)
    assert made.sources[0].format == "mysql-general"
    assert made.total_ms is None
    assert sorted(one.text for one in made.statements)[:1] == ["SELECT ?"] or made.calls == 3
    assert made.calls == 3
    (listed,) = [one for one in made.statements if one.text == "SELECT a, b FROM t"]
    assert [client.name for client in listed.users + listed.databases + listed.hosts] == ["app", "shop", "web"]
    assert made.first_seen == 1192484632


def test_what_sql_executes_counts_once(tmp_path: Path) -> None:
    """MySQL 9: the command, the statement prepared anew, and the statement with its values."""
    moment = "2026-11-24T15:16:16.646696Z\t    7 "
    lines = (
        "Query\tPREPARE x FROM ...",
        "Prepare\tSELECT ?",
        "Query\t/* hi */ EXECUTE x USING @a",
        "Prepare\tSELECT ?",
        "Execute\tSELECT 1",
    )
    made = read(tmp_path / "general.log", "".join(f"{moment}{line}\n" for line in lines))
    prepared = fingerprint("PREPARE x FROM ...", dialect="mysql")
    assert {one.fingerprint: one.calls for one in made.statements} == {
        prepared: 1,
        fingerprint("SELECT 1", dialect="mysql"): 1,
    }


@pytest.mark.parametrize(
    "content", ["Read me.\nThis is prose; it ends.\n", "name,price\na,1\n", '{"a": 1}\n', "\x00\x01\x02" * 99, ""]
)
def test_what_is_no_log_is_refused(content: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        read(tmp_path / "x", content)
