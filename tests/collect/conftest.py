"""Databases to collect from, one of each kind and version for the whole module."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.embedded import available_binaries
from dbtune.model.progress import NoProgress
from dbtune.model.snapshot import Snapshot
from tests.conftest import Servers

SCHEMAS = Path(__file__).parent / "schemas"
MAJORS = sorted({binaries.major for binaries in available_binaries()})
"""Every major version on this machine: each is collected from."""


def database_url(text: str) -> DatabaseUrl:
    target = parse_target(text)
    assert isinstance(target, DatabaseUrl)
    return target


def collected(url: str, options: CollectOptions | None = None) -> Snapshot:
    return collect(database_url(url), options or CollectOptions(), NoProgress())


@pytest.fixture(scope="session")
def filled(servers: Servers) -> Callable[..., str]:
    """``filled(major, schema)``: URL of a database filled from ``schemas/<schema>.sql``, made once."""
    made: dict[tuple[int, str], str] = {}

    def url_of(major: int, schema: str = "everything") -> str:
        if (major, schema) not in made:
            url = servers.get(major).create_database(schema)
            with psycopg.connect(url, autocommit=True) as connection:
                for statement in (SCHEMAS / f"{schema}.sql").read_text().split(";\n"):
                    if statement.strip():
                        connection.execute(statement)  # type: ignore[arg-type]
            made[major, schema] = url
        return made[major, schema]

    return url_of


@pytest.fixture(scope="session", params=MAJORS)
def everything(request: pytest.FixtureRequest, filled: Callable[..., str]) -> Snapshot:
    """The snapshot of ``schemas/everything.sql`` on each major version."""
    return collected(filled(request.param))


@pytest.fixture
def collect_from() -> Callable[..., Snapshot]:
    """``collect_from(url, options=None)``: a snapshot of that database."""
    return collected
