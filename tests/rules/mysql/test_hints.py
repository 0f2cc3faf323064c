"""A statement with the recommended hint, on the real server with the real index: the optimiser leaves the index out."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbtune.connect.mysql_abilities import server_version
from dbtune.demo.mysql_hinted import hinted
from dbtune.logs.sql_file import read_sql_file
from dbtune.rules.mysql_hinting import KEEP_INDEX_OUT
from tests.rules.mysql.case_files import DATABASE, FOLDER, Case
from tests.servers.mysql_sandbox import MySQLServer

INDEX = "idx_orders_customer"


@pytest.mark.parametrize("flavour", ["mysql", "old_mariadb"])
def test_hinted_statement_does_not_read_the_index(request: pytest.FixtureRequest, flavour: str, tmp_path: Path) -> None:
    server: MySQLServer = request.getfixturevalue(flavour)  # says so where there is none
    report = Case(FOLDER / KEEP_INDEX_OUT / "speaks.sql").report(server, tmp_path)
    workload = read_sql_file(tmp_path / "workload.sql", server.family)
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT VERSION()")
        changed = hinted(workload, report, server_version(cursor.fetchall()[0][0]))
    told = {s.fingerprint for r in report.recommendations if r.rule == KEEP_INDEX_OUT for s in r.evidence.statements}
    assert told
    assert {s.fingerprint for s, t in zip(workload.statements, changed.statements, strict=True) if s != t} == told
    with server.connect(DATABASE) as connection, connection.cursor() as cursor:

        def reads_it(sql: str) -> bool:
            cursor.execute(f"EXPLAIN {'FORMAT=TRADITIONAL ' if server.family == 'mysql' else ''}{sql}")
            keys = [column[0] for column in cursor.description].index("key")
            return INDEX in [row[keys] for row in cursor.fetchall()]

        for recommendation in report.recommendations:
            for sql in recommendation.sql.up:
                cursor.execute(sql)
        for before, after in zip(workload.statements, changed.statements, strict=True):
            if before.fingerprint in told:
                assert reads_it(before.samples[0])
                assert not reads_it(after.samples[0])
