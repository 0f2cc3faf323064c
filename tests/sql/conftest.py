"""A schema with data and statistics on a real server, collected once for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.embedded import EmbeddedServer
from dbtune.model.progress import NoProgress
from dbtune.model.snapshot import Snapshot

SCHEMA = Path(__file__).parent / "schema.sql"


@dataclass(frozen=True)
class Shop:
    """The database and its snapshot."""

    url: str
    snapshot: Snapshot


@pytest.fixture(scope="session")
def shop(postgres: EmbeddedServer) -> Iterator[Shop]:
    url = postgres.create_database("sql")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SCHEMA.read_text())
    target = parse_target(url)
    assert isinstance(target, DatabaseUrl)
    yield Shop(url, collect(target, CollectOptions(workload=False), NoProgress()))


@pytest.fixture(scope="session")
def snapshot(shop: Shop) -> Snapshot:
    return shop.snapshot
