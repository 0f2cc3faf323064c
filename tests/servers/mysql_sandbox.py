"""MySQL and MariaDB servers for the tests: fetched once, started in a second, removed without a trace.

The programs and an initialised data folder stay in the cache (``DBTUNE_TEST_CACHE``, else ``~/.cache/dbtune-tests``).
A server of its own for each test process runs on a copy of that folder.
"""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from pymysql.connections import Connection

from tests.servers.packages import Unavailable, program, unpack

RECIPE = "3"
"""Counted up where what is in the cache has to be made anew."""

STARTING_SECONDS = 120.0

_MARIADB_SCRIPTS = ("system_tables", "performance_tables", "system_tables_data", "sys_schema")
_DYING_WITH_THE_TESTS = ("setpriv", "--pdeathsig", "KILL")
"""Tests that are killed clean nothing up: the kernel ends the server then."""


@dataclass(frozen=True)
class Flavour:
    """A server that can be had: its name, the Debian suite and the package that holds it."""

    name: str
    family: Literal["mysql", "mariadb"]
    suite: str
    package: str


FLAVOURS = {
    flavour.name: flavour
    for flavour in (
        Flavour("mysql", "mysql", "sid", "mysql-server-core"),
        Flavour("mariadb-10.11", "mariadb", "bookworm", "mariadb-server-core"),
        Flavour("mariadb-11.8", "mariadb", "trixie", "mariadb-server-core"),
    )
}


def cache_folder() -> Path:
    """Where fetched programs stay."""
    return Path(os.environ.get("DBTUNE_TEST_CACHE") or Path.home() / ".cache" / "dbtune-tests").absolute()


@dataclass(frozen=True)
class Installation:
    """The program of one flavour and a data folder that was initialised by it."""

    flavour: Flavour
    prefix: Path

    @property
    def template(self) -> Path:
        return self.prefix.with_name(self.prefix.name + ".data")

    @cached_property
    def command(self) -> list[str]:
        """The server's program, with the options that each run of it needs."""
        options = [
            "--no-defaults",
            *self.places,
            "--innodb-buffer-pool-size=64M",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-doublewrite=0",
            "--skip-log-bin",
        ]
        if os.geteuid() == 0:
            options.append("--user=root")
        if self.flavour.family == "mysql":
            options += ["--mysqlx=OFF", "--innodb-redo-log-capacity=16M"]
        else:
            options.append("--innodb-log-file-size=16M")
        return [*self.bare, *options]

    @property
    def bare(self) -> list[str]:
        """The server's program alone."""
        return [str(word) for word in program(self.prefix, "mysqld", "mariadbd")]

    @property
    def places(self) -> list[str]:
        """Options that say where the program's own files are."""
        usr = self.prefix / "usr"
        return [
            f"--basedir={usr}",
            f"--plugin-dir={usr}/lib/mysql/plugin",
            f"--lc-messages-dir={self._share}",
            f"--character-sets-dir={self._share}/charsets",
        ]

    @property
    def _share(self) -> Path:
        share = self.prefix / "usr" / "share"
        return next(path for path in (share / "mariadb", share / "mysql") if path.is_dir())

    def initialise(self) -> None:
        """Make the data folder that servers start from a copy of."""
        making = self.template.with_name(self.template.name + ".making")
        shutil.rmtree(making, ignore_errors=True)
        (making / "mysql").mkdir(parents=True)
        options: list[str] = []
        script = b""
        if self.flavour.family == "mysql":
            (making / "mysql").rmdir()
            options = ["--initialize-insecure"]
        else:
            options = ["--bootstrap", "--enforce-storage-engine=", "--log-warnings=0", "--max-allowed-packet=8M"]
            script = b"use mysql;\nSET @auth_root_socket=NULL;\n" + b"\n".join(
                path.read_bytes()
                for name in _MARIADB_SCRIPTS
                for path in (self._share / f"mariadb_{name}.sql", self._share / f"mysql_{name}.sql")
                if path.exists()
            )
        done = subprocess.run(
            [*self.command, f"--datadir={making}", *options],
            input=script,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise Unavailable(f"{self.flavour.name} makes no data folder: {_last_line(done.stderr)}")
        (making / "auto.cnf").unlink(missing_ok=True)  # each server makes an identity of its own
        shutil.rmtree(self.template, ignore_errors=True)
        making.rename(self.template)


def install(flavour: Flavour, cache: Path) -> Installation:
    """The flavour's installation, fetched where the cache has none. Processes at work together wait for one another.

    Raises Unavailable.
    """
    cache.mkdir(parents=True, exist_ok=True)
    installation = Installation(flavour, cache / flavour.name)
    complete = cache / f"{flavour.name}.complete"
    with (cache / f"{flavour.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists() or complete.read_text() != RECIPE:
            complete.unlink(missing_ok=True)
            unpack(flavour.suite, flavour.package, installation.prefix)
            installation.initialise()
            complete.write_text(RECIPE)
    return installation


@dataclass(frozen=True)
class MySQLServer:
    """A server that answers, of the tests' own or one that the user named."""

    family: Literal["mysql", "mariadb"]
    host: str
    port: int
    user: str
    password: str = ""
    log_folder: Path | None = None
    """Where it can write logs that tests can read; None: it runs elsewhere."""

    @property
    def url(self) -> str:
        password = f":{quote(self.password)}" if self.password else ""
        return f"{self.family}://{quote(self.user)}{password}@{self.host}:{self.port}/"

    def connect(self, database: str | None = None, user: str | None = None, **options: Any) -> Connection:
        """A session, as the server's administrator unless another user (without a password) is named."""
        return Connection(
            host=self.host,
            port=self.port,
            user=user or self.user,
            password="" if user else self.password,
            database=database,
            autocommit=True,
            **options,
        )

    def run(self, *statements: str) -> None:
        """Run the statements one by one, as the administrator."""
        with self.connect() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


def script(flavour: Flavour, folder: Path) -> Path:
    """A program that starts the flavour's server with the options it is given, for what starts servers by itself."""
    installation = install(flavour, cache_folder())
    path = folder / "mysqld"
    path.write_text(f'#!/bin/sh\nexec {shlex.join(installation.bare)} "$@" {shlex.join(installation.places)}\n')
    path.chmod(0o755)
    return path


@contextmanager
def another(flavour: Flavour, cache: Path, *options: str) -> Iterator[MySQLServer]:
    """A second server of the same programs beside the one that runs, in a ``cache`` (an empty folder) of its own."""
    installed = install(flavour, cache_folder())
    for path in (installed.prefix, installed.template):
        (cache / path.name).symlink_to(path)
    shutil.copy(cache_folder() / f"{flavour.name}.complete", cache)
    with running(flavour, cache, *options) as one:
        yield one


@contextmanager
def running(flavour: Flavour, cache: Path, *options: str) -> Iterator[MySQLServer]:
    """A new server, fetched where need be; stopped and removed at the end. ``options`` count before the usual ones.

    Raises Unavailable.
    """
    installation = install(flavour, cache)
    folder = _new_folder(cache / "run", flavour)
    try:
        with _started(installation, folder, options) as port:
            yield MySQLServer(flavour.family, "127.0.0.1", port, "root", log_folder=folder / "logs")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _new_folder(runs: Path, flavour: Flavour) -> Path:
    """A folder for a server of this process; those of processes that were killed are removed."""
    runs.mkdir(exist_ok=True)
    for old in runs.iterdir():
        process = old.name.rpartition("-")[2]
        if process.isdigit() and not Path("/proc", process).exists():
            shutil.rmtree(old, ignore_errors=True)
    folder = runs / f"{flavour.name}-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "logs").mkdir(parents=True)
    return folder


@contextmanager
def _started(installation: Installation, folder: Path, more: Sequence[str]) -> Iterator[int]:
    """The port of a server whose data lie in ``folder``."""
    data, printed = folder / "data", folder / "server.log"
    port = _free_port()
    door = Path(tempfile.gettempdir(), f"dbtune-test-{os.getpid()}-{port}.sock")  # its path may have 107 bytes at most
    subprocess.run(["cp", "-a", "-H", "--reflink=auto", "--sparse=always", installation.template, data], check=True)
    (folder / "init.sql").write_text(
        "CREATE USER IF NOT EXISTS 'root'@'127.0.0.1' IDENTIFIED BY '';\n"
        "GRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;\n"
    )
    options = [
        f"--datadir={data}",
        f"--tmpdir={folder}",  # MariaDB removes what other servers have in a shared one when it starts
        f"--port={port}",
        f"--socket={door}",
        f"--pid-file={folder}/server.pid",
        f"--init-file={folder}/init.sql",
        "--bind-address=127.0.0.1",
        "--skip-name-resolve",
        "--performance-schema=ON",
        "--secure-file-priv=",
        "--local-infile=1",
    ]
    with printed.open("wb") as log:
        server = subprocess.Popen(
            [*_DYING_WITH_THE_TESTS, *installation.command, *options, *more],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )
    try:
        deadline = time.monotonic() + STARTING_SECONDS
        while not _answers(port):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{installation.flavour.name} did not start: {printed.read_text(errors='replace')}")
            time.sleep(0.03)
        yield port
    finally:
        server.kill()  # nothing of its data is kept, so nothing is to be written
        server.wait()
        for left in (door, door.with_name(f"{door.name}.lock")):
            left.unlink(missing_ok=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    """Whether the server greets, which it does once it is ready."""
    try:
        with socket.create_connection(("127.0.0.1", port), 2) as connection:
            connection.settimeout(5)
            head = connection.recv(256)
    except OSError:
        return False
    return len(head) > 5 and head[4] == 10  # the version of the protocol


def _last_line(text: bytes) -> str:
    return (text.decode(errors="replace").strip().splitlines() or ["no message"])[-1]
