"""One Postgres server in a private folder: initdb, start, stop, and nothing left behind, not even after a crash."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg

from dbtune.embedded.accounts import Account, reachable, server_account
from dbtune.embedded.binaries import Binaries, find_binaries
from dbtune.embedded.places import folder_for_servers
from dbtune.embedded.watchdog import Watchdog
from dbtune.model.errors import PlannerUnavailable

START_TIMEOUT_SECONDS = 60.0

THROWAWAY_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "logging_collector": "off",
    "log_min_messages": "fatal",
    "log_min_error_statement": "panic",
}
"""Nothing on these servers needs to survive a power cut. Commits stay synchronous: VACUUM marks no page as visible to
all while the commit of a row on it has not been written."""


class EmbeddedServer:
    """A running server. Use as a context manager, or call ``stop``; both may be called more than once."""

    def __init__(
        self,
        binaries: Binaries,
        *,
        settings: Mapping[str, str] | None = None,
        locale: str = "C",
        in_memory: bool = False,
    ) -> None:
        """Make a cluster (UTF8, ``locale``) and start it. Raises PlannerUnavailable with the server's own words.

        ``in_memory``: keep its files in memory where the machine has room for that.
        """
        self._account: Account | None = server_account()
        self.binaries = reachable(binaries, self._account)
        self.folder = Path(tempfile.mkdtemp(prefix="dbtune-", dir=folder_for_servers(in_memory=in_memory)))
        self.data_directory = self.folder / "data"
        self._postgres: subprocess.Popen[bytes] | None = None
        self._watchdog = Watchdog(self.folder)
        try:
            self._give_to_account(self.folder)
            self._initdb(locale)
            self._start({**THROWAWAY_SETTINGS, **(settings or {})})
        except BaseException:
            self.stop()
            raise

    @property
    def major(self) -> int:
        return self.binaries.major

    @property
    def version(self) -> str:
        return self.binaries.version

    @property
    def url(self) -> str:
        """URL of the database ``postgres`` for the superuser ``postgres``, by Unix socket."""
        return self.database_url("postgres")

    def database_url(self, database: str) -> str:
        """URL of another database on this server, for the superuser ``postgres``."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def create_database(self, prefix: str = "db") -> str:
        """Create an empty database of a new name and return its URL."""
        name = f"{prefix}_{secrets.token_hex(4)}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
        return self.database_url(name)

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        if self._postgres is not None:
            self._postgres.send_signal(signal.SIGQUIT)  # immediate shutdown: there is nothing to keep
            try:
                self._postgres.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self._postgres.kill()
                self._postgres.wait()
            self._watchdog.goes(self._postgres)
            self._postgres = None
        self._watchdog.end()

    def __enter__(self) -> EmbeddedServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _give_to_account(self, path: Path) -> None:
        if self._account is not None:
            os.chown(path, self._account.uid, self._account.gid)

    def _run_as(self) -> dict[str, Any]:
        """Arguments of subprocess that run a program under the server's account, out of reach of Ctrl-C."""
        common: dict[str, Any] = {"start_new_session": True, "cwd": "/", "env": _clean_environment()}
        if self._account is None:
            return common
        return {**common, "user": self._account.uid, "group": self._account.gid, "extra_groups": ()}

    def _initdb(self, locale: str) -> None:
        command = [
            str(self.binaries.folder / "initdb"),
            *("-D", str(self.data_directory), "-U", "postgres", "-A", "trust", "-E", "UTF8"),
            *(f"--locale={locale}", "--no-sync"),
        ]
        if self.major >= 18:  # checksums became the default; the shadow writes pages of its own
            command.append("--no-data-checksums")
        done = self._watchdog.run(command, settings=self._run_as())
        if done.returncode != 0:
            reason = _last_line(done.stderr.decode(errors="replace"))
            raise PlannerUnavailable(f"initdb of Postgres {self.version} failed: {reason}")

    def _start(self, settings: Mapping[str, str]) -> None:
        command = [str(self.binaries.folder / "postgres"), "-D", str(self.data_directory), "-k", str(self.folder)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        log = self.folder / "server.log"
        with log.open("wb") as output:
            self._postgres = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **self._run_as()
            )
        self._watchdog.comes(self._postgres)
        self._wait_until_ready(log)

    def _wait_until_ready(self, log: Path) -> None:
        assert self._postgres is not None
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            if self._postgres.poll() is not None:
                raise PlannerUnavailable(
                    f"Postgres {self.version} did not start: {_last_line(log.read_text(errors='replace'))}"
                )
            if (self.folder / ".s.PGSQL.5432").exists():
                try:
                    psycopg.connect(self.url, connect_timeout=5).close()
                    return
                except psycopg.OperationalError:
                    pass
            time.sleep(0.02)
        raise PlannerUnavailable(f"Postgres {self.version} did not start within {START_TIMEOUT_SECONDS:.0f} s")


@contextmanager
def running_postgres(
    major: int | None = None, *, settings: Mapping[str, str] | None = None, locale: str = "C"
) -> Iterator[EmbeddedServer]:
    """A server of that major version (the newest found where None), stopped and removed at the end of the block."""
    with EmbeddedServer(find_binaries(major), settings=settings, locale=locale) as server:
        yield server


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"
