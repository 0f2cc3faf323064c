"""A report as a picture of a terminal, for the README: ``python -m dbtune.report.picture report.json report.svg``."""

from __future__ import annotations

import re
from dataclasses import replace
from io import StringIO
from pathlib import Path

import click
from rich.console import Console

from dbtune.model.recommendation import Report
from dbtune.report.files import write_atomically
from dbtune.report.json import read
from dbtune.report.terminal import render
from dbtune.report.wording import plural

WIDTH = 110


def picture(report: Report, title: str, first: int | None = None) -> str:
    """The short report as SVG, ``WIDTH`` columns wide; the same report always gives the same text.

    ``first``: only so many recommendations, the first ones; what is left out is said.
    """
    left_out = len(report.recommendations[first:]) if first is not None else 0
    if left_out:
        report = replace(report, recommendations=report.recommendations[:first])
        title = f"{title} (and {plural(left_out, 'more recommendation')})"
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True, color_system="truecolor")
    render(report, console)
    # the font would be fetched from the network where the picture is shown
    svg = console.export_svg(title=title, unique_id="dbtune")
    return re.sub(r"@font-face\s*\{.*?\}\s*", "", svg, flags=re.DOTALL)


@click.command()
@click.argument("report_file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("svg_file", type=click.Path(path_type=Path))
@click.option("--title", default="dbtune analyze", show_default=True)
@click.option("--first", type=click.IntRange(min=1), metavar="N", help="Only the first N recommendations.")
def main(report_file: Path, svg_file: Path, title: str, first: int | None) -> None:
    """Draw REPORT_FILE (JSON) into SVG_FILE."""
    write_atomically(svg_file, picture(read(report_file.read_bytes(), str(report_file)), title, first))


if __name__ == "__main__":
    main()
