"""URLs of Postgres: as SQLAlchemy reads them, and as libpq does where they name several hosts."""

from __future__ import annotations

import re
from urllib.parse import unquote

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from dbtune.model.errors import UsageError


def postgres_parameters(rest: str) -> tuple[dict[str, str], str]:
    """libpq's parameters in what follows ``postgresql://``, and the URL for people.

    Raises UsageError for one that cannot be read.
    """
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
    return parameters, shown


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
