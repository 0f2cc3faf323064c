"""Where output goes: what was asked for to standard output, everything else to standard error."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from dbtune.model.progress import NoProgress, Progress
from dbtune.report.text import one_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

PATIENCE_SECONDS = 1.0
"""Work shorter than this shows no progress."""


class Terminal:
    """The user's wishes about output (``--quiet``, ``--verbose``, ``--no-color``) and the two streams."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False, color: bool = True) -> None:
        self.quiet = quiet
        self.verbose = verbose
        self.color = color
        self._moving: MovingProgress | None = None

    def console(self, *, stderr: bool = False) -> Console:
        """A rich console on standard output (or standard error); NO_COLOR, TERM and the width are rich's to honour."""
        from rich.console import Console

        system = "auto" if self.color else None
        return Console(stderr=stderr, color_system=system, highlight=False, emoji=False, markup=False)  # type: ignore[arg-type]

    def note(self, text: str) -> None:
        """A line for people on standard error; silent under ``--quiet``."""
        if not self.quiet:
            click.echo(f"dbtune: {one_line(text)}", err=True)

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """Progress for the work of the block: moving on a terminal, plain lines under ``--verbose``, else nothing."""
        if self.quiet:
            yield NoProgress()
        elif self.verbose:
            yield PlainProgress()
        elif sys.stderr.isatty():
            self._moving = MovingProgress(self.console(stderr=True))
            try:
                yield self._moving
            finally:
                self._moving.stop()
                self._moving = None
        else:
            yield NoProgress()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Within ``progress``: take the moving line away while the block prints to standard output."""
        moving = self._moving
        if moving is not None:
            moving.hide()
        yield
        if moving is not None:
            moving.show()


class PlainProgress:
    """One line on standard error for each new step, with the seconds since the start."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._last = ""

    def step(self, text: str, done: int | None = None, total: int | None = None) -> None:
        if text != self._last:
            self._last = text
            click.echo(f"dbtune: [{time.monotonic() - self._start:6.1f} s] {one_line(text)}", err=True)


class MovingProgress:
    """A line that moves, shown once the work has lasted ``PATIENCE_SECONDS`` and gone when it is done."""

    def __init__(self, console: Console) -> None:
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        self._progress: RichProgress = RichProgress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task: TaskID = self._progress.add_task("", total=None)
        self._lock = threading.Lock()
        self._stopped = False
        # a timer and not the next step: one long step must show itself too
        self._timer = threading.Timer(PATIENCE_SECONDS, self.show)
        self._timer.daemon = True
        self._timer.start()

    def step(self, text: str, done: int | None = None, total: int | None = None) -> None:
        counted = f" {done:,}/{total:,}" if done is not None and total is not None else ""
        self._progress.update(self._task, description=one_line(text) + counted, completed=done or 0, total=total)

    def show(self) -> None:
        """Show the line, unless the work is done."""
        with self._lock:
            if not self._stopped:
                self._progress.start()

    def hide(self) -> None:
        """Take the line away until ``show``."""
        with self._lock:
            self._progress.stop()

    def stop(self) -> None:
        """Take the line away for good."""
        self._timer.cancel()
        with self._lock:
            self._stopped = True
            self._progress.stop()


def current_terminal() -> Terminal:
    """The running command's terminal; a plain one where a command is run without the ``dbtune`` group."""
    context = click.get_current_context(silent=True)
    found = context.find_object(Terminal) if context is not None else None
    return found if found is not None else Terminal()
