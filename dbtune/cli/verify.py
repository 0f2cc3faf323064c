"""``dbtune verify``: what a report's advice is worth, measured on a copy of the database."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dbtune.cli import options, workloads
from dbtune.cli.terminal import Terminal, current_terminal
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.model.errors import UsageError
from dbtune.model.recommendation import Report
from dbtune.model.snapshot import Server
from dbtune.model.verification import Verification
from dbtune.report import json as json_report
from dbtune.report.files import check_writable, write_atomically
from dbtune.report.verification import as_json, render
from dbtune.report.wording import DIALECTS
from dbtune.verify.flow import VerifyOptions, verify
from dbtune.verify.measuring import Pace

CONTRADICTED = 1
"""Exit status where a statement is slower though the report promises that it is not."""

CONFIRM = (
    "dbtune verify builds indexes, locks tables and loads the server. "
    "Is {url} a copy of the database that nobody works on"
)


@click.command("verify")
@click.argument("url", envvar="DBTUNE_URL", metavar="URL")
@click.argument("report_file", metavar="REPORT", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@workloads.workload_options
@click.option("--staging", is_flag=True, help="URL is a copy of the database: it may be written to, locked and loaded.")
@click.option(
    "--force", is_flag=True, help="Also where other sessions are on the database, or the server has replicas."
)
@click.option(
    "--runs",
    type=click.IntRange(min=1),
    default=Pace.runs,
    show_default=True,
    help="Timed runs of each statement at most, without and with the advice.",
)
@click.option(
    "--time-limit", type=options.Duration(), default="60s", show_default=True, help="A run is ended after this time."
)
@click.option(
    "--with-writes", is_flag=True, help="Postgres: run statements that write, too; what they write is rolled back."
)
@click.option(
    "-o",
    "--output",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write all figures to FILE as JSON. Repeatable.",
)
@click.option(
    "--format", "form", type=click.Choice(["terminal", "json"]), default="terminal", help="Format on standard output."
)
def command(
    url: str,
    report_file: Path,
    wishes: workloads.WorkloadWishes,
    staging: bool,
    force: bool,
    runs: int,
    time_limit: float,
    with_writes: bool,
    files: tuple[Path, ...],
    form: str,
) -> None:
    """Measure a report's advice on a staging copy: predicted against real.

    Builds the indexes of REPORT (a JSON report of dbtune analyze) on the database at URL, runs the statements without
    and with them in turn, prints what was predicted beside what was measured, and drops what it built.

    A report holds no values, so the statements' texts come from the --workload files and --log logs that it was made
    of. They run in read-only transactions. On MySQL and MariaDB statements that write are planned only.

    The one command that writes to the database: it asks before, or wants --staging. Exit status 1 where a plan that
    the report calls safe is more than 1.2 times slower.
    """
    terminal = current_terminal()
    target = parse_target(url)
    if not isinstance(target, DatabaseUrl):
        raise UsageError(f"{url}: verify needs the URL of a database, not a file")
    for path in files:
        check_writable(path)
    report = json_report.read(report_file.read_bytes(), str(report_file))
    _require_confirmation(target, staging=staging)
    wanted = VerifyOptions(Pace(runs=runs, limit_ms=time_limit * 1000), writes=with_writes, force=force)
    with terminal.progress() as progress:
        # logs are those of the database that the report is about, whatever the copy is called
        told = report.target
        server = Server(target.dialect, told.server_version, 0, told.database)
        workload = workloads.given_workload(wishes, server, progress)
        found = verify(target, report, workload, wanted, progress)
    _show(found, report, terminal, form, files)
    if found.contradicted:
        raise click.exceptions.Exit(CONTRADICTED)


def _require_confirmation(url: DatabaseUrl, *, staging: bool) -> None:
    """By the option, or by a person's answer. Raises UsageError without either."""
    if staging:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            "verify builds indexes and locks tables: say with --staging that URL is a copy of the database"
        )
    if not click.confirm(CONFIRM.format(url=url), err=True):
        raise UsageError("not a copy, so nothing was done")


def _show(found: Verification, report: Report, terminal: Terminal, form: str, files: tuple[Path, ...]) -> None:
    if form == "json":
        click.echo(as_json(found), nl=False)
    elif not (terminal.quiet and files):
        render(found, terminal.console(), verbose=terminal.verbose)
    for path in files:
        write_atomically(path, as_json(found))
        terminal.note(f"wrote {path}")
    if found.server_version.split(".")[0] != report.target.server_version.split(".")[0]:
        server = DIALECTS.get(found.dialect, found.dialect)
        terminal.note(
            f"the copy runs {server} {found.server_version}, the report is for {report.target.server_version}: "
            "its plans may be others"
        )
