"""Where what-if plans are made: a server that is the user's to lose, or one of dbtune's own. Never the target."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from pymysql.err import MySQLError

from dbtune.connect.mysql import MySQLSession, writing_session
from dbtune.connect.mysql_abilities import NAMES, ServerVersion
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.embedded.mysql_binaries import PROGRAMS_VARIABLE, MySQLProgram, available_programs, unfit_programs
from dbtune.embedded.mysql_server import MySQLOwnServer
from dbtune.model.errors import ConnectionFailed, PlannerUnavailable
from dbtune.model.progress import Progress
from dbtune.model.snapshot import Server
from dbtune.model.workload import Limit

SCRATCH_URL_VARIABLE = "DBTUNE_SCRATCH_URL"
"""URL of a MySQL or MariaDB server (administrator; it is yours to lose) to plan on."""


UNCHECKED = "SET SESSION foreign_key_checks = 0"
"""A sample of rows refers to rows that are not in it. ``unique_checks`` stays on: without both, MariaDB (10.6 on) loads
an empty table in bulk (``trx_t::bulk_insert``), and one row that a unique key refuses takes all of them along."""


@dataclass
class ScratchHost:
    """A session on a server to plan on, and the way to leave it as it was."""

    url: DatabaseUrl
    session: MySQLSession
    own: bool
    """Whether the server is dbtune's: nobody else's settings are on it."""
    limits: list[Limit] = field(default_factory=list)
    on_close: list[Callable[[], object]] = field(default_factory=list)

    @property
    def version(self) -> ServerVersion:
        return self.session.version

    def is_of_series(self, server: Server) -> bool:
        """Whether it is of the same series (8.4, 10.11) as a server."""
        return _series(self.version.number) == _series(server.version_number)

    def renew(self) -> None:
        """A new session, for which the server's changed cost constants hold. The old one stays for the way back."""
        stack = ExitStack()
        self.session = stack.enter_context(writing_session(self.url))
        self.session.run(UNCHECKED)
        self.on_close.append(stack.close)

    def guest(self) -> ScratchHost:
        """A session of its own on the same server, which runs on when that is closed: databases are laid one set after
        the other. Raises ConnectionFailed."""
        stack = ExitStack()
        session = stack.enter_context(writing_session(self.url))
        return ScratchHost(self.url, session, self.own, list(self.limits), [stack.close])

    def close(self) -> None:
        """Undo, last thing first. May be called more than once."""
        while self.on_close:
            with suppress(MySQLError, ConnectionFailed):
                self.on_close.pop()()


def open_scratch(server: Server, progress: Progress, url: str | None = None) -> ScratchHost:
    """The server that ``url`` or ``DBTUNE_SCRATCH_URL`` names, else one started from programs on this machine, else a
    container; of production's own series wherever one can be had.

    Raises PlannerUnavailable where there is none, or the one named cannot be used.
    """
    named = url or os.environ.get(SCRATCH_URL_VARIABLE)
    if named and named != "auto":
        return _named(named, server)
    programs = [program for program in available_programs() if program.version.family == server.dialect]
    same = next(
        (program for program in programs if _series(program.version.number) == _series(server.version_number)), None
    )
    if same is None:
        progress.step(f"looking for a container of {server.dialect} {server.version}")
        host = _in_container(server)
        if host is not None:
            return host
    chosen = same or max(programs, key=lambda p: p.version.number, default=None)
    if chosen is None:
        raise PlannerUnavailable(_nothing_found(server))
    progress.step(f"starting {chosen.version.name} to plan on")
    return _own(chosen, server)


def _nothing_found(server: Server) -> str:
    assert server.dialect != "postgres"
    unfit = unfit_programs(server.dialect)
    return (
        f"there is no {NAMES[server.dialect]} server to plan on{f' ({unfit})' if unfit else ''}: name one by --scratch "
        f"or {SCRATCH_URL_VARIABLE} (not production: it is written to), or the program of one by {PROGRAMS_VARIABLE}"
    )


def _series(number: int) -> int:
    return number // 100


def _own(program: MySQLProgram, server: Server) -> ScratchHost:
    options = {"innodb-page-size": str(server.block_size)}
    if program.version.family == "mariadb":
        options["character-set-server"] = "utf8mb4"
    running = MySQLOwnServer(program, options)
    try:
        host = _opened(running.url, server, own=True)
    except BaseException:
        running.stop()
        raise
    host.on_close.insert(0, running.stop)
    return host


def _named(text: str, server: Server) -> ScratchHost:
    try:
        return _opened(text, server, own=False)
    except (ConnectionFailed, MySQLError) as error:
        raise PlannerUnavailable(f"the scratch server cannot be used: {error}") from None


def _opened(text: str, server: Server, *, own: bool) -> ScratchHost:
    url = parse_target(text)
    if not isinstance(url, DatabaseUrl) or url.dialect == "postgres":
        raise PlannerUnavailable(f"the scratch server is named by a URL: {server.dialect}://root@host:port/")
    stack = ExitStack()
    session = stack.enter_context(writing_session(url))
    host = ScratchHost(url, session, own, on_close=[stack.close])
    if session.version.family != server.dialect:
        host.close()
        raise PlannerUnavailable(
            f"the scratch server is {session.version.name}, and plans of {server.dialect} are asked for"
        )
    if not host.is_of_series(server):
        host.limits.append(
            Limit(
                f"optimiser of {server.dialect} {server.version}",
                f"planned by {session.version.name}: plans and costs can differ from production's",
            )
        )
    return host


def _in_container(server: Server) -> ScratchHost | None:
    """A container of the same series where testcontainers is installed and Docker answers, else None."""
    try:
        from testcontainers.mysql import MySqlContainer
    except ImportError:
        return None
    series = ".".join(server.version.split(".")[:2])
    try:
        container = MySqlContainer(
            f"{server.dialect}:{series}", username="root", root_password="dbtune", dbname="dbtune"
        )
        container.start()
    except Exception:  # no Docker, no network, no such image: each has its own exceptions, and all mean "not here"
        return None
    try:
        address, port = container.get_container_host_ip(), container.get_exposed_port(3306)
        host = _opened(f"{server.dialect}://root:dbtune@{address}:{port}/", server, own=True)
    except BaseException:
        container.stop()
        raise
    host.on_close.insert(0, container.stop)
    return host
