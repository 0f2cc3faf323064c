"""The demo from its first to its last step. Nothing of it is left behind, whatever ends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.demo import shop
from dbtune.demo.applying import apply_advice, built_sizes
from dbtune.demo.measuring import measure
from dbtune.demo.options import DemoOptions
from dbtune.demo.outcome import Outcome, outcome_of
from dbtune.embedded import running_postgres
from dbtune.model.progress import Progress
from dbtune.model.recommendation import Report
from dbtune.model.workload import Workload
from dbtune.planner.opening import open_planner
from dbtune.rules.engine import AdviseOptions, advise

SERVER_SETTINGS = {
    "autovacuum": "off",  # both runs find the same tables
    "checkpoint_timeout": "1d",
    "max_wal_size": "8GB",
    "shared_buffers": "256MB",
}


def run_demo(options: DemoOptions, progress: Progress, show_report: Callable[[Report], None]) -> Outcome:
    """Load the shop, measure it, analyse it as ``dbtune analyze`` does, apply the advice, measure it again.

    ``show_report`` is called as soon as the report is there. Raises PlannerUnavailable where no server can be run.
    """
    progress.step("starting an embedded Postgres")
    with running_postgres(options.major, settings=SERVER_SETTINGS) as server:
        url = server.create_database("shop")
        shop.load(url, options.scale, progress)
        workload = shop.workload()
        before = measure(url, workload, progress, "running the workload")
        report = analyse(url, workload, options, progress)
        show_report(report)
        failures = apply_advice(url, report, progress)
        after = measure(url, workload, progress, "running the workload again")
        return outcome_of(report, before, after, built_sizes(url, report), failures)


def analyse(url: str, workload: Workload, options: DemoOptions, progress: Progress) -> Report:
    """What ``dbtune analyze URL --workload workload.sql`` would report, with every statement in its list."""
    target = parse_target(url)
    assert isinstance(target, DatabaseUrl)
    progress.step("collecting schema and statistics")
    snapshot = collect(target, CollectOptions(workload=False), progress)
    snapshot = replace(snapshot, server=replace(snapshot.server, database="shop"))
    wishes = AdviseOptions(budget_bytes=options.budget_bytes, top=len(workload.statements))
    with open_planner("shadow", snapshot, target, progress) as planner:
        return advise(snapshot, workload, planner, wishes, progress)
