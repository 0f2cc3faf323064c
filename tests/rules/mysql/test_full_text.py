"""What query.leading-wildcard says of FULLTEXT indexes, tried on the servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pymysql.err import MySQLError

from tests.servers.mysql_sandbox import MySQLServer

DATABASE = "full_text"
TABLES = {"mysql": "innodb_tables", "mariadb": "innodb_sys_tables"}
ADD = f"ALTER TABLE {DATABASE}.t ADD FULLTEXT INDEX words (body), ALGORITHM=INPLACE, LOCK="


@pytest.fixture
def server(any_mysql: MySQLServer) -> Iterator[MySQLServer]:
    any_mysql.run(
        f"DROP DATABASE IF EXISTS {DATABASE}",
        f"CREATE DATABASE {DATABASE}",
        f"CREATE TABLE {DATABASE}.t (id int PRIMARY KEY, body text NOT NULL) CHARACTER SET utf8mb4",
        f"INSERT INTO {DATABASE}.t VALUES (1, 'a word'), (2, 'Wordy of the two'), (3, 'a sword'), (4, 'two, a word')",
    )
    yield any_mysql
    any_mysql.run(f"DROP DATABASE {DATABASE}")


def _columns(server: MySQLServer) -> int:
    """Of the table, the hidden ones among them."""
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(
            f"SELECT n_cols FROM information_schema.{TABLES[server.family]} WHERE name = %s", (f"{DATABASE}/t",)
        )
        ((found,),) = cursor.fetchall()
        return int(found)


def test_it_finds_words(server: MySQLServer) -> None:
    server.run(f"{ADD}SHARED")
    with server.connect(DATABASE) as connection, connection.cursor() as cursor:

        def found(query: str) -> list[int]:
            cursor.execute(f"SELECT id FROM t WHERE MATCH (body) AGAINST ('{query}' IN BOOLEAN MODE) ORDER BY id")
            return [number for (number,) in cursor.fetchall()]

        assert found("+word*") == [1, 2, 4]
        assert found("+word* +two*") == [2, 4]
        assert found("+two +the") in ([], [2, 4]), "a stopword is not in the index"
        cursor.execute("SELECT id FROM t WHERE body LIKE '%word%' ORDER BY id")
        assert [number for (number,) in cursor.fetchall()] == [1, 2, 3, 4]
        cursor.execute("START TRANSACTION")
        cursor.execute("INSERT INTO t VALUES (5, 'a word')")
        assert found("+word*") == [1, 2, 4]
        cursor.execute("COMMIT")
        assert found("+word*") == [1, 2, 4, 5]


def test_the_first_one_adds_a_column_that_stays(server: MySQLServer) -> None:
    before = _columns(server)
    with pytest.raises(MySQLError, match="LOCK=NONE is not supported"):
        server.run(f"{ADD}NONE")
    server.run(f"{ADD}SHARED")
    assert _columns(server) == before + 1
    server.run(f"ALTER TABLE {DATABASE}.t DROP INDEX words, ALGORITHM=INPLACE, LOCK=NONE")
    assert _columns(server) == before + 1
    server.run(f"ALTER TABLE {DATABASE}.t FORCE")
    assert _columns(server) == before
