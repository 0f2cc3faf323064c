"""Programs that work in a server's folder: what is interrupted leaves neither a process nor the folder."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from dbtune.embedded.watchdog import Watchdog


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "server"
    made.mkdir()
    return made


def test_a_program_is_run_with_its_input(folder: Path) -> None:
    watchdog = Watchdog(folder)
    done = watchdog.run(["sh", "-c", "read word; echo $word >&2; exit 3"], b"hello\n", {"cwd": str(folder)})
    watchdog.end()
    assert (done.returncode, done.stderr) == (3, b"hello\n")
    assert not folder.exists()


@pytest.mark.parametrize("rest", ["exit 0", "sleep 60"], ids=["that has ended by then", "that goes on"])
def test_an_interrupted_program(folder: Path, rest: str) -> None:
    watchdog = Watchdog(folder)
    try:
        with pytest.raises(KeyboardInterrupt):
            watchdog.run(
                ["sh", "-c", f"echo $$ > pid; sleep 0.5; kill -INT {os.getpid()}; {rest}"],
                settings={"cwd": str(folder)},
            )
        number = int((folder / "pid").read_text())
        with pytest.raises(ProcessLookupError):
            os.kill(number, 0)
    finally:
        watchdog.end()
    assert not folder.exists()


def test_whoever_is_still_there_is_ended(folder: Path) -> None:
    watchdog = Watchdog(folder)
    left, gone = (subprocess.Popen(["sleep", "60"], start_new_session=True) for _ in range(2))
    try:
        watchdog.comes(left)
        watchdog.comes(gone)
        watchdog.goes(gone)
        watchdog.end()
        watchdog.end()
        assert left.wait(timeout=30) != 0
        assert gone.poll() is None
    finally:
        left.kill()
        gone.kill()
        left.wait()
        gone.wait()
    assert not folder.exists()
