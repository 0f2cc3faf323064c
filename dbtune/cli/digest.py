"""``dbtune digest``: slow-query logs in, what takes the time out. No database needed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from dbtune.cli import options
from dbtune.cli.terminal import Terminal, current_terminal
from dbtune.logs.comparing import compare
from dbtune.logs.digesting import DigestOptions, digest
from dbtune.logs.executors import available_workers, open_executor
from dbtune.logs.executors.base import Executor
from dbtune.logs.pieces import STANDARD_INPUT
from dbtune.logs.sources import is_stream
from dbtune.model.digest import Digest
from dbtune.model.errors import UsageError
from dbtune.model.progress import Progress
from dbtune.report.digest.registry import DigestFormat, View, digest_format_for, digest_formats
from dbtune.report.digest.terminal import render
from dbtune.report.files import check_writable, write_atomically
from dbtune.rules.log_rules import find

SAMPLES = 5
"""Executions of each statement that ``--samples`` shows, beside the slowest."""


def _log_format_options(function: options.Command) -> options.Command:
    for option in reversed(options.log_format_options):
        function = option(function)
    return function


@click.command("digest")
@click.argument("logs", nargs=-1, required=True, metavar="LOG...")
@_log_format_options
@click.option("--top", type=click.IntRange(min=1), metavar="N", help="Only the N statements that take the most time.")
@click.option("--since", type=options.PointInTime(), help="Only what was logged at or after TIME.")
@click.option("--until", type=options.PointInTime(), help="Only what was logged before TIME.")
@click.option("--user", "users", type=options.Names("NAME,..."), default=(), help="Only these users.")
@click.option("--database", "databases", type=options.Names("NAME,..."), default=(), help="Only these databases.")
@click.option("--host", "hosts", type=options.Names("NAME,..."), default=(), help="Only these hosts.")
@click.option("--match", metavar="REGEX", help="Only statements in which this regular expression is found.")
@click.option(
    "--compare",
    "older",
    multiple=True,
    metavar="LOG",
    help="Compare with an earlier log: what is new, gone, slower, faster. Repeatable.",
)
@click.option("--split", type=options.PointInTime(), help="Compare what was logged from TIME on with what was before.")
@click.option("--samples", is_flag=True, help="Show executions with their literals; without it, no literal is shown.")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Processes that read; by default, one a core.")
@click.option("--cluster", metavar="ADDRESS", help="A Dask scheduler whose workers read: tcp://host:8786.")
@click.option(
    "-o",
    "--output",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the digest to FILE, in the format of its ending: .json, .md, .csv, .txt. Repeatable.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["terminal", "json", "markdown", "csv"]),
    help="Format on standard output, and of files whose ending names none.",
)
def command(
    logs: Sequence[str],
    log_format: str | None,
    log_line_prefix: str | None,
    top: int | None,
    since: datetime | None,
    until: datetime | None,
    users: tuple[str, ...],
    databases: tuple[str, ...],
    hosts: tuple[str, ...],
    match: str | None,
    older: Sequence[str],
    split: datetime | None,
    samples: bool,
    workers: int | None,
    cluster: str | None,
    files: Sequence[Path],
    form: str | None,
) -> None:
    """What takes the time, from slow-query logs alone: no database needed.

    LOG is a file, a folder, a pattern, or - for standard input, compressed or not: slow and general query logs of MySQL
    and MariaDB, logs of Postgres in any form, exported statement statistics, files of SQL. The format is recognised.
    Literals of the statements stay in memory unless --samples asks for them.
    """
    terminal = current_terminal()
    outputs = _outputs(files, form)
    if older and split is not None:
        raise UsageError("--compare and --split: one of them says what to compare with")
    wishes = DigestOptions(
        log_format=log_format,
        log_line_prefix=log_line_prefix,
        since=None if since is None else since.timestamp(),
        until=None if until is None else until.timestamp(),
        users=users,
        databases=databases,
        hosts=hosts,
        match=match,
        samples=SAMPLES if samples else 0,
    )
    with closing(open_executor(workers or available_workers(), cluster)) as executor, terminal.progress() as progress:
        before, after = _digests(logs, older, split, wishes, executor, progress)
    if not after.calls:
        terminal.note(_nothing(after, wishes))
    view = View(
        replace(after, findings=find(after)),
        None if before is None else compare(before, after),
        top=top,
        samples=samples,
        verbose=terminal.verbose,
    )
    _show(view, terminal, form, to_files=bool(outputs))
    for path, digest_form in outputs:
        write_atomically(path, digest_form.write(view))
        terminal.note(f"wrote {path}")


def _nothing(made: Digest, wishes: DigestOptions) -> str:
    """Why the digest is empty, as far as can be said."""
    events = sum(source.events for source in made.sources)
    if not events:
        return (
            "there is no statement in the log: Postgres writes them where log_min_duration_statement is 0 or more, "
            "MySQL where slow_query_log is on"
        )
    names = ("since", "until", "users", "databases", "hosts", "match")
    given = [f"--{name.removesuffix('s') if name != 'since' else name}" for name in names if getattr(wishes, name)]
    return f"none of the {events:,} events of the log passes {' and '.join(given)}" if given else "nothing was called"


def _outputs(files: Sequence[Path], fallback: str | None) -> tuple[tuple[Path, DigestFormat], ...]:
    outputs = tuple((path, digest_format_for(path, fallback)) for path in files)
    for path, _ in outputs:
        check_writable(path)
    return outputs


def _digests(
    logs: Sequence[str],
    older: Sequence[str],
    split: datetime | None,
    wishes: DigestOptions,
    executor: Executor,
    progress: Progress,
) -> tuple[Digest | None, Digest]:
    """What to compare with, if anything, and the digest itself."""
    if split is not None:
        once = next((name for name in logs if is_stream(name)), None)
        if once is not None:
            what = "standard input" if once == STANDARD_INPUT else once
            raise UsageError(f"--split reads the logs twice, which {what} cannot be; name a file")
        before = digest(logs, replace(wishes, until=split.timestamp()), executor, progress)
        return before, digest(logs, replace(wishes, since=split.timestamp()), executor, progress)
    after = digest(logs, wishes, executor, progress)
    return (digest(older, wishes, executor, progress) if older else None), after


def _show(view: View, terminal: Terminal, form: str | None, *, to_files: bool) -> None:
    """Print the digest; under ``--quiet`` only where no file was asked for, or a format was."""
    if form not in (None, "terminal"):
        click.echo(digest_formats()[str(form)].write(view), nl=False, color=True)
    elif form == "terminal" or not (terminal.quiet and to_files):
        render(view, terminal.console())
