"""What the user names as TARGET: the URL of a database, or the path of a snapshot file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from dbtune.connect.mysql_urls import mysql_parameters
from dbtune.model.errors import UsageError
from dbtune.model.snapshot import Dialect

DIALECTS: Mapping[str, Dialect] = {
    "postgresql": "postgres",
    "postgres": "postgres",
    "mysql": "mysql",
    "mariadb": "mariadb",
}
"""URL scheme (a driver after ``+`` is ignored) to dialect."""

SCHEME = re.compile(r"(?P<backend>[a-z][a-z0-9]*)(?:\+(?P<driver>[a-z0-9_]+))?://", re.IGNORECASE)


@dataclass(frozen=True)
class DatabaseUrl:
    """A database to connect to. Neither ``str`` nor ``repr`` shows a password."""

    dialect: Dialect
    parameters: Mapping[str, str] = field(repr=False)
    """libpq's connection parameters (``host``, ``user``, ``sslmode``, ...), the password among them. Of MySQL: those of
    ``dbtune.connect.mysql_urls``; the database is ``dbname`` here too."""
    text: str
    """The URL for people, the password replaced by ``***``."""

    def __str__(self) -> str:
        return self.text

    def __hash__(self) -> int:
        return hash((self.dialect, tuple(sorted(self.parameters.items()))))

    @property
    def database(self) -> str | None:
        """Name of the database; None where PGDATABASE, a service or the user's name decides (MySQL: none is named)."""
        return self.parameters.get("dbname")

    @property
    def conninfo(self) -> str:
        """libpq's connection string WITH the password: for drivers and child processes, never for output."""
        return psycopg.conninfo.make_conninfo("", **self.parameters)


def parse_target(text: str) -> DatabaseUrl | Path:
    """The database URL or the snapshot path that ``text`` names.

    Passwords, hosts and the like that a Postgres URL leaves out are libpq's to find: PGPASSWORD, ``~/.pgpass``,
    PGSERVICE, PGHOST and so on. Whatever stands in the URL's query (``host=/socket/folder``, ``sslmode``, ``service``)
    goes to libpq as it is. What a URL of MySQL or MariaDB leaves out stands in ``~/.my.cnf``, MYSQL_PWD and so on.

    Raises UsageError for a URL that cannot be read or a database that dbtune does not know.
    """
    scheme = SCHEME.match(text)
    if scheme is None:
        if not text:
            raise UsageError("no target: give a database URL (postgresql://..., mysql://...) or a snapshot file")
        return Path(text)
    backend = scheme["backend"].lower()
    dialect = DIALECTS.get(backend)
    if dialect is None:
        raise UsageError(
            f"'{backend}://' is not a database dbtune knows: use postgresql://, mysql:// or mariadb://user@host/database"
        )
    if dialect != "postgres":
        parameters, shown = mysql_parameters(dialect, text[scheme.end() :])
        return DatabaseUrl(dialect, parameters, shown)
    return _postgres_url(text[scheme.end() :])


def _postgres_url(rest: str) -> DatabaseUrl:
    try:
        url = make_url("postgresql://" + rest)
        parameters = _parameters(url)
        shown = url.set(password=None if url.password is None else "***", query=_without_secrets(url)).render_as_string(
            hide_password=False
        )
    except (ArgumentError, ValueError):
        parameters, shown = _by_libpq(rest)  # several hosts: host1:5432,host2:5433
    try:
        psycopg.conninfo.make_conninfo("", **parameters)
    except psycopg.ProgrammingError as error:
        raise UsageError(f"the database URL cannot be used: {_one_line(error)}") from None
    for port in parameters.get("port", "").split(","):
        if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise UsageError("the database URL cannot be used: the port is a number from 1 to 65535")
    return DatabaseUrl("postgres", parameters, shown)


def _parameters(url: URL) -> dict[str, str]:
    parts = {
        "host": None if url.host is None else unquote(url.host),  # a socket folder: %2Ftmp
        "port": None if url.port is None else str(url.port),
        "user": url.username,
        "password": None if url.password is None else str(url.password),
        "dbname": url.database,
    }
    parameters = {name: value for name, value in parts.items() if value}
    for name, value in url.query.items():
        if name == "ssl" and value == "true":  # JDBC's spelling, which libpq accepts too
            parameters["sslmode"] = "require"
        else:
            parameters[name] = value if isinstance(value, str) else value[-1]
    return parameters


def _without_secrets(url: URL) -> dict[str, str | tuple[str, ...]]:
    return {name: "***" if "password" in name else value for name, value in url.query.items()}


def _by_libpq(rest: str) -> tuple[dict[str, str], str]:
    try:
        found = conninfo_to_dict("postgresql://" + rest)
    except psycopg.ProgrammingError as error:
        raise UsageError(
            f"the database URL cannot be read ({_one_line(error)}): use postgresql://user@host:port/database, "
            "with special characters percent-encoded"
        ) from None
    parameters = {name: str(value) for name, value in found.items() if value is not None}
    place = f"{parameters.get('host', '')}/{parameters.get('dbname', '')}"
    user = f"{parameters['user']}@" if "user" in parameters else ""
    return parameters, f"postgresql://{user}{place}"


def _one_line(error: Exception) -> str:
    """libpq's complaint without the value it complains about: that may be a part of the password."""
    return re.sub(r'"[^"]*"', '"…"', str(error).strip().splitlines()[0]) if str(error).strip() else "no reason given"
