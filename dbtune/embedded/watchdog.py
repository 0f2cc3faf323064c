"""A process of its own that outlives the owner of a server: an owner killed by SIGKILL cannot clean up.

It is told which process groups come to the server's folder and leave it. At the end of its input, when the owner stops
or dies, it ends those that are still there and removes the folder.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

PROGRAM = """
import os, shutil, signal, sys, time
words = sys.stdin.read().split()  # returns when the owner stops, or dies
groups = {int(word[1:]) for word in words if word[0] == "+"} - {int(word[1:]) for word in words if word[0] == "-"}

def end(number, patience):
    for group in list(groups):
        try:
            os.killpg(group, number)
        except OSError:
            groups.discard(group)
    deadline = time.monotonic() + patience
    while groups and time.monotonic() < deadline:
        time.sleep(0.05)
        for group in list(groups):
            try:
                os.killpg(group, 0)
            except OSError:
                groups.discard(group)

end(signal.SIGQUIT, 2.0)
end(signal.SIGKILL, 0.5)  # what answers still is a zombie that nobody has reaped yet
shutil.rmtree(sys.argv[1], ignore_errors=True)
"""


class Watchdog:
    """Of one folder. ``end`` may be called more than once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", PROGRAM, str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def comes(self, process: subprocess.Popen[bytes]) -> None:
        """The leader of a process group works in the folder."""
        self._tell(f"+{process.pid}")

    def goes(self, process: subprocess.Popen[bytes]) -> None:
        """It is gone."""
        self._tell(f"-{process.pid}")

    def run(
        self, command: Sequence[str], script: bytes = b"", settings: Mapping[str, Any] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a program of the folder to its end. ``settings``: of Popen.

        It is out of reach of Ctrl-C: interrupted, this process ends it.
        """
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            **{"start_new_session": True, "cwd": "/", **(settings or {})},
        )
        try:
            self.comes(process)
            _, words = process.communicate(script)
        except BaseException:
            with suppress(ProcessLookupError):  # interrupted just as it had ended
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self.goes(process)
            raise
        self.goes(process)
        return subprocess.CompletedProcess(command, process.returncode, b"", words)

    def end(self) -> None:
        """Have all groups ended that have not left, and the folder removed."""
        stdin = self._process.stdin
        if stdin is not None and not stdin.closed:
            with suppress(BrokenPipeError):
                stdin.close()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _tell(self, word: str) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        with suppress(BrokenPipeError, ValueError):  # somebody ended it: then only this process cleans up
            stdin.write(f"{word}\n".encode())
            stdin.flush()
