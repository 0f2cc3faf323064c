"""How fast logs are read, in how much memory, and whether all is counted: dbtune, pt-query-digest, pgBadger in one run.

``python benchmarks/digest.py [--megabytes 300] [--rounds 3] [-o docs/digest-benchmark.md]``. The peers are the Debian
packages percona-toolkit and pgbadger (``apt-get install percona-toolkit pgbadger``); one that is not installed is left
out. They read a smaller log of the same kind, since they are slower by far. Rounds of all tools alternate; the table
has the median. "1 core" is bound to one processor (``taskset``).
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import dbtune

sys.path.insert(0, str(Path(__file__).parent))
from digest_logs import write

POLL_SECONDS = 0.05

PEERS_SHARE = 0.05
"""Of the log, for tools that are slower by far."""

ONE_CORE = ("taskset", "-c", "0")


@dataclass(frozen=True)
class Run:
    """One run of a tool: wall time, and the most memory that one of its processes and all together had, in MB."""

    seconds: float
    largest_mb: float
    together_mb: float


def measured(command: Sequence[str], stdout: Path) -> Run:
    """Run a command, its output to a file; memory is the resident set that the kernel reports, sampled."""
    start = time.perf_counter()
    with stdout.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL)
        peaks: dict[int, float] = {}
        together = [0.0]
        done = threading.Event()

        def watch() -> None:
            while not done.wait(POLL_SECONDS):
                now = {pid: _resident_mb(pid) for pid in _family(process.pid)}
                together[0] = max(together[0], sum(now.values()))
                for pid, size in now.items():
                    peaks[pid] = max(peaks.get(pid, 0.0), size)

        watcher = threading.Thread(target=watch)
        watcher.start()
        status = process.wait()
        seconds = time.perf_counter() - start
        done.set()
        watcher.join()
    if status:
        raise SystemExit(f"{' '.join(command)} failed with status {status}")
    return Run(seconds, max(peaks.values(), default=0.0), together[0])


def _family(pid: int) -> list[int]:
    """A process and those below it."""
    found = [pid]
    with suppress(OSError):  # it may have ended meanwhile
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            found += [one for child in task.read_text().split() for one in _family(int(child))]
    return found


def _resident_mb(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    line = next((line for line in status.splitlines() if line.startswith("VmRSS")), "VmRSS: 0 kB")
    return int(line.split()[1]) / 1000


@dataclass(frozen=True)
class Tool:
    """A tool with its settings, and how much of the log it is given."""

    name: str
    command: tuple[str, ...]
    fraction: float = 1.0


def tools(form: str, out: Path) -> list[Tool]:
    """The tools that read the format and are here."""
    dbtune = (sys.executable, "-m", "dbtune", "digest", "--format", "json", "--workers")
    found = [Tool("dbtune, 1 core", (*ONE_CORE, *dbtune, "1")), Tool("dbtune, 2 processes", (*dbtune, "2"))]
    if form in ("mysql-slow", "percona-slow") and shutil.which("pt-query-digest"):
        command = ("pt-query-digest", "--limit", "100%", "--output", "json", "--no-version-check")
        found.append(Tool("pt-query-digest", command, PEERS_SHARE))
    if form.startswith("postgres") and shutil.which("pgbadger"):
        kind = {"postgres-stderr": "stderr", "postgres-csv": "csv", "postgres-json": "jsonlog"}[form]
        prefix = ("-p", "%m [%p] %q%u@%d ") if kind == "stderr" else ()
        for jobs in ("1", "2"):
            command = (
                "pgbadger",
                "-f",
                kind,
                *prefix,
                "-j",
                jobs,
                "-q",
                "-x",
                "json",
                "-o",
                str(out / "pgbadger.json"),
            )
            found.append(Tool(f"pgBadger, -j {jobs}", command, PEERS_SHARE))
    return found


def check(path: Path, written: Counter[int], *, new: bool) -> str:
    """Whether the digest counted every call; raises SystemExit where it did not."""
    made = json.loads(path.read_text())
    calls = sum(written.values())
    if made["calls"] != calls:
        raise SystemExit(f"{calls} calls were written, {made['calls']} were counted")
    if new:
        return f"{len(made['statements']):,} told apart, all {calls:,} calls counted"
    counted = sorted(one["calls"] for one in made["statements"])
    if counted != sorted(written.values()):
        raise SystemExit("calls by statement differ from what was written")
    return f"{len(counted)} of {len(written)}, every call"


def compared(megabytes: float, rounds: int, folder: Path) -> list[str]:
    """The table of all formats and tools."""
    lines = [
        "| log | tool | MB/s | seconds | largest process, MB | all processes, MB | statements |",
        "|---|---|--:|--:|--:|--:|---|",
    ]
    for form in ("mysql-slow", "percona-slow", "postgres-stderr", "postgres-csv", "postgres-json"):
        whole, part = folder / f"{form}.log", folder / f"{form}.part.log"
        written = write(str(whole), form, megabytes)
        write(str(part), form, megabytes * PEERS_SHARE)
        runs: dict[str, list[Run]] = {}
        sizes: dict[str, float] = {}
        said: dict[str, str] = {}
        for _ in range(rounds):
            for tool in tools(form, folder):
                log = whole if tool.fraction == 1.0 else part
                out = folder / "out.json"
                runs.setdefault(tool.name, []).append(measured((*tool.command, str(log)), out))
                sizes[tool.name] = log.stat().st_size / 1e6
                said[tool.name] = check(out, written, new=False) if tool.name.startswith("dbtune") else ""
        for name, found in runs.items():
            lines.append(_row(form, name, sizes[name], found, said[name]))
        whole.unlink()
        part.unlink()
    return lines


def _row(form: str, name: str, size: float, runs: Sequence[Run], said: str) -> str:
    seconds = statistics.median(run.seconds for run in runs)
    largest = max(run.largest_mb for run in runs)
    together = max(run.together_mb for run in runs)
    return f"| {form} | {name} | {size / seconds:.1f} | {seconds:.1f} | {largest:.0f} | {together:.0f} | {said} |"


def memory(sizes: Sequence[float], folder: Path) -> list[str]:
    """The table of memory by size, and where every statement is new."""
    lines = ["| log | MB | MB/s, 1 core | largest process, MB | statements |", "|---|--:|--:|--:|---|"]
    command = (*ONE_CORE, sys.executable, "-m", "dbtune", "digest", "--format", "json", "--workers", "1")
    for form in ("mysql-slow", "postgres-stderr"):
        for new in (False, True):
            for size in sizes:
                log, out = folder / "log", folder / "out.json"
                written = write(str(log), form, size, new=new)
                run = measured((*command, str(log)), out)
                kind = "every statement new" if new else f"{len(written)} statements"
                megabytes = log.stat().st_size / 1e6
                lines.append(
                    f"| {form}, {kind} | {megabytes:.0f} | {megabytes / run.seconds:.1f} | {run.largest_mb:.0f} "
                    f"| {check(out, written, new=new)} |"
                )
                log.unlink()
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", type=float, nargs="*", default=[20, 100, 300, 1000])
    parser.add_argument("-o", "--output", type=Path)
    wishes = parser.parse_args()
    # as an installed package is
    compileall.compile_dir(str(Path(dbtune.__file__).parent), quiet=1)
    missing = [name for name in ("pt-query-digest", "pgbadger") if not shutil.which(name)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts = [
            "# Reading logs: speed, memory, and what is counted",
            "",
            "Made by `python benchmarks/digest.py`, which writes the logs and knows what is in them.",
            f"{os.cpu_count()} processors, {wishes.megabytes:.0f} MB a log (the peers read a twentieth), median of "
            f"{wishes.rounds} rounds, memory the most of any round. MB are millions of bytes.",
            *([f"Not installed, and so left out: {', '.join(missing)}."] if missing else []),
            "",
            *compared(wishes.megabytes, wishes.rounds, folder),
            "",
            "## Memory by size",
            "",
            *memory(wishes.sizes, folder),
        ]
    text = "\n".join(parts) + "\n"
    print(text)
    if wishes.output:
        wishes.output.write_text(text)


if __name__ == "__main__":
    main()
