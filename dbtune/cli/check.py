"""``dbtune check``: the gate in CI. A snapshot, and what is about to change, in; findings and an exit status out."""

from __future__ import annotations

from typing import Literal

import click

from dbtune.check.benches import open_bench
from dbtune.check.migration_files import read_migrations
from dbtune.check.migrations import check_changes
from dbtune.check.queries import read_queries
from dbtune.cli import inputs, options, workloads
from dbtune.cli import results as results_of
from dbtune.cli.silences import read_silences
from dbtune.cli.terminal import current_terminal
from dbtune.collect.collector import CollectOptions
from dbtune.connect.targets import parse_target
from dbtune.model.errors import UsageError
from dbtune.model.migration import Migration
from dbtune.planner.opening import PlannerKind, ScratchWishes, open_planner
from dbtune.rules.engine import advise
from dbtune.rules.options import AdviseOptions
from dbtune.rules.registry import chosen_rules
from dbtune.rules.silencing import without_silenced


@click.command("check")
@options.target_argument
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option(
    "--queries",
    multiple=True,
    metavar="FILE",
    help="Plan the new or changed queries in FILE (SQL; a file, a folder, a pattern) with production's statistics, on "
    "the schema as the migrations make it. Repeatable.",
)
@workloads.workload_options
@options.planner_option
@options.scratch_options
@click.option("--only", type=options.Names("RULE,..."), default=(), help="Only these rules (ids or groups).")
@click.option("--skip", type=options.Names("RULE,..."), default=(), help="Without these rules (ids or groups).")
@click.option("--schema", "schemas", type=options.Names("NAME,..."), default=(), help="Only these schemas.")
@options.privacy_option
@results_of.result_options(fail_on="medium")
def command(
    target: str,
    files: tuple[str, ...],
    queries: tuple[str, ...],
    wishes: workloads.WorkloadWishes,
    planner: PlannerKind,
    scratch: ScratchWishes,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    schemas: tuple[str, ...],
    privacy: Literal["none", "hash", "drop"],
    results: results_of.Results,
) -> None:
    """Check TARGET, or what the migrations in FILE would do to it, and exit with status 1 where there are findings.

    TARGET is a database URL or a snapshot file. FILE is a migration, a folder or a pattern: each is run on an empty
    copy of TARGET's schema on a server of dbtune's own (MySQL and MariaDB: a scratch server, which also says which
    ALGORITHM and LOCK each change takes), and the workload is planned before and after. TARGET itself is only read.
    Without FILE its indexes and statistics are looked at, as dbtune analyze does.
    """
    terminal = current_terminal()
    paths = options.expand_files(files, "FILE")
    query_paths = options.expand_files(queries, "--queries")
    dialect = inputs.dialect_of(target)
    own = "shadow" if dialect == "postgres" else "scratch"
    if (paths or query_paths) and planner not in ("auto", own):
        raise UsageError(f"FILE and --queries are tried on a server of dbtune's own: --planner {planner} cannot")
    if (paths or query_paths) and results.formats & {"sql", "down-sql"}:
        raise UsageError("the SQL of a check is to be read, not to be run as it stands: write .md or .json")
    inputs.check_scratch(parse_target(target), scratch, planner)
    # what is malformed is told before the work
    migration = read_migrations(paths, dialect) if paths else Migration()
    new_queries = read_queries(query_paths, dialect)
    rules = chosen_rules(only, skip, dialect)
    silences = read_silences((*paths, *query_paths, *wishes.files), dialect)
    with terminal.progress() as progress:
        collecting = CollectOptions(schemas=schemas, workload=wishes.asks_server)
        snapshot, url = inputs.open_snapshot(target, collecting, privacy, progress)
        results.check_target(snapshot.server)
        chosen = workloads.choose_workload(snapshot, wishes, progress)
        advise_options = AdviseOptions(only=only, skip=skip, schemas=schemas, silences=silences.active)
        if paths or query_paths:
            with open_bench(snapshot, url, scratch, progress) as bench:
                report = check_changes(
                    snapshot, chosen.workload, bench, migration, new_queries, advise_options, progress
                )
            report = without_silenced(report, silences.active)
        else:
            with open_planner(planner, snapshot, url, progress, scratch) as opened:
                report = advise(snapshot, chosen.workload, opened, advise_options, progress, chosen.digest)
    anchors = (*map(str, (*paths, *query_paths)), *inputs.anchors(target, wishes))
    results.deliver(results.judge(report, rules, schemas, anchors, silences.ended), terminal)
