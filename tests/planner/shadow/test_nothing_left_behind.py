"""However dbtune ends, the shadow's processes and folder go."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

OWNER = """
import sys, time
from tests.planner.shadow.test_what_is_missing import SNAPSHOT
from dbtune.planner.shadow.shadow import ShadowPlanner
with ShadowPlanner.open(SNAPSHOT) as planner:
    address = planner._host.connection.info
    print(address.host, planner._host.connection.execute(b"SHOW data_directory").fetchall()[0][0], flush=True)
    {then}
"""


def owner(then: str) -> tuple[subprocess.Popen[str], Path, int]:
    """A process that has opened a shadow; the shadow's folder and its server's process id."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER.format(then=then)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdout is not None
    line = process.stdout.readline().split()
    assert line, process.communicate()[1]
    data = Path(line[1])
    return process, data.parent, int((data / "postmaster.pid").read_text().split()[0])


def gone(folder: Path, server: int, seconds: float = 15.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not folder.exists() and not Path(f"/proc/{server}").exists():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda n: n.name)
def test_after_a_signal(number: signal.Signals) -> None:
    process, folder, server = owner("time.sleep(60)")
    assert folder.exists()
    os.kill(process.pid, number)
    process.communicate(timeout=20)
    assert gone(folder, server)


@pytest.mark.parametrize("then", ["pass", "raise SystemExit(3)", "raise ValueError('x')"])
def test_after_an_end(then: str) -> None:
    process, folder, server = owner(then)
    process.communicate(timeout=20)
    assert gone(folder, server)
