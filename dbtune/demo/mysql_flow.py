"""The demo on MySQL or MariaDB, where a server's programs are on the machine. Nothing of it is left behind."""

from __future__ import annotations

from collections.abc import Callable

from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.mysql import writing_session
from dbtune.connect.mysql_abilities import NAMES
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.demo import mysql_shop
from dbtune.demo.mysql_hinted import hinted
from dbtune.demo.mysql_running import apply_advice, built_sizes, measure
from dbtune.demo.options import DemoOptions
from dbtune.demo.outcome import Outcome, outcome_of
from dbtune.embedded.mysql_binaries import PROGRAMS_VARIABLE, MySQLProgram, available_programs, unfit_programs
from dbtune.embedded.mysql_server import MySQLOwnServer
from dbtune.model.errors import PlannerUnavailable
from dbtune.model.progress import Progress
from dbtune.model.recommendation import Report
from dbtune.model.snapshot import Dialect
from dbtune.model.workload import Workload
from dbtune.planner.opening import ScratchWishes, open_planner
from dbtune.rules.engine import AdviseOptions, advise

DATABASE = "shop"
BUFFER_POOL_BYTES = 512 << 20
"""The shop fits into it."""
SAMPLE_ROWS = 20_000


def run_mysql_demo(
    options: DemoOptions, dialect: Dialect, progress: Progress, show_report: Callable[[Report], None]
) -> Outcome:
    """As ``run_demo``: load, measure, analyse, apply, measure again. Raises PlannerUnavailable without a server."""
    program = newest_program(dialect)
    progress.step(f"starting {program.version.name}")
    server = MySQLOwnServer(program, {"character-set-server": "utf8mb4"})
    try:
        with writing_session(_url(server)) as session:
            session.run("SET GLOBAL innodb_buffer_pool_size = %s", (BUFFER_POOL_BYTES,))
        mysql_shop.load(_url(server), DATABASE, options.scale, progress)
        url = _url(server, DATABASE)
        workload = mysql_shop.workload(dialect)
        before = measure(url, workload, progress, "running the workload")
        report = analyse(url, workload, options, progress)
        show_report(report)
        failures = apply_advice(url, report, progress)
        changed = hinted(workload, report, program.version)
        after = measure(url, changed, progress, "running the workload again")
        return outcome_of(report, before, after, built_sizes(url, report), failures)
    finally:
        server.stop()


def newest_program(dialect: Dialect) -> MySQLProgram:
    """Of those on the machine. Raises PlannerUnavailable where there is none."""
    found = [program for program in available_programs() if program.version.family == dialect]
    if not found:
        assert dialect != "postgres"
        unfit = unfit_programs(dialect)
        raise PlannerUnavailable(
            f"there is no {NAMES[dialect]} server on this machine to show it on{f' ({unfit})' if unfit else ''}: "
            f"install one, or name its program by {PROGRAMS_VARIABLE}"
        )
    return max(found, key=lambda program: program.version.number)


def analyse(url: DatabaseUrl, workload: Workload, options: DemoOptions, progress: Progress) -> Report:
    """What ``dbtune analyze URL --workload workload.sql --sample-rows 20000`` would report."""
    progress.step("collecting schema and statistics")
    snapshot = collect(url, CollectOptions(workload=False), progress)
    wishes = AdviseOptions(budget_bytes=options.budget_bytes, top=len(workload.statements))
    with open_planner("scratch", snapshot, url, progress, ScratchWishes("auto", SAMPLE_ROWS)) as planner:
        return advise(snapshot, workload, planner, wishes, progress)


def _url(server: MySQLOwnServer, database: str = "") -> DatabaseUrl:
    url = parse_target(server.url.replace("/?", f"/{database}?"))
    assert isinstance(url, DatabaseUrl)
    return url
