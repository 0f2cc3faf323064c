"""A shop database in each version of Postgres that is here, with its snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.embedded import available_binaries, find_binaries
from dbtune.model.errors import PlannerUnavailable
from dbtune.model.plan import Plan
from dbtune.model.progress import NoProgress
from dbtune.model.snapshot import Snapshot
from dbtune.planner.plan_reader import read_plan
from dbtune.planner.shadow.shadow import ShadowPlanner

HERE = Path(__file__).parent
MAJORS = sorted({15, *(binaries.major for binaries in available_binaries())})


def snapshot_of(url: str) -> Snapshot:
    target = parse_target(url)
    assert isinstance(target, DatabaseUrl)
    return collect(target, CollectOptions(workload=False), NoProgress())


@dataclass
class Production:
    """A database full of rows, its snapshot, and a session that plans on it."""

    url: str
    major: int
    snapshot: Snapshot
    session: psycopg.Connection

    def explain(self, sql: str) -> Plan:
        return read_plan(self.session.execute(b"EXPLAIN (FORMAT JSON, VERBOSE) " + sql.encode()).fetchall()[0][0])

    def again(self) -> Snapshot:
        """The snapshot as it would be now."""
        return snapshot_of(self.url)


@pytest.fixture(scope="session", params=MAJORS, ids=lambda major: f"postgres{major}")
def shop(request: pytest.FixtureRequest, servers: object) -> Iterator[Production]:
    major = int(request.param)
    try:
        find_binaries(major)
    except PlannerUnavailable as error:
        pytest.skip(f"{error} (found: {[b.version for b in available_binaries()]})")
    url = servers.get(major).create_database("shop")  # type: ignore[attr-defined]
    with psycopg.connect(url, autocommit=True) as session:
        session.execute((HERE / "shop.sql").read_bytes())
        tables = session.execute("SELECT oid::regclass FROM pg_class WHERE relkind IN ('r', 'm', 'p')"
                                 " AND relnamespace::regnamespace::text !~ '^pg_|^information'"
                                 " AND relname <> 'never_analyzed'").fetchall()  # fmt: skip
        session.execute(f"VACUUM (ANALYZE) {', '.join(row[0] for row in tables)}".encode())
        session.execute("SET jit = off")
        yield Production(url, major, snapshot_of(url), session)


@pytest.fixture(scope="session")
def open_shadow() -> Iterator[Callable[[Snapshot], ShadowPlanner]]:
    """``open_shadow(snapshot)``, closed at the end."""
    opened: list[ShadowPlanner] = []

    def open_(snapshot: Snapshot) -> ShadowPlanner:
        opened.append(ShadowPlanner.open(snapshot))
        return opened[-1]

    yield open_
    for planner in opened:
        planner.close()


@pytest.fixture(scope="session")
def shadow(shop: Production, open_shadow: Callable[[Snapshot], ShadowPlanner]) -> ShadowPlanner:
    """The shop's shadow on the same major version."""
    return open_shadow(shop.snapshot)
