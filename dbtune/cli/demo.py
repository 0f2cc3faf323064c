"""``dbtune demo``: the whole of it on a sample shop, with no server, container or network."""

from __future__ import annotations

import click
import msgspec

from dbtune.cli import options
from dbtune.cli.terminal import current_terminal
from dbtune.demo.flow import run_demo
from dbtune.demo.mysql_flow import newest_program, run_mysql_demo
from dbtune.demo.options import DemoOptions
from dbtune.demo.outcome import print_outcome
from dbtune.demo.shop import FULL_SIZE_ROWS
from dbtune.model.recommendation import Report
from dbtune.model.snapshot import Dialect
from dbtune.report.terminal import render


@click.command("demo")
@click.option(
    "--dialect",
    type=click.Choice(["postgres", "mysql", "mariadb"]),
    default="postgres",
    show_default=True,
    help="mysql and mariadb: on a server of its own, from programs that are on this machine.",
)
@click.option(
    "--scale",
    type=click.FloatRange(min=0.005, max=20),
    default=1.0,
    show_default=True,
    help="Size of the shop; 1 is 3.3 million rows in about 500 MB.",
)
@options.budget_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["terminal", "json"]),
    default="terminal",
    show_default=True,
    help="json: the report and every measurement.",
)
def command(dialect: Dialect, scale: float, budget: int | None, form: str) -> None:
    """Show what dbtune does on a sample shop.

    Starts an embedded Postgres (or a MySQL or MariaDB of its own), loads a shop with the usual troubles, runs its
    workload, analyses it, applies the advice, runs the workload again, and prints what was predicted beside what was
    measured. Nothing is left behind.
    """
    terminal = current_terminal()
    console = terminal.console()
    as_json = form == "json"
    where = "an embedded Postgres" if dialect == "postgres" else f"a {newest_program(dialect).version.name} of its own"
    terminal.note(f"a shop of {FULL_SIZE_ROWS * scale:,.0f} rows on {where}; this takes a minute or two")

    def show(report: Report) -> None:
        if not as_json:
            with terminal.aside():
                render(report, console, verbose=terminal.verbose)

    with terminal.progress() as progress:
        wishes = DemoOptions(scale=scale, budget_bytes=budget)
        if dialect == "postgres":
            outcome = run_demo(wishes, progress, show)
        else:
            outcome = run_mysql_demo(wishes, dialect, progress, show)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(outcome), indent=2).decode())
    else:
        print_outcome(outcome, console)
    terminal.note("the server is stopped and its files are removed")
