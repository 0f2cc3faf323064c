"""What becomes of a report: compared with a baseline, shown, written, and turned into an exit status.

``analyze`` and ``check`` share the options and do the same with them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from dbtune.cli import inputs
from dbtune.cli.terminal import Terminal
from dbtune.model.errors import UsageError
from dbtune.model.recommendation import SEVERITIES, Report, Severity
from dbtune.model.snapshot import Server
from dbtune.report import baseline as baselines
from dbtune.report.files import check_writable, write_atomically
from dbtune.report.places import in_repository
from dbtune.report.registry import formats
from dbtune.report.terminal import render
from dbtune.rules.migration_rules import migration_rules
from dbtune.rules.registry import Rule

Command = TypeVar("Command", bound=Callable[..., Any])

FINDINGS = 1
"""Exit status where ``--fail-on`` is reached."""

FORMATS = ("terminal", "json", "markdown", "sql", "down-sql", "sarif", "github", "gitlab", "junit", "pull-request")

SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
"""Names the file to which GitHub's runner wants the job's summary appended."""


@dataclass(frozen=True)
class Results:
    """What the user wishes to become of the report, checked as far as it can be before the work."""

    outputs: inputs.Outputs = ()
    form: str | None = None
    fail_on: Severity | None = None
    baseline: tuple[Path, baselines.Baseline] | None = None
    write_baseline: Path | None = None

    @property
    def formats(self) -> frozenset[str]:
        """Names of those that are asked for, of files and of standard output."""
        named = {one.name for _, one in self.outputs}
        return frozenset(named if self.form is None else named | {self.form})

    def check_target(self, server: Server) -> None:
        """Raise UsageError where the baseline is of another database."""
        if self.baseline is not None:
            path, baseline = self.baseline
            baselines.check_same_database(baseline, path, server.dialect, server.database)

    def judge(
        self,
        report: Report,
        rules: Iterable[Rule],
        schemas: Collection[str],
        anchors: Sequence[str],
        ended_silences: tuple[str, ...],
    ) -> Report:
        """The report beside the baseline. ``rules``: those chosen, which looked at these schemas (none: at all).
        ``anchors``: files that the run read; the first that lies in the repository is the anchor."""
        judged = replace(
            report,
            # what is written down as known is no failure of this run
            fail_on=self.fail_on if self.baseline is not None or self.write_baseline is None else None,
            anchor=next((file for file in anchors if in_repository(file) is not None), ""),
            ended_silences=ended_silences,
        )
        if self.baseline is None:
            return judged
        path, baseline = self.baseline
        # what looks at changes sees nothing of a database, and the other way round
        looked = {rule.id for rule in rules if (rule.id in migration_rules()) == bool(report.checked)}
        return baselines.compare(judged, baseline, str(path), looked, schemas)

    def deliver(self, report: Report, terminal: Terminal) -> None:
        """Show and write the report, and leave with ``FINDINGS`` where it fails the run."""
        for line in report.ended_silences:
            terminal.note(line)
        _show(report, terminal, self.form, to_files=bool(self.outputs))
        for path, form in self.outputs:
            write_atomically(path, form.write(report))
            terminal.note(f"wrote {path}")
        if self.write_baseline is not None:
            write_atomically(self.write_baseline, baselines.text_of(baselines.of_report(report)))
            terminal.note(f"wrote {self.write_baseline}: {len(report.recommendations)} findings are known from now on")
        if any(report.fails(one) for one in report.recommendations):
            raise click.exceptions.Exit(FINDINGS)


def result_options(*, fail_on: Severity | None = None) -> Callable[[Command], Command]:
    """``-o``, ``--format``, ``--fail-on`` (by default that one), ``--baseline`` and ``--write-baseline``; the command
    gets them as ``results``."""

    def decorate(function: Command) -> Command:
        @wraps(function)
        def with_results(
            *arguments: Any,
            outputs: Sequence[Path],
            form: str | None,
            fail_on: Severity | None,
            baseline: Path | None,
            write_baseline: Path | None,
            **others: Any,
        ) -> Any:
            return function(*arguments, results=_opened(outputs, form, fail_on, baseline, write_baseline), **others)

        decorated: Callable[..., Any] = with_results
        for option in reversed(_options(fail_on)):
            decorated = option(decorated)
        return decorated  # type: ignore[return-value]  # its parameters become the command's

    return decorate


def _opened(
    outputs: Sequence[Path],
    form: str | None,
    fail_on: Severity | None,
    baseline: Path | None,
    write_baseline: Path | None,
) -> Results:
    opened = inputs.open_outputs(outputs, form)
    if write_baseline is not None:
        check_writable(write_baseline)
    return Results(
        opened, form, fail_on, None if baseline is None else (baseline, baselines.read(baseline)), write_baseline
    )


def _options(fail_on: Severity | None) -> list[Callable[[Command], Command]]:
    return [
        click.option(
            "-o",
            "--output",
            "outputs",
            multiple=True,
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Write the report to FILE, in the format of its ending: .json, .md, .sql (ways there and back), "
            ".down.sql (the way back), .txt; for CI .sarif, .junit.xml, .gitlab.json, .pr.md. Repeatable.",
        ),
        click.option(
            "--format",
            "form",
            type=click.Choice(FORMATS),
            help="Format on standard output, and of files whose ending names none.",
        ),
        click.option(
            "--fail-on",
            type=click.Choice(list(SEVERITIES)),
            default=fail_on,
            show_default=fail_on is not None,
            help="Exit with status 1 where a finding is of this severity or above, and not in the baseline.",
        ),
        click.option(
            "--baseline",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="A former JSON report, or a file of --write-baseline: what is in it is known, and does not fail.",
        ),
        click.option(
            "--write-baseline",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Write what is found to FILE, to be the --baseline of later runs.",
        ),
    ]


def _show(report: Report, terminal: Terminal, form: str | None, *, to_files: bool) -> None:
    """Print the report; under ``--quiet`` only where no file was asked for, or a format was."""
    if form not in (None, "terminal"):
        click.echo(formats()[str(form)].write(report), nl=False, color=True)
    elif form == "terminal" or not (terminal.quiet and to_files):
        render(report, terminal.console(), verbose=terminal.verbose)
    if form == "github":
        _append_summary(report)


def _append_summary(report: Report) -> None:
    file = os.environ.get(SUMMARY_VARIABLE)
    if not file:
        return
    from dbtune.report.pull_request import summary

    try:
        with Path(file).open("a", encoding="utf-8", newline="\n") as appended:
            appended.write(summary(report))
    except OSError as error:
        raise UsageError(f"{file} ({SUMMARY_VARIABLE}): {error.strerror}") from error
