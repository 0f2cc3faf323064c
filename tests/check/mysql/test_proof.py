"""What the empty copy tells of a statement is what a server with rows does: the same ways are taken and refused."""

from __future__ import annotations

import pytest

from dbtune.check.migration_files import read_migrations
from dbtune.connect.mysql import writing_session
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.model.migration import Effects
from dbtune.model.progress import NoProgress
from dbtune.planner.mysql.scratch.migrating import EmptyDatabases
from tests.check.mysql.conftest import DATABASE, HERE, Shop
from tests.servers.filling import fill

CASES = (
    "breaks",
    "copies",
    "delimiter",
    "fails",
    "foreign_key",
    "foreign_key_unchecked",
    "needed_index",
    "partition_by",
    "slower",
    "stops_writers",
    "way_not_written",
    "widened",
)


def told(effects: tuple[Effects, ...]) -> list[tuple[object, ...]]:
    return [
        (one.normalised, one.way, one.rewritten, one.sqlstate, one.built, one.dropped_indexes, one.lost_columns)
        for one in effects
    ]


@pytest.mark.parametrize("case", CASES)
def test_copy_shows_what_production_does(case: str, shop: Shop) -> None:
    migration = read_migrations([HERE / "cases" / f"{case}.sql"], shop.dialect)
    with shop.bench() as bench:
        on_the_copy = bench.migrate(migration.statements, NoProgress()).effects
    url = parse_target(fill(shop.server, DATABASE, (HERE / "shop.sql").read_text()))
    assert isinstance(url, DatabaseUrl)
    try:
        with writing_session(url) as session:
            in_production = tuple(EmptyDatabases(session, (DATABASE,)).run(migration.statements))
    finally:
        shop.server.run(f"DROP DATABASE {DATABASE}")
    assert told(on_the_copy) == told(in_production)
    assert any(one.applied for one in on_the_copy)
