"""What the user names as TARGET: the URL of a database, or the path of a snapshot file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from psycopg.conninfo import make_conninfo

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
        return make_conninfo("", **self.parameters)


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
    rest = text[scheme.end() :]
    if dialect == "postgres":
        from dbtune.connect.postgres_urls import postgres_parameters

        return DatabaseUrl(dialect, *postgres_parameters(rest))
    from dbtune.connect.mysql_urls import mysql_parameters

    return DatabaseUrl(dialect, *mysql_parameters(dialect, rest))
