"""What the empty copy of a schema shows of a statement is what a real server with rows does: locks, rewrites, scans."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg
import pytest

from dbtune.check.migration_files import read_migrations
from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.embedded import available_binaries
from dbtune.model.migration import Effects
from dbtune.model.progress import NoProgress
from dbtune.model.snapshot import Server
from dbtune.planner.shadow.after import migrate
from dbtune.planner.shadow.host import Host, open_host
from dbtune.planner.shadow.migrating import LOCKS, MODES, SCANS
from dbtune.sql.splitting import split_statements
from tests.check.conftest import HERE

MAJORS = sorted({binaries.major for binaries in available_binaries()})
CASES = ("validates", "rewrites", "no_rewrite", "blocking_index", "not_valid", "breaks", "new_table", "key_by_index")
PAIRS = [(MAJORS[-1], case) for case in CASES] + [(major, case) for major in MAJORS[:-1] for case in CASES[:3]]
"""All on the newest that is here, on the others what versions have differed in."""

TABLES = "SELECT oid::int8, relname, relfilenode::int8 FROM pg_class WHERE relkind IN ('r', 'p', 'm') AND oid >= 16384"

Seen = tuple[set[tuple[str, str]], set[str], set[str]]
"""Locks on tables that were there, tables written anew, tables read."""


@pytest.fixture(scope="module")
def host_of() -> Iterator[Callable[[int], Host]]:
    """A server of dbtune's own of a major version."""
    opened: dict[int, Host] = {}

    def open_(major: int) -> Host:
        if major not in opened:
            binaries = next(one for one in available_binaries() if one.major == major)
            server = Server("postgres", binaries.version, major * 10000, "shop", collation="C.UTF-8")
            opened[major] = open_host(server, NoProgress(), binaries)
        return opened[major]

    yield open_
    for host in opened.values():
        host.close()


@pytest.mark.parametrize(("major", "case"), PAIRS)
def test_copy_shows_what_production_does(
    major: int, case: str, host_of: Callable[[int], Host], make_database: Callable[..., str]
) -> None:
    host = host_of(major)
    url = make_database("", major)
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in split_statements((HERE / "shop.sql").read_text()):
            connection.execute(statement.encode())
    target = parse_target(url)
    assert isinstance(target, DatabaseUrl)
    snapshot = collect(target, CollectOptions(workload=False), NoProgress())
    migration = read_migrations([HERE / "cases" / f"{case}.sql"])
    assert host.sibling is not None
    with closing(host.sibling()) as copy:
        migrated = migrate(copy, snapshot, migration.statements, NoProgress())
    with psycopg.connect(url, autocommit=True) as connection:
        first = {oid: name for oid, name, _ in connection.execute(TABLES)}
        for effects in migrated.effects:
            if effects.applied and not effects.pending.text.upper().startswith("CREATE UNIQUE INDEX CONCURRENTLY"):
                _assert_same(_shown(effects), _really(connection, effects.pending.text, first), effects.pending.text)
            elif effects.applied:
                connection.execute(effects.pending.text.encode())


def _assert_same(shown: Seen, really: Seen, sql: str) -> None:
    assert shown[:2] == really[:2], sql
    # the check of a foreign key is a join, whose plan goes over the referenced table or its index as the rows are
    assert shown[2] == really[2] or ("lines_order" in sql and shown[2] == really[2] - {"orders"}), sql


def _shown(effects: Effects) -> Seen:
    return (
        {(lock.table.name, lock.mode) for lock in effects.locks},
        {name.name for name in effects.rewritten},
        {name.name for name in effects.scanned},
    )


def _really(connection: psycopg.Connection, sql: str, first: dict[int, str]) -> Seen:
    files = {oid: number for oid, _, number in connection.execute(TABLES)}
    with connection.transaction():
        before = dict(connection.execute(SCANS).fetchall())
        connection.execute(sql.encode())
        scanned = {first[oid] for oid, n in connection.execute(SCANS) if oid in first and n > before.get(oid, 0)}
        locks = {(first[oid], MODES[mode]) for oid, mode in connection.execute(LOCKS) if oid in first}
    after = {oid: number for oid, _, number in connection.execute(TABLES)}
    return locks, {first[oid] for oid in first if oid in after and after[oid] != files[oid]}, scanned
