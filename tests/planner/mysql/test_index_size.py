"""Predicted sizes of InnoDB indexes against the same really built."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.ddl.mysql_indexes import add_index, alter_table
from dbtune.model.names import QualifiedName
from dbtune.model.progress import NoProgress
from dbtune.model.schema import Index, IndexKey, Table
from dbtune.planner.mysql.index_size import Measured, innodb_size
from tests.servers.mysql_sandbox import MySQLServer

ROWS = 60_000
TABLES = {
    "keyed": "PRIMARY KEY (id)",
    "wide_key": "PRIMARY KEY (code, id)",
    "unkeyed": "KEY (a)",
}
COLUMNS = """
  id INT NOT NULL, a INT, code CHAR(12) CHARACTER SET latin1 NOT NULL, name VARCHAR(60) NOT NULL,
  city VARCHAR(200) CHARACTER SET latin1, amount DECIMAL(12,2) NOT NULL, day DATE NOT NULL, seen DATETIME(3),
  state ENUM('new','paid','sent') NOT NULL, flag TINYINT NOT NULL, big BIGINT NOT NULL
"""
FILL = """
INSERT INTO {table}
WITH RECURSIVE d AS (SELECT 0 AS d UNION ALL SELECT d + 1 FROM d WHERE d < 9)
SELECT n, n % 1000, LPAD(n * 7 % 60000, 12, 'c'), CONCAT('name ', n % 9000), IF(n % 4 = 0, NULL, REPEAT('x', n % 41)),
       n / 7, DATE '2020-01-01' + INTERVAL n % 900 DAY, IF(n % 2 = 0, NULL, TIMESTAMP '2024-01-01 00:00:00'),
       1 + n % 3, n % 2, n * 1000
FROM (SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d AS n FROM d a, d b, d c, d e, d f) numbers
WHERE n < 60000
"""
INDEXES: tuple[tuple[str, ...], ...] = (
    ("a",), ("amount",), ("day", "state"), ("seen",), ("flag",), ("name",), ("code", "a"), ("city",), ("big", "day"),
)  # fmt: skip
MEASURED = {"name": Measured(9.9, 0.0), "city": Measured(20.0, 0.25), "seen": Measured(None, 0.5)}
"""What a sample of the rows tells."""


@pytest.fixture(scope="module", params=["mysql", "mariadb", "old_mariadb"])
def filled(request: pytest.FixtureRequest) -> Iterator[tuple[MySQLServer, dict[str, Table]]]:
    server: MySQLServer = request.getfixturevalue(request.param)
    server.run("DROP DATABASE IF EXISTS sizes", "CREATE DATABASE sizes")
    with server.connect("sizes") as connection, connection.cursor() as cursor:
        for table, key in TABLES.items():
            cursor.execute(f"CREATE TABLE {table} ({COLUMNS}, {key}) CHARSET utf8mb4")
            cursor.execute(FILL.format(table=table))
            cursor.execute(f"ANALYZE TABLE {table}")
            cursor.fetchall()
    url = parse_target(server.url + "sizes")
    assert isinstance(url, DatabaseUrl)
    snapshot = collect(url, CollectOptions(workload=False), NoProgress())
    yield server, {table.name.name: table for table in snapshot.tables}
    server.run("DROP DATABASE sizes")


@pytest.mark.parametrize("table", TABLES)
def test_secondary_indexes(filled: tuple[MySQLServer, dict[str, Table]], table: str) -> None:
    server, tables = filled
    wrong = []
    with server.connect("sizes") as connection, connection.cursor() as cursor:
        for columns in INDEXES:
            index = Index("w", QualifiedName("sizes", table), tuple(IndexKey(column) for column in columns))
            cursor.execute(alter_table(index.table, add_index(index)))
            cursor.execute(
                "SELECT stat_value FROM mysql.innodb_index_stats"
                " WHERE database_name = 'sizes' AND table_name = %s AND index_name = 'w' AND stat_name = 'size'",
                (table,),
            )
            built = int(cursor.fetchall()[0][0])
            cursor.execute(f"DROP INDEX w ON {table}")
            size = innodb_size(index, tables[table], ROWS, measured=MEASURED)
            if abs(size.pages - built) > 64:  # one extent
                wrong.append((columns, size, built))
    assert not wrong


def test_a_prefix_takes_less(filled: tuple[MySQLServer, dict[str, Table]]) -> None:
    _, tables = filled
    table = tables["keyed"]
    whole = Index("w", table.name, (IndexKey("name"),))
    prefix = Index("w", table.name, (IndexKey("name", prefix_length=1),))
    assert (
        innodb_size(prefix, table, 1e6, measured=MEASURED).pages
        < innodb_size(whole, table, 1e6, measured=MEASURED).pages
    )
    half = innodb_size(whole, table, 1e6, measured=MEASURED, fill_factor=50)
    assert half.leaf_pages == pytest.approx(
        1.9 * innodb_size(whole, table, 1e6, measured=MEASURED).leaf_pages, rel=0.05
    )
    assert innodb_size(whole, table, 0).pages == 1
