"""The advised ``work_mem`` is enough: what a real server wrote to a file, it then sorts and hashes in memory."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from dbtune.rules.log.temporary_files import work_mem_for

MIB = 1024 * 1024
ROWS = 120_000


@pytest.mark.parametrize(
    "columns", ["i", "i, md5(i::text)", "i, repeat(md5(i::text), 4)", "i, i * 2.5, now(), i::text"]
)
@pytest.mark.parametrize("query", ["SELECT {} FROM r ORDER BY md5(i::text)", "SELECT i, count(*) FROM r GROUP BY i"])
def test_no_more_files(make_database: Callable[..., str], columns: str, query: str) -> None:
    url = make_database(f"CREATE TABLE r AS SELECT i FROM generate_series(1, {ROWS}) i")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE r")
        connection.execute("SET max_parallel_workers_per_gather = 0")

        def written(work_mem: str) -> int:
            """Bytes of temporary files that the query writes with so much memory."""
            connection.execute(f"SET work_mem = '{work_mem}'".encode())
            explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query.format(columns)}"
            row = connection.execute(explain.encode()).fetchone()
            assert row is not None
            return int(row[0][0]["Plan"]["Temp Written Blocks"]) * 8192

        small = written("64kB" if "GROUP" not in query else "1MB")
        assert small > 0
        assert written(f"{work_mem_for(small)}MB") == 0


@pytest.mark.parametrize(("size", "megabytes"), [(1, 1), (MIB, 2), (23 * MIB, 64), (32 * MIB, 64), (33 * MIB, 128)])
def test_powers_of_two(size: int, megabytes: int) -> None:
    assert work_mem_for(size) == megabytes
