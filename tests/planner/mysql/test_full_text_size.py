"""The size of a FULLTEXT index, told and built."""

from __future__ import annotations

import random

import pytest

from dbtune.planner.mysql.full_text_size import full_text_bytes
from tests.servers.mysql_sandbox import MySQLServer

DATABASE = "full_text_size"
SYLLABLES = "ka lo mi ter sen vor an el ud is go ra pe tul".split()
MOST_TIMES = 1.4
"""Files grow by several extents at once, of which these small indexes have few."""


def _words(rng: random.Random) -> list[str]:
    """Some thousand words, the first of them far more often than the last, as in prose."""
    words = ["".join(rng.choices(SYLLABLES, k=rng.choice((1, 2, 2, 3)))) for _ in range(4000)]
    return rng.choices(words, weights=[1 / rank for rank in range(1, 4001)], k=400_000)


@pytest.mark.parametrize(("rows", "length"), [(100_000, 5), (20_000, 50)])
def test_prose(any_mysql: MySQLServer, rows: int, length: int) -> None:
    words = _words(random.Random(7))
    texts = [(" ".join(words[(at := row * length % 390_000) : at + length]),) for row in range(rows)]
    table = "innodb_tablespaces" if any_mysql.family == "mysql" else "innodb_sys_tablespaces"
    any_mysql.run(f"DROP DATABASE IF EXISTS {DATABASE}", f"CREATE DATABASE {DATABASE}")
    with any_mysql.connect(DATABASE) as connection, connection.cursor() as cursor:

        def taken() -> int:
            cursor.execute(f"SELECT sum(file_size) FROM information_schema.{table} WHERE name LIKE '{DATABASE}/%'")
            ((found,),) = cursor.fetchall()
            return int(found)

        cursor.execute("CREATE TABLE t (id int PRIMARY KEY AUTO_INCREMENT, body text) CHARACTER SET utf8mb4")
        cursor.executemany("INSERT INTO t (body) VALUES (%s)", texts)
        cursor.execute("ALTER TABLE t FORCE")  # the rows lie closer then, and would do so with the index as well
        before = taken()
        cursor.execute("ALTER TABLE t ADD FULLTEXT INDEX words (body), ALGORITHM=INPLACE, LOCK=SHARED")
        built = taken() - before
    any_mysql.run(f"DROP DATABASE {DATABASE}")
    told = full_text_bytes(any_mysql.family, rows, sum(len(text) for (text,) in texts) / rows, first=True)
    assert told / MOST_TIMES < built < told * MOST_TIMES, (built, told)
