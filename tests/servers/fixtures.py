"""``mysql`` and ``mariadb``: servers for any test, one of each per test process, started at first use.

``DBTUNE_TEST_MYSQL_URL`` and ``DBTUNE_TEST_MARIADB_URL`` (``mysql://user:password@host:port``) name servers to take in
their place. Tests of a server that cannot be had are skipped, and say why.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal
from urllib.parse import unquote, urlsplit

import pytest

from tests.servers.mysql_sandbox import FLAVOURS, MySQLServer, cache_folder, running
from tests.servers.packages import Unavailable


@contextmanager
def server(family: Literal["mysql", "mariadb"], flavour: str) -> Iterator[MySQLServer]:
    """The server that the environment names, else one of the flavour. Raises Unavailable."""
    url = os.environ.get(f"DBTUNE_TEST_{family.upper()}_URL")
    if url is None:
        with running(FLAVOURS[flavour], cache_folder()) as started:
            yield started
        return
    parts = urlsplit(url)
    if not parts.hostname:
        raise ValueError(f"DBTUNE_TEST_{family.upper()}_URL is no URL of a server: {url!r}")
    user, password = unquote(parts.username or "root"), unquote(parts.password or "")
    yield MySQLServer(family, parts.hostname, parts.port or 3306, user, password)


@pytest.fixture(scope="session")
def mysql() -> Iterator[MySQLServer]:
    """The newest MySQL that can be had."""
    yield from _or_skipped("mysql", "mysql")


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MySQLServer]:
    """The newest MariaDB that can be had."""
    yield from _or_skipped("mariadb", "mariadb-11.8")


@pytest.fixture(scope="session")
def old_mariadb() -> Iterator[MySQLServer]:
    """A MariaDB of the series before."""
    yield from _or_skipped("mariadb", "mariadb-10.11")


@pytest.fixture(scope="session", params=["mysql", "mariadb", "old_mariadb"])
def any_mysql(request: pytest.FixtureRequest) -> MySQLServer:
    """Each of the three, one after the other."""
    found: MySQLServer = request.getfixturevalue(request.param)
    return found


def _or_skipped(family: Literal["mysql", "mariadb"], flavour: str) -> Iterator[MySQLServer]:
    try:
        with server(family, flavour) as one:
            yield one
    except Unavailable as error:
        pytest.skip(f"no {flavour} server: {error}")
