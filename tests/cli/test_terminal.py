"""Progress: on a terminal only, for long work only, and gone when it is done."""

from __future__ import annotations

import time
from io import StringIO

import pytest
from rich.console import Console

from dbtune.cli import terminal as terminal_module
from dbtune.cli.terminal import MovingProgress, Terminal
from dbtune.model.progress import NoProgress


def moving() -> tuple[MovingProgress, StringIO]:
    text = StringIO()
    return MovingProgress(Console(file=text, force_terminal=True, width=80)), text


def test_short_work_shows_nothing() -> None:
    progress, text = moving()
    progress.step("reading [bold]x[/bold]", 1, 2)
    progress.stop()
    assert text.getvalue() == ""


def test_long_work_shows_itself_without_another_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal_module, "PATIENCE_SECONDS", 0.05)
    progress, text = moving()
    progress.step("reading [bold]x[/bold]", 1, 2)
    time.sleep(0.4)
    progress.stop()
    assert "reading [bold]x[/bold]" in text.getvalue()
    assert "1/2" in text.getvalue()
    assert text.getvalue().endswith("\x1b[2K")  # the line is erased


def test_the_line_makes_room_for_output_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal_module, "PATIENCE_SECONDS", 0.01)
    progress, text = moving()
    progress.step("working")
    time.sleep(0.3)
    progress.hide()
    assert text.getvalue().endswith("\x1b[2K")
    shown = len(text.getvalue())
    time.sleep(0.3)
    assert len(text.getvalue()) == shown
    progress.show()
    time.sleep(0.3)
    progress.stop()
    assert "working" in text.getvalue()[shown:]
    progress.show()  # after the end there is nothing to show
    assert text.getvalue().endswith("\x1b[2K")


def test_a_pipe_gets_lines_only_when_it_asks_for_them(capsys: pytest.CaptureFixture[str]) -> None:
    with Terminal().progress() as progress:
        assert isinstance(progress, NoProgress)
    with Terminal(quiet=True, verbose=True).progress() as progress:
        assert isinstance(progress, NoProgress)
    with Terminal(verbose=True).progress() as progress:
        progress.step("one", 1, 2)
        progress.step("one", 2, 2)
        progress.step("two\x1b[31m")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert [line.split("] ", 1)[1] for line in captured.err.splitlines()] == ["one", "two[31m"]


def test_notes_are_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal().note("wrote x\x1b[31m")
    Terminal(quiet=True).note("wrote y")
    assert capsys.readouterr().err == "dbtune: wrote x[31m\n"
