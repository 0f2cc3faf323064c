"""Whether the advice for MySQL and MariaDB holds: built for real, the workload measured before and after.

python -m benchmarks.mysql_advice                # both servers, TPC-H at scale 0.1 and the sample shop, some minutes
python -m benchmarks.mysql_advice --write        # … and put the tables into docs/mysql-advice.md
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pymysql.err import MySQLError

from benchmarks.mysql_tpch import mysql_queries, production
from benchmarks.pages import put_tables
from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.mysql import writing_session
from dbtune.connect.mysql_refusals import first_line
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.demo import mysql_shop
from dbtune.demo.applying import Built, Failure
from dbtune.demo.measuring import Measured as Time
from dbtune.demo.mysql_hinted import hinted
from dbtune.demo.mysql_running import LIMIT_SECONDS, apply_advice, built_sizes, measure
from dbtune.demo.outcome import Outcome, StatementOutcome, outcome_of
from dbtune.embedded.mysql_binaries import PROGRAMS_VARIABLE
from dbtune.model.progress import NoProgress
from dbtune.model.recommendation import Report
from dbtune.model.snapshot import Dialect
from dbtune.model.units import human_bytes
from dbtune.model.verification import NOISE_MS, SLOWER
from dbtune.model.workload import Statement, Workload
from dbtune.planner.opening import ScratchWishes, open_planner
from dbtune.report.text import shortened
from dbtune.rules.engine import advise
from dbtune.rules.mysql_hinting import KEEP_INDEX_OUT
from dbtune.rules.options import AdviseOptions
from dbtune.sql.fingerprint import fingerprint, normalise
from tests.servers.mysql_sandbox import FLAVOURS, MySQLServer, script

PAGE = Path(__file__).parent.parent / "docs" / "mysql-advice.md"
MARK = "<!-- tables by benchmarks/mysql_advice.py -->"
SAMPLE_ROWS = 20_000
SHOP_SCALE = 0.5
ROUNDS = 3
SETTLING_SECONDS = 8.0
"""In which the server writes what building indexes has left to be written."""
TPCH_SCALE = 0.1
ENDED_MS = LIMIT_SECONDS * 1000.0

Times = Mapping[str, Time]
"""By fingerprint."""

LOOKUPS: dict[str, tuple[float, str]] = {
    "lookup by customer": (200, "SELECT * FROM orders WHERE o_custkey = 370"),
    "clerk's orders, newest first": (
        50,
        "SELECT * FROM orders WHERE o_clerk = 'Clerk#000000051' ORDER BY o_orderdate DESC LIMIT 10",
    ),
    "one week of lineitem": (
        20,
        "SELECT sum(l_tax) FROM lineitem WHERE l_shipdate >= '1994-01-01' AND l_shipdate < '1994-01-08'",
    ),
}
"""Calls and text: what TPC-H has none of, and applications mostly do."""


@dataclass(frozen=True)
class Measured:
    """One workload on one server."""

    server: str
    database: str
    outcome: Outcome
    seconds: float
    """That the advice took."""


def tpch_workload(dialect: Dialect) -> Workload:
    """The 22 queries, once each, and three lookups."""
    texts = [(1.0, text) for text in mysql_queries().values()] + list(LOOKUPS.values())
    return Workload(
        tuple(
            Statement(fingerprint(text, dialect), normalise(text, dialect), calls=calls, samples=(text.strip(),))
            for calls, text in texts
        )
    )


def report_for(url: DatabaseUrl, workload: Workload) -> tuple[Report, float]:
    """The advice as ``dbtune analyze --sample-rows 20000`` gives it, and the seconds it took."""
    started = time.perf_counter()
    snapshot = collect(url, CollectOptions(workload=False), NoProgress())
    wishes = ScratchWishes(None, SAMPLE_ROWS)
    options = AdviseOptions(only=("index.missing", KEEP_INDEX_OUT), top=len(workload.statements))
    with open_planner("scratch", snapshot, url, NoProgress(), wishes) as planner:
        report = advise(snapshot, workload, planner, options, NoProgress())
    return report, time.perf_counter() - started


def measured(url: DatabaseUrl, database: str, workload: Workload) -> Measured:
    """The workload before and after the advice, in turns: the advice is carried out, and taken back, ROUNDS times.

    A busy machine slows both down that way. A statement that is ended is measured once before.
    """
    report, seconds = report_for(url, workload)
    with writing_session(url) as session:
        changed = hinted(workload, report, session.version)
    rounds: list[tuple[Times, Times]] = []
    failures: tuple[Failure, ...] = ()
    sizes: tuple[Built, ...] = ()
    for number in range(ROUNDS):
        known = rounds[0][0] if rounds else {}
        long = {name for name, time_ in known.items() if time_.ms >= ENDED_MS}
        short = replace(workload, statements=tuple(s for s in workload.statements if s.fingerprint not in long))
        before = {name: known[name] for name in long} | dict(measure(url, short, NoProgress(), ""))
        failures = failures or apply_advice(url, report, NoProgress())
        time.sleep(SETTLING_SECONDS)
        after = measure(url, changed, NoProgress(), "")
        sizes = built_sizes(url, report)
        rounds.append((before, after))
        if number < ROUNDS - 1:
            failures = failures or take_back(url, report)
            time.sleep(SETTLING_SECONDS)
    outcome = outcome_of(report, _medians(b for b, _ in rounds), _medians(a for _, a in rounds), sizes, failures)
    name = "MySQL" if url.dialect == "mysql" else "MariaDB"
    return Measured(f"{name} {report.target.server_version}", database, outcome, seconds)


def take_back(url: DatabaseUrl, report: Report) -> tuple[Failure, ...]:
    """Run every ``sql.down``, the last recommendation first."""
    failures: list[Failure] = []
    with writing_session(url) as session:
        for recommendation in reversed(report.recommendations):
            for sql in recommendation.sql.down:
                try:
                    session.run(sql)
                except MySQLError as error:
                    failures.append(Failure(sql, first_line(error)))
    return tuple(failures)


def _medians(rounds: Iterable[Times]) -> Times:
    known = list(rounds)
    return {
        name: replace(one, ms=statistics.median(each[name].ms for each in known)) for name, one in known[-1].items()
    }


def run(flavour: str, databases: tuple[str, ...]) -> Iterator[Measured]:
    """Each database on a server of its own kind."""
    with production(flavour, TPCH_SCALE) as server, program(flavour):
        for database in databases:
            if database == "shop":
                mysql_shop.load(_url(server, ""), database, SHOP_SCALE, NoProgress())
            url = _url(server, database)
            workload = tpch_workload(url.dialect) if database == "tpch" else mysql_shop.workload(url.dialect)
            yield measured(url, database, workload)


def _url(server: MySQLServer, database: str) -> DatabaseUrl:
    url = parse_target(server.url + database)
    assert isinstance(url, DatabaseUrl)
    return url


@contextmanager
def program(flavour: str) -> Iterator[None]:
    """Let dbtune find the server's program."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ[PROGRAMS_VARIABLE] = str(script(FLAVOURS[flavour], Path(folder)))
        yield


def tables(one: Measured) -> str:
    """Markdown."""
    outcome = one.outcome
    share = 1 - outcome.total_ms_after / outcome.total_ms_before
    slower = [statement for statement in outcome.statements if statement.slower]
    safe, risky = (
        [one for one in outcome.statements if one.risk is not None and one.risk.level == level and one.error is None]
        for level in ("safe", "risky")
    )
    slowest = max((one.ms_after / one.ms_before for one in safe if one.ms_before), default=0.0)
    lines = [
        f"### {one.server}, {one.database}",
        "",
        f"- **Total**: {outcome.total_ms_before:,.0f} → {outcome.total_ms_after:,.0f} ms (calls times ms): "
        f"{share:.1%} less.",
        f"- **Slower** by more than {SLOWER:g} times and {NOISE_MS:g} ms: {len(slower)} of {len(outcome.statements)}.",
        f"- **Called safe**: {len(safe)} new plans, the slowest of them {slowest:.2f} times as slow as before; "
        f"called risky: {len(risky)}, {sum(one.ms_after > SLOWER * one.ms_before for one in risky)} of them slower.",
        f"- The advice took {one.seconds:.0f} s, and {outcome.report.summary.planner_questions} questions.",
        "",
        "| index | predicted | built |",
        "|---|---|---|",
    ]
    lines += [f"| {i.index} | {human_bytes(i.predicted)} | {human_bytes(i.built)} |" for i in outcome.indexes]
    lines += [f"| **failed**: {failure.sql} | {failure.reason} | |" for failure in outcome.failures]
    lines += [
        "",
        *(f"- {one.title}: {one.reason}" for one in outcome.report.recommendations if one.rule == KEEP_INDEX_OUT),
    ]
    lines += [
        "",
        "| calls | cost | then | ms | then | time ÷ | risk | statement |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [_row(statement) for statement in outcome.statements]
    return "\n".join(lines)


def _row(one: StatementOutcome) -> str:
    text = shortened(one.text, 90).replace("|", "\\|")
    if one.error is not None:
        return f"| {one.calls:,.0f} | {one.cost_before:,.4g} | {one.cost_after:,.4g} | {one.error} | | | | `{text}` |"
    ratio = one.ms_before / one.ms_after if one.ms_after else 1.0
    risk = one.risk.level if one.risk is not None else ""
    mark = "**" if one.slower else ""
    return (
        f"| {one.calls:,.0f} | {one.cost_before:,.4g} | {one.cost_after:,.4g} | {one.ms_before:,.2f} "
        f"| {one.ms_after:,.2f} | {mark}{ratio:.3g}{mark} | {risk} | `{text}` |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flavour", action="append", choices=sorted(FLAVOURS))
    parser.add_argument("--database", action="append", choices=("tpch", "shop"))
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.name}")
    options = parser.parse_args()
    parts = []
    for flavour in options.flavour or ("mysql", "mariadb-11.8"):
        for one in run(flavour, tuple(options.database or ("tpch", "shop"))):
            parts.append(tables(one))
            print(parts[-1], flush=True)
    if options.write:
        put_tables(PAGE, MARK, "\n\n".join(parts))


if __name__ == "__main__":
    main()
