"""Whether plans that are called safe are: TPC-H analysed, the advice (or a set of plain indexes) verified.

``python benchmarks/risk.py [--major 15] [--scale 1] [--indexes advice|keys]``. Source of the figures in docs/risk.md.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import psycopg
import tpch
from rich.console import Console

from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.embedded import running_postgres
from dbtune.logs.sql_file import read_sql_file
from dbtune.model.errors import PlanFailed
from dbtune.model.plan import Plan
from dbtune.model.progress import NoProgress
from dbtune.model.recommendation import Change, Report
from dbtune.model.risk import PlanRisk
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Workload
from dbtune.planner.opening import open_planner
from dbtune.planner.plan_reader import read_plan
from dbtune.planner.robustness.risk import plan_risk
from dbtune.planner.robustness.sizes import Sizes
from dbtune.report.verification import render
from dbtune.rules.engine import AdviseOptions, advise
from dbtune.verify.flow import VerifyOptions, verify
from dbtune.verify.measuring import Pace

SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "4GB"}

KEYS = (
    ("fk1", "lineitem (l_suppkey)"),
    ("fk2", "lineitem (l_partkey, l_suppkey)"),
    ("fk3", "orders (o_custkey)"),
    ("fk4", "partsupp (ps_suppkey)"),
    ("fk5", "customer (c_nationkey)"),
    ("fk6", "supplier (s_nationkey)"),
    ("fk7", "lineitem (l_shipdate)"),
    ("fk8", "orders (o_orderdate)"),
)
"""What one would build without asking the planner."""


def main() -> None:
    options = _arguments()
    with running_postgres(options.major, settings=SETTINGS) as server:
        url = server.create_database("tpch")
        tpch.load(url, options.scale)
        target = parse_target(url)
        assert isinstance(target, DatabaseUrl)
        workload = read_sql_file(tpch.FOLDER / "queries.sql")
        snapshot = collect(target, CollectOptions(workload=False), NoProgress())
        with open_planner("shadow", snapshot, target, NoProgress()) as planner:
            report = advise(snapshot, workload, planner, AdviseOptions(top=30), NoProgress())
        if options.indexes == "keys":
            report = _of_keys(url, report, snapshot, workload)
        pace = Pace(limit_ms=options.limit * 1000)
        render(verify(target, report, workload, VerifyOptions(pace, force=True), NoProgress()), Console())


def _of_keys(url: str, report: Report, snapshot: Snapshot, workload: Workload) -> Report:
    """The report as if it had recommended the plain indexes, their risks judged by the server's own plans."""
    first = report.recommendations[0]
    builds = tuple(
        replace(
            first,
            sql=Change((f"CREATE INDEX {name} ON public.{what}",), ()),
            evidence=replace(first.evidence, bytes=None),
        )
        for name, what in KEYS
    )
    texts = {one.fingerprint: one.samples[0] for one in workload.statements}
    risks: dict[str, PlanRisk | None] = {}
    with psycopg.connect(url, autocommit=True) as session:
        before = {key: _plan(session, text) for key, text in texts.items()}
        for build in builds:
            session.execute(build.sql.up[0].encode())
        for key, text in texts.items():
            risks[key] = plan_risk(before[key], _plan(session, text), Sizes.of(snapshot))
        for name, _ in KEYS:
            session.execute(f"DROP INDEX public.{name}".encode())
    changed = [replace(one, risk=risks[one.fingerprint]) for one in report.workload.top]
    kept = tuple(one for one in changed if one.risk is not None)
    return replace(report, recommendations=builds, workload=replace(report.workload, changed=kept))


def _plan(session: psycopg.Connection, text: str) -> Plan:
    row = session.execute(b"EXPLAIN (FORMAT JSON, VERBOSE) " + text.encode()).fetchone()
    if row is None:
        raise PlanFailed("no plan")
    return read_plan(row[0])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--major", type=int, default=15)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--indexes", choices=["advice", "keys"], default="advice")
    parser.add_argument("--limit", type=float, default=20.0, help="seconds that a run may take")
    return parser.parse_args()


if __name__ == "__main__":
    main()
