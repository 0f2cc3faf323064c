"""``dbtune digest`` as people run it: what it prints where, what it says of bad input, and how it stops."""

from __future__ import annotations

import bz2
import csv
import gzip
import json
import lzma
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import zstandard

from tests.cli.running import Run, clean_environment, dbtune

Here = Callable[..., Run]


def log(
    events: int = 30, *, day: str = "2024-05-01", user: str = "app", database: str = "shop", ms: float = 5.0
) -> str:
    """The text log of a Postgres server: a second and some milliseconds from one event to the next."""
    return "".join(
        f"{day} 10:{at // 60 % 60:02d}:{at % 60:02d}.123 UTC [{100 + at % 3}] {user}@{database} "
        f"LOG:  duration: {ms + at % 7:.3f} ms  statement: SELECT *\n\tFROM t{at % 4} WHERE secret = 'value {at}'\n"
        for at in range(events)
    )


def parsed(run: Run) -> dict[str, Any]:
    assert run.status == 0, run.err
    found: dict[str, Any] = json.loads(run.out)
    return found


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("packing", PACKED)
def test_files_pipes_and_standard_input_say_the_same(packing: str, tmp_path: Path, here: Here) -> None:
    content = PACKED[packing](log().encode())
    (tmp_path / "server.log").write_bytes(content)
    os.mkfifo(tmp_path / "pipe")
    writing = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(content))
    writing.start()
    of_file, of_pipe = (
        parsed(here("digest", "server.log", "--format", "json")),
        here("digest", "pipe", "--format", "json"),
    )
    writing.join()
    of_input = subprocess.run(
        [sys.executable, "-m", "dbtune", "digest", "-", "--format", "json"],
        input=content,
        capture_output=True,
        env=clean_environment(),
        check=True,
    )
    assert of_file["calls"] == 30
    assert of_file["sources"][0]["compression"] == (None if packing == "plain" else packing)
    for other in (parsed(of_pipe), json.loads(of_input.stdout)):
        assert {**other, "sources": ()} == {**of_file, "sources": ()}


def test_a_folder_with_other_files_in_it(tmp_path: Path, here: Here) -> None:
    folder = tmp_path / "log"
    (folder / "old").mkdir(parents=True)
    (folder / "a.log").write_text(log())
    (folder / "old" / "b.log.gz").write_bytes(gzip.compress(log(day="2024-04-30").encode()))
    (folder / "readme.txt").write_text("How to read these logs.\n")
    (folder / "core").write_bytes(os.urandom(100_000))
    (folder / "empty.log").touch()
    found = parsed(here("digest", "log", "--format", "json"))
    assert (found["calls"], len(found["sources"])) == (60, 2)
    assert {(Path(limit["what"]).name, limit["why"]) for limit in found["limits"]} == {
        ("readme.txt", "is no log that is known"),
        ("core", "is a binary file, not a log"),
        ("empty.log", "is empty"),
    }


@pytest.mark.parametrize(
    ("arguments", "calls"),
    [
        (["--since", "2024-05-01T10:00:10Z"], 20),
        (["--until", "2024-05-01T10:00:10Z"], 10),
        (["--user", "app,other"], 30),
        (["--database", "other"], 0),
        (["--match", r"FROM\s+t[01]\b"], 16),
        (["--top", "1"], 30),
    ],
)
def test_filters(arguments: list[str], calls: int, tmp_path: Path, here: Here) -> None:
    (tmp_path / "server.log").write_text(log())
    run = here("digest", "server.log", *arguments, "--format", "json")
    assert parsed(run)["calls"] == calls
    assert run.err == ("" if calls else "dbtune: none of the 30 events of the log passes --database\n")


def test_a_log_without_statements_says_what_to_turn_on(tmp_path: Path, here: Here) -> None:
    (tmp_path / "server.log").write_text(
        "2024-05-01 10:00:00.123 UTC [1] LOG:  database system is ready to accept connections\n"
        "2024-05-01 10:00:01.123 UTC [1] LOG:  checkpoint starting: time\n"
    )
    run = here("digest", "server.log")
    assert run.status == 0
    assert "log_min_duration_statement" in run.err


def test_no_literal_is_shown_unless_asked_for(tmp_path: Path, here: Here) -> None:
    (tmp_path / "server.log").write_text(log())
    outputs = ["out.json", "out.md", "out.csv", "out.txt"]
    files = [argument for name in outputs for argument in ("-o", name)]
    assert here("digest", "server.log", *files, "--quiet") == Run(0, "", "")
    assert all("value" not in (tmp_path / name).read_text() for name in outputs)
    assert "value" not in here("digest", "server.log", "-v").out
    assert here("digest", "server.log", *files, "--samples").status == 0
    for name in ("out.json", "out.md", "out.txt"):
        assert "secret = 'value" in (tmp_path / name).read_text()
    rows = list(csv.DictReader(StringIO((tmp_path / "out.csv").read_text())))
    assert [float(row["calls"]) for row in rows] == [8, 8, 7, 7]


def test_comparing_two_logs_and_two_halves(tmp_path: Path, here: Here) -> None:
    (tmp_path / "before.log").write_text(log(600))
    (tmp_path / "after.log").write_text(log(600, day="2024-05-02", ms=50))
    compared = parsed(here("digest", "after.log", "--compare", "before.log", "--format", "json"))
    split = parsed(here("digest", ".", "--split", "2024-05-02T00:00Z", "--format", "json"))
    for found in (compared, split):
        assert [change["kind"] for change in found["changes"]] == ["slower"] * 4
    assert "slower" in here("digest", "after.log", "--compare", "before.log").out


@pytest.mark.parametrize("columns", [40, 50, 80, 200])
def test_it_fits_the_terminal(columns: int, tmp_path: Path, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "server.log").write_text(log(600))
    monkeypatch.setenv("COLUMNS", str(columns))
    for arguments in ([], ["--samples"], ["-v"], ["--split", "2024-05-01T10:05Z"]):
        run = here("digest", "server.log", *arguments)
        assert run.status == 0
        assert max(map(len, run.out.splitlines())) <= columns
        assert "\x1b" not in run.out


def test_bytes_that_are_no_text_and_events_cut_in_half(tmp_path: Path, here: Here) -> None:
    whole = log().encode()
    cut = whole[len(whole) // 2 - 20 : -9]
    (tmp_path / "server.log").write_bytes(cut + b"\n\xff\xfe\x80 \xc3\n" + log(5, day="2024-05-02").encode())
    found = parsed(here("digest", "server.log", "--format", "json"))
    assert 18 <= found["calls"] <= 20
    (skipped,) = found["sources"][0]["skipped"]
    assert skipped["reason"] == "a line that belongs to no event"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.log", None, "no such file"),
        ("*.nothing", None, "no file matches"),
        ("empty.log", b"", "empty.log is empty"),
        ("core", bytes(range(256)) * 40, "binary file"),
        ("text.log", b"hello\n" * 99, "no log that is known; name its format with --log-format"),
        ("long.log", b"x" * 3_000_000, "no log that is known"),
        ("cells.csv", b'"' + b"x" * 200_000 + b'",b\r\n', "no log that is known"),
        ("return.csv", b"a,b\rc,d\n", "no log that is known"),
        ("short.gz", gzip.compress(log().encode(), mtime=0)[:12], "damaged"),
        ("wrong.gz", b"\x1f\x8bnothing", "damaged"),
    ],
)
def test_what_is_no_log_is_said_in_one_line(
    name: str, content: bytes | None, said: str, tmp_path: Path, here: Here
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert said in here("digest", name).assert_one_line_error(2)


def test_wrong_wishes_are_said_in_one_line(tmp_path: Path, here: Here) -> None:
    (tmp_path / "server.log").write_text(log())
    (tmp_path / "other.log").write_text(
        "# Time: 2024-05-01T10:00:00.000000Z\n# User@Host: app[app] @ localhost []  Id:     3\n"
        "# Query_time: 0.5  Lock_time: 0.0 Rows_sent: 1  Rows_examined: 2\nSET timestamp=1714557600;\nSELECT 1;\n"
    )
    os.mkfifo(tmp_path / "pipe")
    for arguments, said in [
        (["server.log", "other.log"], "read them one at a time"),
        (["server.log", "--log-format", "nothing"], "postgres-stderr"),
        (["server.log", "--log-format", "postgres-csv"], "leave --log-format out"),
        (["server.log", "--log-line-prefix", "%m ~ "], "--log-line-prefix"),
        (["server.log", "--match", "("], "no regular expression"),
        (["server.log", "--compare", "server.log", "--split", "2024-01-01"], "--compare and --split"),
        (["pipe", "--split", "2024-01-01"], "twice"),
        (["server.log", "-o", "digest.xml"], ".json"),
        (["server.log", "-o", "nowhere/digest.json"], "nowhere"),
    ]:
        assert said in here("digest", *arguments).assert_one_line_error(2)


def test_standard_input_that_is_closed() -> None:
    run = subprocess.run(
        f"{sys.executable} -m dbtune digest - <&-",
        shell=True,
        capture_output=True,
        text=True,
        env=clean_environment(),
        check=False,
    )
    assert Run(run.returncode, run.stdout, run.stderr).assert_one_line_error(2) == "standard input is closed"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another account to be")
def test_what_may_not_be_read(here: Here) -> None:
    with tempfile.TemporaryDirectory() as name:  # that of pytest is closed to other accounts
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "guarded").mkdir()
        for path in (folder / "server.log", folder / "guarded" / "server.log"):
            path.write_text(log())
        (folder / "guarded").chmod(0)
        arguments = (folder / "guarded", folder / "server.log", "--workers", "1", "--format", "json")
        assert parsed(here("digest", *arguments))["calls"] == 60  # all modules are loaded now
        os.seteuid(65534)
        try:
            refused, others = here("digest", arguments[0], *arguments[2:]), here("digest", *arguments)
        finally:
            os.seteuid(0)
        assert "Permission denied" in refused.assert_one_line_error(2)
        found = parsed(others)
        assert found["calls"] == 30
        assert [limit["what"] for limit in found["limits"]] == [str(folder / "guarded")]


def test_a_line_without_end_takes_no_more_memory(tmp_path: Path) -> None:
    with (tmp_path / "server.log").open("w") as file:
        file.write(log(5) + "2024-05-01 11:00:00.123 UTC [9] app@shop LOG:  duration: 5.000 ms  statement: SELECT '")
        for _ in range(100):
            file.write("x" * 1_000_000)
        file.write("'\n" + log(5))
    limited = (
        "import re, sys; from dbtune.cli.main import run; "
        "status = run(['digest', sys.argv[1], '--workers', '1', '--format', 'json']); "
        "print(re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read())[1], file=sys.stderr); sys.exit(status)"
    )
    run = subprocess.run(
        [sys.executable, "-c", limited, str(tmp_path / "server.log")],
        capture_output=True,
        text=True,
        env=clean_environment(),
        check=True,
    )
    found = json.loads(run.stdout)
    assert found["calls"] == 11
    assert [part["count"] for part in found["sources"][0]["skipped"]] == [1]
    assert int(run.stderr) < 250_000, "KiB"


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_stops_at_once_and_leaves_no_process(number: signal.Signals, status: int, tmp_path: Path) -> None:
    block = log(20_000)
    with (tmp_path / "server.log").open("w") as file:
        for _ in range(80):
            file.write(block)
    running = subprocess.Popen(
        [sys.executable, "-m", "dbtune", "digest", str(tmp_path / "server.log"), "--workers", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=clean_environment(),
        start_new_session=True,
    )
    time.sleep(1.5)
    # as Ctrl-C on a terminal does: to all processes of the group
    os.killpg(running.pid, number)
    out, err = running.communicate(timeout=30)
    Run(running.returncode, out, err).assert_one_line_error(status)
    with pytest.raises(ProcessLookupError):
        os.killpg(running.pid, 0)


def test_a_reader_that_goes_away(tmp_path: Path) -> None:
    (tmp_path / "server.log").write_text(log())
    run = subprocess.run(
        f"{sys.executable} -m dbtune digest server.log | head -1",
        shell=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=clean_environment(),
        check=True,
    )
    assert run.stdout.startswith("server.log: postgres-stderr")
    assert run.stderr == ""


def test_the_number_of_workers_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "server.log").write_text(log(2000))
    one, two = (dbtune("digest", "server.log", "--workers", n, "--format", "json", cwd=tmp_path) for n in ("1", "2"))
    assert one == two
