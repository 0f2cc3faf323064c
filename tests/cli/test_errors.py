"""Exit statuses, the one line, and the crash file without anything of the user's."""

from __future__ import annotations

import os
import re
import signal
import tempfile
from pathlib import Path

import click
import psycopg
import pytest

from dbtune.cli.errors import Terminated, did_you_mean, report, termination_as_interrupt
from dbtune.model.errors import ConnectionFailed, SnapshotError, UsageError


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (UsageError("the file is\nempty"), 2, "the file is empty"),
        (SnapshotError("newer"), 2, "newer"),
        (ConnectionFailed("nothing listens at \x1b[31mhost"), 3, "nothing listens at [31mhost"),
        (click.UsageError("no such thing"), 2, "no such thing"),
        (KeyboardInterrupt(), 130, "interrupted; nothing was left behind"),
        (Terminated(), 143, "terminated; nothing was left behind"),
        (
            psycopg.OperationalError("server closed the connection"),
            3,
            "the server ended the session: server closed the connection",
        ),
    ],
)
def test_each_way_out_is_one_line_and_a_status(
    error: BaseException, status: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(error, []) == status
    assert capsys.readouterr().err == f"dbtune: error: {words}\n"


def test_exits_pass_through(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(click.exceptions.Exit(1), []) == 1
    assert report(SystemExit(7), []) == 7
    assert report(SystemExit(None), []) == 0
    assert capsys.readouterr() == ("", "")


def test_the_crash_file_tells_our_side_only(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    try:
        try:
            raise ValueError("cannot read 'alice@example.com' of 4711 in postgresql://bob:s3cret@host/db")
        except ValueError as inner:
            raise RuntimeError('no "Bobby Tables" here') from inner
    except RuntimeError as error:
        arguments = ["explain", "postgresql://bob:s3cret@host/db", "SELECT 'alice'", "--planner=shadow", "-o", "x.md"]
        assert report(error, arguments) == 4
    line = capsys.readouterr().err
    found = re.fullmatch(r"dbtune: error: internal error \(RuntimeError\); the file to send: (.*)\n", line)
    assert found is not None
    written = Path(found[1]).read_text(encoding="utf-8")
    assert "test_errors.py" in written  # the traceback
    assert "RuntimeError: no … here" in written
    assert "ValueError: cannot read … of … in postgresql://bob:***@host/db" in written
    assert "command: dbtune explain … … --planner=… -o …" in written
    source_lines_aside = "\n".join(line for line in written.splitlines() if "raise " not in line)
    for secret in ("s3cret", "alice", "4711", "Bobby"):
        assert secret not in source_lines_aside
    assert Path(found[1]).stat().st_mode & 0o077 == 0


def test_did_you_mean() -> None:
    assert did_you_mean("anlyze", ["analyze", "collect"]) == "; did you mean 'analyze'?"
    assert did_you_mean("xyz", ["b", "a"]) == "; known: a, b"


def test_sigterm_unwinds_the_stack() -> None:
    with pytest.raises(Terminated), termination_as_interrupt():
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
