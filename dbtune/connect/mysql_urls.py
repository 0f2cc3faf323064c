"""What a ``mysql://`` or ``mariadb://`` URL says, and the words that are understood in its query."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Literal
from urllib.parse import unquote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from dbtune.model.errors import UsageError

TlsMode = Literal["disabled", "preferred", "required", "verify-ca", "verify-identity"]

TLS_MODES: Mapping[str, TlsMode] = {
    "disabled": "disabled",
    "disable": "disabled",
    "false": "disabled",
    "preferred": "preferred",
    "prefer": "preferred",
    "required": "required",
    "require": "required",
    "true": "required",
    "verify-ca": "verify-ca",
    "verify-identity": "verify-identity",
    "verify-full": "verify-identity",
}
"""Words of mysql's client, of libpq and of JDBC; ``_`` counts as ``-``."""

PARAMETERS: Mapping[str, str] = {
    "socket": "socket",
    "unix-socket": "socket",
    "ssl-mode": "ssl-mode",
    "sslmode": "ssl-mode",
    "ssl": "ssl-mode",
    "tls": "ssl-mode",
    "ssl-ca": "ssl-ca",
    "sslrootcert": "ssl-ca",
    "ssl-cert": "ssl-cert",
    "sslcert": "ssl-cert",
    "ssl-key": "ssl-key",
    "sslkey": "ssl-key",
    "defaults-file": "defaults-file",
    "read-default-file": "defaults-file",
    "host": "host",
    "port": "port",
    "user": "user",
    "password": "password",
}
"""Names in the query, with those of other clients, and what each is called here."""

IGNORED = frozenset({"charset", "use-unicode", "collation", "autocommit", "connect-timeout", "local-infile"})
"""What other programs put in their URLs and dbtune decides itself."""


def mysql_parameters(backend: str, rest: str) -> tuple[dict[str, str], str]:
    """The connection parameters of ``backend://rest``, and the URL for people, without a password.

    Raises UsageError, which never shows a part of the URL that could be a password.
    """
    try:
        url = make_url(f"{backend}://{rest}")
        port = url.port
    except (ArgumentError, ValueError):
        raise UsageError(
            f"the database URL cannot be read: use {backend}://user@host:port/database, "
            "with special characters percent-encoded"
        ) from None
    parameters = _from_parts(url, port)
    for name, value in url.query.items():
        _take(parameters, name, value if isinstance(value, str) else value[-1])
    _check_port(parameters.get("port"))
    return parameters, url.set(query=_without_secrets(url)).render_as_string(hide_password=True)


def tls_mode(text: str) -> TlsMode:
    """Raises UsageError for a word that is none."""
    mode = TLS_MODES.get(text.strip().lower().replace("_", "-"))
    if mode is None:
        raise UsageError(
            f"ssl-mode={text} is not known: use disabled, preferred, required, verify-ca or verify-identity"
        )
    return mode


def _from_parts(url: URL, port: int | None) -> dict[str, str]:
    host = None if url.host is None else unquote(url.host)
    parts = {
        "host": host,
        "port": None if port is None else str(port),
        "user": url.username,
        "password": None if url.password is None else str(url.password),
        "dbname": None if url.database is None else unquote(url.database),
    }
    parameters = {name: value for name, value in parts.items() if value}
    if host is not None and host.startswith("/"):
        parameters["socket"] = parameters.pop("host")
    return parameters


def _take(parameters: dict[str, str], name: str, value: str) -> None:
    plain = name.lower().replace("_", "-")
    known = PARAMETERS.get(plain)
    if known is None:
        if plain in IGNORED:
            return
        close = get_close_matches(plain, PARAMETERS, n=1)
        hint = f"did you mean '{close[0]}'?" if close else "known: socket, ssl-mode, ssl-ca, ssl-cert, ssl-key"
        raise UsageError(f"the database URL has a parameter '{name}' that is not known; {hint}")
    parameters[known] = tls_mode(value) if known == "ssl-mode" else value


def _check_port(port: str | None) -> None:
    if port is not None and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise UsageError("the database URL cannot be used: the port is a number from 1 to 65535")


def _without_secrets(url: URL) -> dict[str, str | tuple[str, ...]]:
    return {name: "***" if "password" in name else value for name, value in url.query.items()}
