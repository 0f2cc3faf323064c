"""``dbtune migrate``: a report's advice as migration files of the project's own tool."""

from __future__ import annotations

from pathlib import Path

import click

from dbtune.cli.terminal import current_terminal
from dbtune.migrate.flow import AUTO, Proposal, Wishes, propose
from dbtune.migrate.writing import write_all
from dbtune.report import json as json_report


@click.command("migrate")
@click.argument("report_file", metavar="REPORT", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--format",
    "form",
    default=AUTO,
    show_default=True,
    metavar="NAME",
    help="The tool; auto: the one that the folder shows.",
)
@click.option(
    "--dir",
    "folder",
    default=".",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="The project's folder (default: the working folder).",
)
@click.option(
    "--only", multiple=True, metavar="ID", help="Only this recommendation, by its id or the id's beginning. Repeatable."
)
@click.option("--app", metavar="LABEL", help="Django: the app for tables that no model has.")
@click.option("--dry-run", is_flag=True, help="Print the files and write nothing.")
def command(report_file: Path, form: str, folder: Path, only: tuple[str, ...], app: str | None, dry_run: bool) -> None:
    """Write migration files, up and down, from REPORT (a JSON report of dbtune analyze).

    One migration for each recommendation that changes the schema, in the form of the project's own tool, after the
    migrations that are there. What is there already is not written again.
    """
    terminal = current_terminal()
    report = json_report.read(report_file.read_bytes(), str(report_file))
    proposal = propose(report, Wishes(folder, form, only, app))
    if not dry_run:
        write_all(proposal.output.files)
    for file in proposal.output.files:
        click.echo(f"==> {file.path} <==\n{file.text}" if dry_run else str(file.path))
    for note in _notes(proposal, dry_run=dry_run):
        terminal.note(note)


def _notes(proposal: Proposal, *, dry_run: bool) -> list[str]:
    count = len(proposal.output.files)
    files = f"{count} file{'s' if count != 1 else ''}"
    notes = [f"{proposal.form.title}: {'would write' if dry_run else 'wrote'} {files}"]
    notes += [f"there already, not written again: {one.name} ({path})" for one, path in proposal.there]
    stopping = [one.name for one in proposal.plan.migrations if one.stops_writers]
    if stopping:
        notes.append(
            f"nobody can write to the table while these run: {', '.join(stopping)}; "
            "see in each file what makes the change in its place"
        )
    left_out = proposal.plan.of_one_server
    if left_out:
        notes.append(
            "left out, as they change one server and no schema (run their SQL there, or add --only ID): "
            + ", ".join(f"{one.title} ({one.id})" for one in left_out)
        )
    if proposal.plan.without_sql:
        notes.append(f"left out, as they hold no SQL: {proposal.plan.without_sql} of the report's recommendations")
    return [*notes, *proposal.output.notes]
