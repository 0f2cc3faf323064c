"""A project's folder, on a database with the schema of ``reports.py``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from dbtune.embedded import EmbeddedServer
from tests.connect.proxy import listening
from tests.migrate.projects import Project
from tests.migrate.reports import SCHEMA


@pytest.fixture(scope="module")
def port(postgres: EmbeddedServer) -> Iterator[int]:
    """A TCP port of the newest Postgres."""
    with listening(postgres.folder) as number:
        yield number


@pytest.fixture
def project(port: int, make_database: Callable[..., str], tmp_path: Path) -> Project:
    """An empty folder, and a new database."""
    folder = tmp_path / "project"
    folder.mkdir()
    name = psycopg.conninfo.conninfo_to_dict(make_database(SCHEMA))["dbname"]
    return Project(folder, f"postgresql://postgres@127.0.0.1:{port}/{name}")
