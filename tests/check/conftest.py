"""A shop in production, its snapshot as it would be with two thousand times the rows, and a shadow of that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest

from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.embedded import EmbeddedServer
from dbtune.logs.sql_file import read_sql_file
from dbtune.model.progress import NoProgress
from dbtune.model.schema import Index, Table
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Workload
from dbtune.planner.shadow.shadow import ShadowPlanner
from dbtune.sql.splitting import split_statements

HERE = Path(__file__).parent
TIMES = 2000
STAYS_SMALL = ("countries",)


@dataclass(frozen=True)
class Shop:
    """A database with rows, and the snapshot of one with many more."""

    url: str
    snapshot: Snapshot
    workload: Workload
    planner: ShadowPlanner


def enlarged(table: Table) -> Table:
    if table.name.name in STAYS_SMALL or table.tuples < 0:
        return table

    def index(one: Index) -> Index:
        facts = one.facts
        if facts is None:
            return one
        facts = replace(facts, pages=facts.pages * TIMES, tuples=facts.tuples * TIMES, bytes=facts.bytes * TIMES)
        return replace(one, facts=facts)

    return replace(
        table,
        tuples=table.tuples * TIMES,
        pages=table.pages * TIMES,
        file_pages=table.file_pages * TIMES,
        all_visible_pages=table.all_visible_pages * TIMES,
        indexes=tuple(map(index, table.indexes)),
    )


def snapshot_of(url: str) -> Snapshot:
    target = parse_target(url)
    assert isinstance(target, DatabaseUrl)
    found = collect(target, CollectOptions(workload=False), NoProgress())
    return replace(found, tables=tuple(map(enlarged, found.tables)))


@pytest.fixture(scope="session")
def shop(postgres: EmbeddedServer) -> Iterator[Shop]:
    url = postgres.create_database("check_shop")
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in split_statements((HERE / "shop.sql").read_text()):
            connection.execute(statement.encode())
    snapshot = snapshot_of(url)
    with ShadowPlanner.open(snapshot, NoProgress()) as planner:
        yield Shop(url, snapshot, read_sql_file(HERE / "workload.sql"), planner)
