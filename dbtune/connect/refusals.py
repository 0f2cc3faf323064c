"""Why a server did not give a session, and what to do about it, in one line each."""

from __future__ import annotations

import re
from collections.abc import Sequence

import psycopg

from dbtune.connect.targets import DatabaseUrl

ADVICE: Sequence[tuple[str, str]] = (
    (
        r"password authentication failed|SCRAM|invalid password",
        "the server refused the password of {user}: set PGPASSWORD, ~/.pgpass or PGSERVICE, or ask for the right one",
    ),
    (
        r"no password supplied|password was required",
        "{place} asks for a password for {user}: set PGPASSWORD, ~/.pgpass or PGSERVICE",
    ),
    (
        r"database \"[^\"]*\" does not exist",
        "there is no database {database} at {place}: check the name at the end of the URL",
    ),
    (r"role \"[^\"]*\" does not exist", "there is no role {user} at {place}: see 'dbtune grants postgres' for one"),
    (
        r"role \"[^\"]*\" is not permitted to log in",
        "role {user} may not log in: ALTER ROLE ... LOGIN, or use another role",
    ),
    (
        r"no pg_hba\.conf entry|pg_hba\.conf rejects",
        "{place} does not let {user} in from here (pg_hba.conf){encryption}: add an entry for it",
    ),
    (
        r"server does not support SSL",
        "{place} does not speak TLS: use sslmode=prefer or sslmode=disable, or switch ssl on at the server",
    ),
    (
        r"certificate verify failed|root certificate|certificate",
        "the TLS certificate of {place} was not accepted ({detail}): set sslrootcert, or a weaker sslmode",
    ),
    (r"SSL|TLS", "TLS with {place} failed ({detail}): check sslmode in the URL"),
    (
        r"too many (clients|connections)|remaining connection slots",
        "{place} has no free connection: try again later, or raise max_connections or the role's connection limit",
    ),
    (r"is starting up|is shutting down|recovery mode", "{place} is starting or stopping: try again in a moment"),
    (
        r"permission denied for database|does not have CONNECT",
        "{user} may not connect to database {database}: GRANT CONNECT ON DATABASE ... (see 'dbtune grants postgres')",
    ),
    (
        r"could not translate host name|failed to resolve host|Name or service not known|nodename nor servname|"
        r"Temporary failure in name resolution|No address associated",
        "the host name of {place} cannot be resolved: check the spelling and the network",
    ),
    (
        r"Connection refused",
        "nothing listens at {place}: check host and port, and that the server runs and accepts TCP connections",
    ),
    (
        r"No such file or directory",
        "there is no server socket at {place}: check the folder given by host= and that the server runs",
    ),
    (r"timeout|timed out", "{place} did not answer in time: check host, port and firewall"),
    (r"No route to host|Network is unreachable|Host is down", "{place} cannot be reached: check the network"),
    (r"service file|definition of service", "the connection service cannot be used ({detail})"),
    (r"invalid (connection option|port|\w+ value)", "the database URL cannot be used ({detail})"),
    (r"server closed the connection|terminat|connection .*lost", "{place} closed the connection ({detail})"),
)
"""Pattern in libpq's or the server's message (English), and what the user reads. The first that matches counts."""


def refusal(error: psycopg.Error, url: DatabaseUrl) -> str:
    """One line on why ``url`` gave no session and what to do. Never holds a password."""
    message = str(error)
    detail = _detail(message, url)
    for pattern, advice in ADVICE:
        if re.search(pattern, message, re.IGNORECASE):
            return advice.format(
                place=_place(url),
                user=_quoted(url.parameters.get("user"), "this user"),
                database=_named_database(message, url),
                encryption=" without TLS" if "no encryption" in message or "SSL off" in message else "",
                detail=detail,
            )
    return f"{_place(url)} refused the session: {detail}"


def _place(url: DatabaseUrl) -> str:
    host = url.parameters.get("host")
    port = url.parameters.get("port")
    if host is None:
        return f"service {url.parameters['service']}" if "service" in url.parameters else "the server"
    if host.startswith("/"):
        return f"{host} (Unix socket)"
    return f"{host}:{port}" if port else host


def _named_database(message: str, url: DatabaseUrl) -> str:
    found = re.search(r"database \"([^\"]*)\"", message)
    return _quoted(found[1] if found else url.database, "of that name")


def _quoted(name: str | None, otherwise: str) -> str:
    return f"'{name}'" if name else otherwise


def _detail(message: str, url: DatabaseUrl) -> str:
    lines = [line.strip(" \t-") for line in message.splitlines() if line.strip()]
    last = next((line for line in reversed(lines) if "FATAL" in line or "error" in line or "failed" in line), "")
    line = (last or (lines[0] if lines else "no reason given")).removeprefix("connection failed: ")
    password = url.parameters.get("password")
    return line.replace(password, "***") if password else line


def first_line(error: psycopg.Error) -> str:
    """The server's message without its position, context and hint."""
    message = error.diag.message_primary or str(error)
    return message.strip().splitlines()[0] if message.strip() else type(error).__name__
