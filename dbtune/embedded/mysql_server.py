"""One MySQL or MariaDB server in a private folder: made, started by socket only, and nothing of it left behind."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from dbtune.embedded.mysql_binaries import MySQLProgram
from dbtune.embedded.places import folder_for_servers
from dbtune.embedded.watchdog import Watchdog
from dbtune.model.errors import PlannerUnavailable

START_TIMEOUT_SECONDS = 60.0

THROWAWAY_OPTIONS = (
    "--skip-networking",
    "--secure-file-priv=",
    "--skip-log-bin",
    "--performance-schema=OFF",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-stats-auto-recalc=0",
    "--innodb-buffer-pool-size=128M",
)
"""Nothing on these servers needs to survive a power cut, and nothing else may change their statistics."""

BY_FAMILY = {
    "mysql": ("--mysqlx=OFF", "--innodb-redo-log-capacity=64M"),
    "mariadb": ("--innodb-log-file-size=64M",),
}

_SCRIPTS = ("system_tables", "performance_tables", "system_tables_data", "sys_schema")
"""Of MariaDB, which has no option that fills a new data folder."""


class MySQLOwnServer:
    """A running server. ``stop`` may be called more than once."""

    def __init__(self, program: MySQLProgram, options: Mapping[str, str] | None = None) -> None:
        """Make a data folder and start it. ``options``: those that hold from the making on, such as the page size.

        Raises PlannerUnavailable with the server's own words.
        """
        self.program = program
        self.folder = Path(tempfile.mkdtemp(prefix="dbtune-", dir=folder_for_servers(in_memory=False)))
        self.socket = self.folder / "s"
        self._data = self.folder / "data"
        self._options = [f"--{name}={value}" for name, value in (options or {}).items()]
        self._server: subprocess.Popen[bytes] | None = None
        self._watchdog = Watchdog(self.folder)
        try:
            self._initialise()
            self._start()
        except BaseException:
            self.stop()
            raise

    @property
    def url(self) -> str:
        """URL for the administrator, by socket."""
        return f"{self.program.version.family}://root@localhost/?socket={self.socket}"

    def stop(self) -> None:
        """End the server and remove its folder."""
        if self._server is not None:
            self._server.kill()  # nothing of its data is kept, so nothing is to be written
            self._server.wait()
            self._watchdog.goes(self._server)
            self._server = None
        self._watchdog.end()

    def _command(self, *more: str) -> list[str]:
        user = ["--user=root"] if os.geteuid() == 0 else []
        # a server removes the temporary tables it finds there when it starts, those of other servers as well
        places = [f"--datadir={self._data}", f"--tmpdir={self.folder}"]
        return [str(self.program.path), "--no-defaults", *places, *user, *self._options, *more]

    def _initialise(self) -> None:
        script = b""
        if self.program.version.family == "mysql":
            command = self._command(
                "--initialize-insecure", "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0"
            )
        else:
            (self._data / "mysql").mkdir(parents=True)
            script = b"use mysql;\nSET @auth_root_socket=NULL;\n" + self._scripts()
            command = self._command(
                "--bootstrap", "--enforce-storage-engine=", "--log-warnings=0", "--max-allowed-packet=8M"
            )
        done = self._watchdog.run(command, script)
        if done.returncode:
            raise PlannerUnavailable(f"{self.program.version.name} makes no data folder: {_last_line(done.stderr)}")

    def _scripts(self) -> bytes:
        """What ``mariadb-install-db`` runs, from the folder of messages that the program itself names."""
        told = subprocess.run(
            self._command("--verbose", "--help"), capture_output=True, text=True, timeout=30, check=False
        )
        found = re.search(r"^lc-messages-dir\s+(\S+)", told.stdout, re.MULTILINE)
        share = Path(found[1]) if found else Path("/usr/share/mariadb")
        texts = [
            path.read_bytes()
            for name in _SCRIPTS
            for path in (share / f"mariadb_{name}.sql", share / f"mysql_{name}.sql")
            if path.exists()
        ]
        if not texts:
            raise PlannerUnavailable(f"{self.program.version.name}: no scripts of the system tables in {share}")
        return b"\n".join(texts)

    def _start(self) -> None:
        printed = self.folder / "server.log"
        command = self._command(
            f"--socket={self.socket}",
            f"--pid-file={self.folder}/pid",
            *THROWAWAY_OPTIONS,
            *BY_FAMILY[self.program.version.family],
        )
        with printed.open("wb") as log:
            self._server = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/"
            )
        self._watchdog.comes(self._server)
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not self._answers():
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise PlannerUnavailable(
                    f"{self.program.version.name} did not start: {_last_line(printed.read_bytes())}"
                )
            time.sleep(0.02)

    def _answers(self) -> bool:
        """Whether the door is open: the file is there a moment before."""
        with socket.socket(socket.AF_UNIX) as door:
            return door.connect_ex(str(self.socket)) == 0


def _last_line(text: bytes) -> str:
    """The first line that tells of an error, else the last one."""
    lines = [line.strip() for line in text.decode(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if "[ERROR]" in line]
    return errors[0] if errors else (lines or ["no message"])[-1]
