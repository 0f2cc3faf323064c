"""Sessions on a user's MySQL or MariaDB, limited in what they may do, and clear words where it refuses one."""

from __future__ import annotations

import getpass
import os
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import Cursor, DictCursor, SSCursor

from dbtune.connect.mysql_abilities import OLDEST, ServerVersion, other_server, server_version
from dbtune.connect.mysql_refusals import code_of, refusal
from dbtune.connect.mysql_urls import TlsMode, tls_mode
from dbtune.connect.option_files import client_options
from dbtune.connect.targets import DatabaseUrl
from dbtune.ddl.mysql_quoting import identifier
from dbtune.model.errors import ConnectionFailed, UsageError
from dbtune.sql.lexing_mysql import mysql_tokens

APPLICATION_NAME = "dbtune"

STATEMENT_TIMEOUT_MS = 30_000
LOCK_TIMEOUT_MS = 1_000
IDLE_TIMEOUT_MS = 600_000
"""A session whose owner hangs is ended by the server after this long."""
CONNECT_TIMEOUT_SECONDS = 10
READING_GRACE_SECONDS = 15
"""So much later than the server should have stopped a statement, dbtune stops waiting for it."""

SOCKETS = (
    "/var/run/mysqld/mysqld.sock",
    "/run/mysqld/mysqld.sock",
    "/var/lib/mysql/mysql.sock",
    "/tmp/mysql.sock",
)
"""Where distributions put the server's socket."""

LOST = frozenset({1053, 1927, 2006, 2013, 2055, 4031})
"""Errors after which there is no session any more."""

TIMED_OUT = frozenset({1969, 3024})
"""What MariaDB and MySQL say to a statement that they end for its time."""

READ_ONLY_TRANSACTION = 1792
"""Cannot execute statement in a READ ONLY transaction."""

_EXPLAIN_FORM = re.compile(r"|EXTENDED|FORMAT ?= ?\w+", re.IGNORECASE)
_WRITES = frozenset({"insert", "update", "delete", "replace", "with"})

Row = Mapping[str, Any]
"""A row by column name. Its shape is the query's, which stands beside each use."""


if TYPE_CHECKING:
    _Base = Connection[Cursor]
else:
    _Base = Connection  # generic in its stubs only


class _Connection(_Base):
    """The driver's connection, with what of it is used here and its stubs leave out."""

    _sock: socket.socket | None
    _secure: bool
    _ssl_required: bool
    _read_timeout: float | None


class MySQLSession:
    """A session, statement by statement; each one is its own transaction (autocommit)."""

    def __init__(self, connection: _Connection, version: ServerVersion, database: str | None) -> None:
        self._connection = connection
        self.version = version
        self.database = database
        """The session's default database."""

    def rows(self, query: str, parameters: Sequence[object] | None = None) -> list[Row]:
        """All rows of the query, ``%s`` in it replaced by the parameters. Raises pymysql's errors."""
        with self._connection.cursor(DictCursor) as cursor:
            cursor.execute(query, parameters)
            return list(cursor.fetchall())

    def run(self, statement: str, parameters: Sequence[object] | None = None) -> None:
        """Run a statement without looking at its rows. Raises pymysql's errors."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement, parameters)

    def run_through(self, statement: str) -> None:
        """Run a statement until its last row is here; no row is decoded, which would be Python's time and not the
        server's. One that is ended for its time between two rows raises nothing. Raises pymysql's errors."""
        with self._connection.cursor(SSCursor) as cursor:
            cursor.execute(statement)

    def use(self, database: str) -> None:
        """Make it the session's default database. Raises pymysql's errors."""
        self.run(f"USE {identifier(database)}")

    def limit_time(self, milliseconds: int | None) -> None:
        """From now on, for each SELECT (MariaDB: for each statement); None: no limit. Raises pymysql's errors."""
        if self.version.family == "mariadb":
            self.run(f"SET SESSION max_statement_time = {(milliseconds or 0) / 1000}")
        else:
            self.run(f"SET SESSION max_execution_time = {milliseconds or 0}")

    def explain(self, form: str, statement: str) -> list[Row]:
        """The rows of ``EXPLAIN <form> <statement>``, ``form`` being empty, EXTENDED or FORMAT=...: planned, never run.

        The servers refuse to explain a write in a read-only transaction. It is asked for once more in one that may
        write, which is rolled back. Raises pymysql's errors, ValueError for any other form.
        """
        return self._explain(form, statement, lambda: None)

    def explain_noted(self, form: str, statement: str) -> tuple[list[Row], list[Row]]:
        """The rows of ``explain``, and the server's notes on them (SHOW WARNINGS). Raises as that does."""
        notes: list[Row] = []
        rows = self._explain(form, statement, lambda: notes.extend(self.rows("SHOW WARNINGS")))
        return rows, notes

    def _explain(self, form: str, statement: str, then: Callable[[], None]) -> list[Row]:
        """``then`` is called before anything else is sent, which would clear the notes."""
        if not _EXPLAIN_FORM.fullmatch(form):
            raise ValueError(f"not a form of EXPLAIN: {form!r}")
        query = f"EXPLAIN {form} {statement}"
        try:
            rows = self.rows(query)
        except pymysql.err.Error as error:
            first = next((token.word for token in mysql_tokens(statement[:400]) if token.spelling != "("), "")
            if code_of(error) != READ_ONLY_TRANSACTION or first not in _WRITES:
                raise
        else:
            then()
            return rows
        self.run("START TRANSACTION READ WRITE")
        try:
            rows = self.rows(query)
            then()
            return rows
        finally:
            if not self.is_lost:
                self.run("ROLLBACK")

    @property
    def is_lost(self) -> bool:
        return not self._connection.open

    @property
    def has_tls(self) -> bool:
        return isinstance(self._connection._sock, ssl.SSLSocket)


@contextmanager
def read_only_session(
    url: DatabaseUrl,
    *,
    statement_timeout_ms: int = STATEMENT_TIMEOUT_MS,
    lock_timeout_ms: int = LOCK_TIMEOUT_MS,
    idle_timeout_ms: int = IDLE_TIMEOUT_MS,
    connect_timeout_seconds: int = CONNECT_TIMEOUT_SECONDS,
) -> Iterator[MySQLSession]:
    """A session in which every transaction is READ ONLY, closed at the end of the block.

    Each statement is a transaction of its own, so that no lock on a table's definition outlives it. MySQL's limit of
    time holds for SELECT (and so for the catalogs); EXPLAIN and SHOW run none. Locks are waited for by the second.
    What is not a transaction's (ANALYZE TABLE on MariaDB, FLUSH, SET GLOBAL) the server does not stop: never send it.

    Raises ConnectionFailed, with one line that says what to do, where the session cannot be had or breaks.
    """
    limits = [
        "SET SESSION TRANSACTION READ ONLY",
        f"SET SESSION lock_wait_timeout = {_seconds(lock_timeout_ms)}",
        f"SET SESSION innodb_lock_wait_timeout = {_seconds(lock_timeout_ms)}",
        f"SET SESSION wait_timeout = {_seconds(idle_timeout_ms)}",
    ]
    with _session(url, connect_timeout_seconds, statement_timeout_ms, limits) as session:
        yield session


@contextmanager
def writing_session(
    url: DatabaseUrl, *, lock_timeout_ms: int = LOCK_TIMEOUT_MS, connect_timeout_seconds: int = CONNECT_TIMEOUT_SECONDS
) -> Iterator[MySQLSession]:
    """A session that may write, each statement on its own (autocommit), for copies of a database and scratch servers
    that the user gives over to be written to. There is no limit of time: whoever runs something sets one.

    Raises ConnectionFailed where the session cannot be had or breaks.
    """
    limits = [
        "SET SESSION TRANSACTION READ WRITE",
        f"SET SESSION lock_wait_timeout = {_seconds(lock_timeout_ms)}",
        f"SET SESSION innodb_lock_wait_timeout = {_seconds(lock_timeout_ms)}",
    ]
    with _session(url, connect_timeout_seconds, None, limits) as session:
        yield session


@contextmanager
def _session(
    url: DatabaseUrl, connect_timeout_seconds: int, statement_timeout_ms: int | None, limits: Sequence[str]
) -> Iterator[MySQLSession]:
    parameters = connection_parameters(url)
    connection = _connect(url, parameters, connect_timeout_seconds, statement_timeout_ms)
    try:
        version = _supported_version(connection)
        session = MySQLSession(connection, version, parameters.get("dbname"))
        for statement in limits:
            session.run(statement)
        if statement_timeout_ms is not None:
            session.limit_time(statement_timeout_ms)
        yield session
    except pymysql.err.Error as error:
        if connection.open and code_of(error) not in LOST:
            raise
        raise ConnectionFailed(refusal(error, parameters, url.dialect)) from error
    finally:
        if connection.open:
            with suppress(pymysql.err.Error, OSError):
                connection.close()


def connection_parameters(url: DatabaseUrl) -> dict[str, str]:
    """The URL's parameters, and for what it leaves out: option files, MYSQL_PWD, MYSQL_TCP_PORT, MYSQL_UNIX_PORT, and
    the defaults of MySQL's client. ``localhost`` without a port is the server's socket where there is one.

    Raises UsageError for an option file that cannot be read.
    """
    given = dict(url.parameters)
    found = {**client_options(url.dialect, given.pop("defaults-file", None)), **given}
    if {"host", "port"} & given.keys() and "socket" not in given:
        found.pop("socket", None)  # the file's socket is that of its own server
    if "password" not in found and os.environ.get("MYSQL_PWD"):
        found["password"] = os.environ["MYSQL_PWD"]
    if "user" not in found:
        with suppress(KeyError, OSError):
            found["user"] = getpass.getuser()
    if "socket" not in found and found.get("host", "localhost") == "localhost" and "port" not in found:
        sockets = [os.environ["MYSQL_UNIX_PORT"]] if "MYSQL_UNIX_PORT" in os.environ else SOCKETS
        there = next((path for path in sockets if Path(path).is_socket()), None)
        if there is not None:
            found["socket"] = there
    found.setdefault("host", "localhost")
    found.setdefault("port", os.environ.get("MYSQL_TCP_PORT") or "3306")
    return found


def _connect(
    url: DatabaseUrl, parameters: Mapping[str, str], timeout_seconds: int, statement_timeout_ms: int | None
) -> _Connection:
    reading = None if statement_timeout_ms is None else statement_timeout_ms / 1000 + READING_GRACE_SECONDS
    mode = _mode(parameters)
    context = _tls_context(mode, parameters)
    connection = _Connection(
        host=parameters["host"],
        port=int(parameters["port"]),
        unix_socket=parameters.get("socket"),
        user=parameters.get("user", ""),
        # as bytes: text would be sent as Latin-1
        password=parameters.get("password", "").encode(),
        database=parameters.get("dbname"),
        charset="utf8mb4",
        autocommit=True,
        connect_timeout=timeout_seconds,
        read_timeout=timeout_seconds,
        program_name=APPLICATION_NAME,
        auth_plugin_map={"mysql_clear_password": _ClearPassword},
        ssl=context,
        ssl_disabled=context is None,
        defer_connect=True,
    )
    connection._ssl_required = context is not None and mode != "preferred"
    if mode == "preferred":
        connection.client_flag &= ~pymysql.constants.CLIENT.SSL
    try:
        connection.connect()
    except (pymysql.err.Error, OSError, RuntimeError, ValueError, IndexError, AssertionError) as error:
        raise ConnectionFailed(refusal(error, parameters, url.dialect)) from error
    connection._read_timeout = reading
    return connection


class _ClearPassword:
    """Sends the password as it is (tokens of cloud services, LDAP, PAM), and only where nobody can read it."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = cast("_Connection", connection)

    def authenticate(self, packet: object) -> object:
        if not self._connection._secure:
            raise pymysql.err.OperationalError(3159, "the password may not be sent without TLS")
        self._connection.write_packet(self._connection.password + b"\0")
        return self._connection._read_packet()  # type: ignore[no-untyped-call]


def _mode(parameters: Mapping[str, str]) -> TlsMode:
    if "ssl-mode" in parameters:
        return tls_mode(parameters["ssl-mode"])
    # as MySQL's client: whoever names an authority wants it asked
    return "verify-ca" if "ssl-ca" in parameters else "preferred"


def _tls_context(mode: TlsMode, parameters: Mapping[str, str]) -> ssl.SSLContext | None:
    """None: no TLS. Raises UsageError for a file of a certificate or key that cannot be used."""
    if mode == "disabled" or ("socket" in parameters and mode == "preferred"):
        return None
    try:
        context = ssl.create_default_context(cafile=parameters.get("ssl-ca"))
        # the certificates that MySQL makes for itself lack what the strict rules ask for
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        context.check_hostname = mode == "verify-identity"
        context.verify_mode = ssl.CERT_REQUIRED if mode.startswith("verify") else ssl.CERT_NONE
        if "ssl-cert" in parameters:
            context.load_cert_chain(parameters["ssl-cert"], parameters.get("ssl-key"))
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        names = ", ".join(parameters[name] for name in ("ssl-ca", "ssl-cert", "ssl-key") if name in parameters)
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"the TLS files cannot be used ({names}): {reason}") from error
    return context


def _supported_version(connection: _Connection) -> ServerVersion:
    with connection.cursor() as cursor:
        cursor.execute("SELECT VERSION(), @@version_comment")
        text, comment = cursor.fetchone() or ("", "")
    other = other_server(text, comment or "")
    if other is not None:
        raise ConnectionFailed(f"the server is {other}, which only speaks MySQL's protocol: dbtune cannot advise on it")
    try:
        version = server_version(text)
    except ValueError:
        raise ConnectionFailed(f"the server says '{text}' of its version: it is neither MySQL nor MariaDB") from None
    if not version.is_supported:
        oldest = OLDEST[version.family]
        raise ConnectionFailed(
            f"the server runs {version.name}; dbtune needs {oldest // 10000}.{oldest // 100 % 100} or later: upgrade it"
        )
    return version


def _seconds(milliseconds: int) -> int:
    """The whole seconds that the server's timeouts are in, 1 at least."""
    return max(1, round(milliseconds / 1000))
