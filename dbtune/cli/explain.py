"""``dbtune explain``: one statement, its plan, what is wrong with it, what would help."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Literal

import click
from rich.text import Text

from dbtune.cli import inputs, options
from dbtune.cli.terminal import Terminal, current_terminal
from dbtune.collect.collector import CollectOptions
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.model.errors import PlanFailed, UsageError
from dbtune.model.plan import Plan
from dbtune.model.recommendation import Report
from dbtune.model.snapshot import Dialect, Snapshot
from dbtune.model.workload import Instance, Statement, Workload, WorkloadSource
from dbtune.planner.opening import PlannerKind, ScratchWishes, open_planner
from dbtune.planner.protocol import Planner
from dbtune.report.plan_tree import plan_tree, troubles
from dbtune.report.terminal import render_recommendations, wrapped
from dbtune.report.text import human_number, one_line
from dbtune.rules.engine import advise
from dbtune.rules.options import AdviseOptions
from dbtune.rules.reading import read_statement
from dbtune.sql.fingerprint import fingerprint, normalise
from dbtune.sql.splitting import split_statements


@click.command("explain")
@options.target_argument
@click.argument("sql", metavar="SQL")
@options.planner_option
@options.scratch_options
@options.privacy_option
def command(
    target: str,
    sql: str,
    planner: PlannerKind,
    scratch: ScratchWishes,
    privacy: Literal["none", "hash", "drop"],
) -> None:
    """Show the plan of one statement, what is wrong with it, and what would help.

    TARGET is a database URL or a snapshot file, SQL the statement, or - to read it from standard input. The statement
    is planned, never run.
    """
    terminal = current_terminal()
    place = parse_target(target)
    inputs.check_scratch(place, scratch, planner)
    text = sys.stdin.read() if sql == "-" else sql
    if isinstance(place, DatabaseUrl):
        one_statement(text, place.dialect)  # what is none is told before the work
    with terminal.progress() as progress:
        snapshot, url = inputs.open_snapshot(target, CollectOptions(workload=False), privacy, progress)
        statement = one_statement(text, snapshot.server.dialect)
        workload = Workload((statement,), (WorkloadSource("sql", "the statement", 1, 1),))
        with open_planner(planner, snapshot, url, progress, scratch) as opened:
            plan = plan_of(statement, snapshot, opened)
            report = advise(snapshot, workload, opened, AdviseOptions(), progress)
    _show(plan, snapshot, _about(statement, report), terminal)


def one_statement(sql: str, dialect: Dialect = "postgres") -> Statement:
    """The statement with its text as the sample to plan. Raises UsageError for none and for several."""
    found = list(split_statements(sql, dialect))
    if len(found) != 1:
        raise UsageError(f"expected one SQL statement, found {len(found) or 'none'}")
    (text,) = found
    return Statement(fingerprint(text, dialect), normalise(text, dialect), samples=(text,), source="command line")


def plan_of(statement: Statement, snapshot: Snapshot, planner: Planner) -> Plan:
    """The statement's plan on the indexes there are. Raises UsageError with the server's reason."""
    read = read_statement(statement, snapshot)
    failure = "there is no text of it that can be planned"
    # what does not even look like a statement with a plan is the server's to refuse, in its own words
    for instance in read.instances if read is not None else (Instance(statement.samples[0]),):
        try:
            return planner.plan(instance)
        except PlanFailed as error:
            failure = str(error)
    raise UsageError(f"the statement cannot be planned: {failure}")


def _about(statement: Statement, report: Report) -> Report:
    """The report with only what concerns the statement."""
    return replace(
        report,
        recommendations=tuple(
            recommendation
            for recommendation in report.recommendations
            if any(evidence.fingerprint == statement.fingerprint for evidence in recommendation.evidence.statements)
        ),
    )


def _show(plan: Plan, snapshot: Snapshot, report: Report, terminal: Terminal) -> None:
    console = terminal.console()
    console.print(plan_tree(plan, console.width))
    console.print()
    wrapped(
        console, Text(f"planned by {one_line(report.target.planner)}: planner cost {human_number(plan.cost)}", "bold")
    )
    wrong = list(troubles(plan, snapshot))
    for sentence in wrong:
        wrapped(console, Text(one_line(sentence)), first=Text("  - "))
    if report.recommendations:
        render_recommendations(report, console, verbose=terminal.verbose)
    else:
        console.print(Text("No index that was tried makes it cheaper." if wrong else "Nothing to improve by an index."))
