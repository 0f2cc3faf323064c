"""A shop on each server, and its snapshot as it would be with two thousand times the rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.logs.sql_file import read_sql_file
from dbtune.model.progress import NoProgress
from dbtune.model.schema import Index, Table
from dbtune.model.snapshot import Dialect, Snapshot
from dbtune.model.workload import Workload
from dbtune.planner.mysql.scratch.bench import ScratchBench
from tests.servers.filling import fill
from tests.servers.mysql_sandbox import MySQLServer

HERE = Path(__file__).parent
DATABASE = "check_shop"
TIMES = 2000
STAYS_SMALL = ("countries",)
ROWS = 2000
"""Made of each table."""
FEW = 200
"""Distinct values that do not become more with the rows."""


@dataclass(frozen=True)
class Shop:
    """The snapshot of a shop with many rows, and the server, without that database, to plan on."""

    server: MySQLServer
    series: str
    """``mysql``, ``mariadb-10``, ``mariadb-11``."""
    snapshot: Snapshot
    workload: Workload

    @property
    def dialect(self) -> Dialect:
        return self.server.family

    @contextmanager
    def bench(self) -> Iterator[ScratchBench]:
        with ScratchBench.open(self.snapshot, None, self.server.url, ROWS, NoProgress()) as bench:
            yield bench


def enlarged(table: Table) -> Table:
    mysql = table.mysql
    if table.name.name in STAYS_SMALL or mysql is None:
        return table

    def index(one: Index) -> Index:
        own = one.facts.mysql if one.facts is not None else None
        if one.facts is None or own is None:
            return one
        more = tuple(n if n <= FEW else n * TIMES for n in own.n_diff)
        own = replace(own, n_diff=more, leaf_pages=(own.leaf_pages or 1) * TIMES, pages=(own.pages or 1) * TIMES)
        facts = replace(one.facts, mysql=own, pages=one.facts.pages * TIMES, bytes=one.facts.bytes * TIMES)
        return replace(one, facts=facts)

    return replace(
        table,
        tuples=table.tuples * TIMES,
        pages=table.pages * TIMES,
        file_pages=table.file_pages * TIMES,
        total_bytes=table.total_bytes * TIMES,
        indexes=tuple(map(index, table.indexes)),
        mysql=replace(
            mysql,
            data_bytes=mysql.data_bytes * TIMES,
            index_bytes=mysql.index_bytes * TIMES,
            statistics_rows=(mysql.statistics_rows or 0) * TIMES,
            clustered_pages=(mysql.clustered_pages or 1) * TIMES,
            other_pages=(mysql.other_pages or 1) * TIMES,
        ),
    )


def snapshot_of(server: MySQLServer) -> Snapshot:
    """Of the shop, which is made for it and dropped."""
    target = parse_target(fill(server, DATABASE, (HERE / "shop.sql").read_text()))
    assert isinstance(target, DatabaseUrl)
    found = collect(target, CollectOptions(workload=False), NoProgress())
    server.run(f"DROP DATABASE {DATABASE}")
    # the limit that the tests' server has is not that of a production
    settings = {**found.settings, "lock_wait_timeout": "86400"}
    return replace(found, settings=settings, tables=tuple(map(enlarged, found.tables)))


@pytest.fixture(scope="session")
def shop(any_mysql: MySQLServer) -> Shop:
    snapshot = snapshot_of(any_mysql)
    series = "mysql" if any_mysql.family == "mysql" else f"mariadb-{snapshot.server.version_number // 10000}"
    return Shop(any_mysql, series, snapshot, read_sql_file(HERE / "workload.sql", any_mysql.family))
