"""Sessions on a user's Postgres, limited in what they may do, and clear words where it refuses one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg

from dbtune.connect.abilities import OLDEST_MAJOR
from dbtune.connect.refusals import refusal
from dbtune.connect.targets import DatabaseUrl
from dbtune.model.errors import ConnectionFailed

APPLICATION_NAME = "dbtune"

STATEMENT_TIMEOUT_MS = 30_000
LOCK_TIMEOUT_MS = 1_000
IDLE_TIMEOUT_MS = 600_000
"""A session whose owner hangs is ended by the server after this long."""
CONNECT_TIMEOUT_SECONDS = 10

_OPTIONS_REFUSED = re.compile(r"unsupported startup parameter|command-line options|startup option", re.IGNORECASE)
"""PgBouncer, RDS Proxy: a pooler that takes no ``options`` at the start of a session."""


@contextmanager
def read_only_session(
    url: DatabaseUrl,
    *,
    statement_timeout_ms: int = STATEMENT_TIMEOUT_MS,
    lock_timeout_ms: int = LOCK_TIMEOUT_MS,
    idle_timeout_ms: int = IDLE_TIMEOUT_MS,
    connect_timeout_seconds: int = CONNECT_TIMEOUT_SECONDS,
) -> Iterator[psycopg.Connection]:
    """A session in which every transaction is READ ONLY, closed (and rolled back) at the end of the block.

    The limits hold for the session where the server takes startup options; behind a pooler that refuses them they
    hold for the transaction that is open when the block begins, because a pooler may hand the session's settings on
    to somebody else. Work in that one transaction and use savepoints.

    Raises ConnectionFailed, with one line that says what to do, where the session cannot be had or breaks.
    """
    limits = {
        "default_transaction_read_only": "on",
        "statement_timeout": str(statement_timeout_ms),
        "lock_timeout": str(lock_timeout_ms),
        "idle_in_transaction_session_timeout": str(idle_timeout_ms),
    }
    connection = _connect(url, limits, connect_timeout_seconds)
    try:
        _require_supported_version(connection)
        connection.read_only = True
        _limit_transaction(connection, url, limits)
        yield connection
        connection.rollback()
    except psycopg.OperationalError as error:
        if not connection.closed and not connection.broken:
            raise
        raise ConnectionFailed(refusal(error, url)) from error
    finally:
        connection.close()


@contextmanager
def writing_session(
    url: DatabaseUrl, *, lock_timeout_ms: int = LOCK_TIMEOUT_MS, connect_timeout_seconds: int = CONNECT_TIMEOUT_SECONDS
) -> Iterator[psycopg.Connection]:
    """A session that may write, each statement on its own (autocommit), for copies of a database that the user gives
    over to be written to. There is no limit of time: whoever runs something sets one.

    Raises ConnectionFailed where the session cannot be had or breaks.
    """
    limits = {"statement_timeout": "0", "lock_timeout": str(lock_timeout_ms), "default_transaction_read_only": "off"}
    connection = _connect(url, limits, connect_timeout_seconds)
    try:
        _require_supported_version(connection)
        connection.autocommit = True
        yield connection
    except psycopg.OperationalError as error:
        if not connection.closed and not connection.broken:
            raise
        raise ConnectionFailed(refusal(error, url)) from error
    finally:
        connection.close()


def _connect(url: DatabaseUrl, limits: Mapping[str, str], timeout_seconds: int) -> psycopg.Connection:
    parameters: dict[str, str | int] = {"connect_timeout": timeout_seconds}
    parameters.update(url.parameters)
    parameters["application_name"] = APPLICATION_NAME
    parameters["client_encoding"] = "UTF8"
    options = " ".join(f"-c {name}={value}" for name, value in limits.items())
    own = url.parameters.get("options", os.environ.get("PGOPTIONS", ""))
    try:
        try:
            return _open({**parameters, "options": f"{own} {options}".strip()})
        except psycopg.OperationalError as error:
            if not _OPTIONS_REFUSED.search(str(error)):
                raise
            return _open(parameters)
    except psycopg.Error as error:
        raise ConnectionFailed(refusal(error, url)) from error


def _open(parameters: Mapping[str, str | int]) -> psycopg.Connection:
    # no prepared statements: a pooler may plan the next one on another server session
    return psycopg.connect("", prepare_threshold=None, **parameters)  # type: ignore[arg-type]


def _require_supported_version(connection: psycopg.Connection) -> None:
    version = connection.info.server_version
    if version < OLDEST_MAJOR * 10000:
        major = version // 10000
        shown = str(major) if major >= 10 else f"{major}.{version // 100 % 100}"
        raise ConnectionFailed(f"the server runs Postgres {shown}; dbtune needs {OLDEST_MAJOR} or later: upgrade it")


def _limit_transaction(connection: psycopg.Connection, url: DatabaseUrl, limits: Mapping[str, str]) -> None:
    """Also where the startup options were accepted: some poolers take them and throw them away."""
    try:
        for name, value in limits.items():
            connection.execute("SELECT pg_catalog.set_config(%s, %s, true)", (name, value))
    except psycopg.Error as error:
        raise ConnectionFailed(refusal(error, url)) from error
