"""``dbtune analyze``: a database or a snapshot in, the report out."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Literal

import click

from dbtune.cli import inputs, options, workloads
from dbtune.cli import results as results_of
from dbtune.cli.silences import read_silences
from dbtune.cli.terminal import current_terminal
from dbtune.collect.collector import CollectOptions
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.model.errors import UsageError
from dbtune.planner.executing import executed_once
from dbtune.planner.opening import PlannerKind, ScratchWishes, open_planner
from dbtune.report.wording import server_workload
from dbtune.rules.engine import advise
from dbtune.rules.options import AdviseOptions
from dbtune.rules.registry import chosen_rules

MOST_PLANNERS = 4
"""Each keeps all what-if indexes in memory."""

NO_WORKLOAD = "no workload, so only the schema is looked at: pass --log FILE or --workload FILE.sql, or "
INSTALLED = " (shared_preload_libraries, then CREATE EXTENSION pg_stat_statements)"


@click.command("analyze")
@options.target_argument
@workloads.workload_options
@options.planner_option
@options.scratch_options
@options.budget_option
@click.option("--only", type=options.Names("RULE,..."), default=(), help="Only these rules (ids or groups).")
@click.option("--skip", type=options.Names("RULE,..."), default=(), help="Without these rules (ids or groups).")
@click.option("--schema", "schemas", type=options.Names("NAME,..."), default=(), help="Only these schemas.")
@click.option("--top", type=click.IntRange(min=1), metavar="N", help="Only the N statements that take the most time.")
@click.option(
    "--since",
    type=options.PointInTime(),
    help="Only what a log holds from TIME on; totals from before it (pg_stat_statements) are refused.",
)
@click.option(
    "--min-gain",
    type=options.Percent(),
    default="1",
    show_default=True,
    help="Smallest gain, of the workload's cost, that is worth an index.",
)
@click.option(
    "--explain-analyze",
    is_flag=True,
    help="Run each statement that is known with its values once (EXPLAIN ANALYZE, read-only, limited in time), to see "
    "how far the planner's row estimates are off.",
)
@click.option("--timeout", type=options.Duration(), help="Stop searching for better indexes after this time.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Planners that may be at work at once, on dbtune's own server: by default one a processor, four at most.",
)
@options.privacy_option
@results_of.result_options()
def command(
    target: str,
    wishes: workloads.WorkloadWishes,
    planner: PlannerKind,
    scratch: ScratchWishes,
    budget: int | None,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    schemas: tuple[str, ...],
    top: int | None,
    since: datetime | None,
    min_gain: float,
    explain_analyze: bool,
    timeout: float | None,
    workers: int | None,
    privacy: Literal["none", "hash", "drop"],
    results: results_of.Results,
) -> None:
    """Recommend indexes for TARGET, each confirmed by the planner.

    TARGET is a database URL (postgresql://, mysql:// or mariadb://user@host/database) or a snapshot file written by
    dbtune collect. The database is only read, in a session that is read-only and limited in time. Its workload comes
    from pg_stat_statements or performance_schema, or from slow-query logs with --log and SQL files with --workload.
    """
    terminal = current_terminal()
    place = parse_target(target)
    if explain_analyze and not isinstance(place, DatabaseUrl):
        raise UsageError("--explain-analyze needs the URL of a database: a snapshot has no rows to count")
    if explain_analyze and isinstance(place, DatabaseUrl) and place.dialect != "postgres":
        raise UsageError(f"--explain-analyze counts rows on Postgres only so far, not on {place.dialect}")
    dialect = inputs.dialect_of(target)
    rules = chosen_rules(only, skip, dialect)  # a wrong name is told before the work
    silences = read_silences(wishes.files, dialect)
    inputs.check_scratch(place, scratch, planner)
    advise_options = AdviseOptions(
        budget_bytes=budget,
        only=only,
        skip=skip,
        schemas=schemas,
        min_gain=min_gain,
        timeout_seconds=timeout,
        workers=workers or min(MOST_PLANNERS, os.cpu_count() or 1),
        silences=silences.active,
    )
    with terminal.progress() as progress:
        collecting = CollectOptions(schemas=schemas, workload=wishes.asks_server, top=top)
        snapshot, url = inputs.open_snapshot(target, collecting, privacy, progress)
        results.check_target(snapshot.server)
        chosen = workloads.choose_workload(snapshot, wishes, progress, since)
        workload = chosen.workload if top is None else workloads.most_expensive(chosen.workload, top)
        executed = executed_once(url, workload.statements, progress) if explain_analyze and url is not None else None
        with open_planner(planner, snapshot, url, progress, scratch) as opened:
            report = advise(snapshot, workload, opened, advise_options, progress, chosen.digest, executed)
    if not workload.statements:
        dialect = snapshot.server.dialect
        terminal.note(NO_WORKLOAD + server_workload(dialect) + (INSTALLED if dialect == "postgres" else ""))
    anchors = inputs.anchors(target, wishes)
    results.deliver(results.judge(report, rules, schemas, anchors, silences.ended), terminal)
