"""Whoever reads the pieces: the same result, to the last count."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import dbtune.logs.cutting as cutting
from dbtune.logs.digesting import DigestOptions, digest
from dbtune.logs.executors import available_workers, open_executor
from dbtune.logs.executors.base import Executor
from dbtune.model.digest import Digest
from dbtune.model.errors import ConnectionFailed, UsageError
from dbtune.model.progress import NoProgress


def square(number: int) -> int:
    return number * number


def fail(number: int) -> int:
    raise UsageError(f"no piece {number}")


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a scheduler with two workers, each a process."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as running:
        yield running.scheduler_address


@pytest.fixture(scope="module", params=["serial", "processes", "dask"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    address = request.getfixturevalue("cluster") if request.param == "dask" else None
    with closing(open_executor(1 if request.param == "serial" else 2, address)) as opened:
        yield opened


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two logs of about 3 MB with many statements, some of them in loops and some failing."""
    folder = tmp_path_factory.mktemp("logs")
    for name, seed in (("a.log", 1), ("b.log", 2)):
        lines = []
        for at in range(18_000):
            clock = f"10:{at // 600 % 60:02d}:{at // 10 % 60:02d}.{at % 1000:03d}"
            moment = f"2024-05-0{seed} {clock} UTC [{at // 50}] app@shop "
            statement = f"SELECT * FROM t{at * seed % 400} WHERE a = {at} AND b = 'x{at}'"
            if at % 97 == 0:
                lines.append(f"{moment}ERROR:  it went wrong\n{moment}STATEMENT:  {statement}\n")
            lines.append(f"{moment}LOG:  duration: {at * 7919 % 5000 / 10:.3f} ms  statement: {statement}\n")
        (folder / name).write_text("".join(lines))
    return [str(folder / "a.log"), str(folder / "b.log")]


def test_results_come_in_the_order_of_the_pieces(executor: Executor) -> None:
    assert list(executor.map(square, range(50))) == [number * number for number in range(50)]
    assert list(executor.map(square, [])) == []


def test_an_error_comes_out_as_it_was(executor: Executor) -> None:
    with pytest.raises(UsageError, match="no piece 3"):
        list(executor.map(fail, [3]))


@pytest.fixture(scope="module")
def expected(logs: list[str]) -> Digest:
    return digest(logs, DigestOptions(samples=3), open_executor(1), NoProgress())


def test_the_digest_is_the_same_to_the_last_count(executor: Executor, logs: list[str], expected: Digest) -> None:
    assert digest(logs, DigestOptions(samples=3), executor, NoProgress()) == expected
    assert expected.calls == 36_000 + 2 * 186
    assert expected.errors == 2 * 186


def test_small_pieces_count_what_one_counts(logs: list[str], expected: Digest, monkeypatch: pytest.MonkeyPatch) -> None:
    default = cutting.pieces_of.__defaults__
    monkeypatch.setattr(cutting.pieces_of, "__defaults__", (400_000,))
    with closing(open_executor(2)) as executor:
        found = digest(logs, DigestOptions(samples=3), executor, NoProgress())
    assert default is not None

    def facts(made: Digest) -> list[object]:
        return sorted(
            (one.fingerprint, one.calls, round(one.total_ms or 0, 6), one.max_ms, one.errors) for one in made.statements
        )

    assert facts(found) == facts(expected)
    assert [slot.calls for slot in found.timeline] == [slot.calls for slot in expected.timeline]
    assert [source.events for source in found.sources] == [source.events for source in expected.sources]


def test_a_scheduler_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dbtune.logs.executors.dask.CONNECT_SECONDS", 1)
    with pytest.raises(ConnectionFailed, match="no Dask scheduler answers"):
        open_executor(1, "tcp://127.0.0.1:9")


def test_without_dask_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"dbtune\[dask\]"):
        open_executor(1, "tcp://127.0.0.1:9")


def test_a_worker_that_dies_is_said(tmp_path: Path) -> None:
    program = (
        "import os\nfrom dbtune.logs.executors import open_executor\nfrom dbtune.model.errors import UsageError\n"
        "executor = open_executor(2)\n"
        "try:\n    list(executor.map(os._exit, [3]))\nexcept UsageError as error:\n    print(error)\n"
        "finally:\n    executor.close()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert "a worker process ended unexpectedly" in done.stdout, done.stderr


def test_there_is_a_worker() -> None:
    assert available_workers() >= 1
