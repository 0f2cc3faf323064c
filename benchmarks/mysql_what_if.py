"""How true the scratch planner's what-if plans are: against EXPLAIN on the full database with the index really built.

python -m benchmarks.mysql_what_if                # both servers, TPC-H at scale 0.1 and the sample shop, some minutes
python -m benchmarks.mysql_what_if --data shop    # one of them
python -m benchmarks.mysql_what_if --write        # … and put the tables into docs/mysql-what-if.md
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.mysql_tpch import DATABASE as TPCH
from benchmarks.mysql_tpch import load as load_tpch
from benchmarks.mysql_tpch import server_in_memory
from benchmarks.mysql_what_if_cases import Case, shop_cases, tpch_cases
from benchmarks.pages import put_tables
from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.ddl.mysql_indexes import add_index, alter_table
from dbtune.demo import mysql_shop
from dbtune.embedded.mysql_binaries import PROGRAMS_VARIABLE
from dbtune.model.names import QualifiedName
from dbtune.model.plan import EMPTY_CONFIGURATION, Configuration, Plan
from dbtune.model.progress import NoProgress
from dbtune.model.schema import Index
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Instance
from dbtune.planner.mysql.live import LiveMySQL
from dbtune.planner.mysql.scratch.planner import ScratchPlanner
from tests.servers.mysql_sandbox import FLAVOURS, MySQLServer, script

PAGE = Path(__file__).parent.parent / "docs" / "mysql-what-if.md"
MARK = "<!-- {data} on {flavour}: tables by benchmarks/mysql_what_if.py -->"
SERVERS = ("mysql", "mariadb-11.8")
TPCH_SCALE = 0.1
SHOP_SCALE = 0.6
"""Of all tables but the categories a sample is taken then: the smallest, of products, has 24,000 rows."""


@dataclass(frozen=True)
class Data:
    """A database and what is asked there."""

    database: str
    words: str
    cases: tuple[Case, ...]


def data_sets() -> dict[str, Data]:
    """By the name that ``--data`` takes."""
    return {
        "tpch": Data(TPCH, f"TPC-H at scale {TPCH_SCALE:g}", tpch_cases()),
        "shop": Data("shop", f"sample shop at scale {SHOP_SCALE:g}", shop_cases()),
    }


class Truth:
    """EXPLAIN on the full database, read as dbtune reads that of a target."""

    def __init__(self, server: MySQLServer, url: DatabaseUrl, snapshot: Snapshot) -> None:
        self._database = url.database
        self._live = LiveMySQL(url, snapshot, _no_pages)
        self._connection = server.connect(self._database)

    def plan(self, instance: Instance) -> Plan:
        return self._live.plan(instance)

    @property
    def server(self) -> str:
        """Name and version."""
        return self._live.session.version.name

    @contextmanager
    def built(self, indexes: Sequence[Index]) -> Iterator[None]:
        with self._connection.cursor() as cursor:
            for index in indexes:
                cursor.execute(alter_table(index.table, add_index(index)))
            yield
            for index in indexes:
                cursor.execute(f"DROP INDEX {index.name} ON {index.table.name}")

    def size(self, index: Index) -> int:
        """Bytes of a built index."""
        with self._connection.cursor() as cursor:
            cursor.execute(
                "SELECT stat_value * @@innodb_page_size FROM mysql.innodb_index_stats WHERE database_name = %s"
                " AND table_name = %s AND index_name = %s AND stat_name = 'size'",
                (self._database, index.table.name, index.name),
            )
            return int(cursor.fetchall()[0][0])


@dataclass(frozen=True)
class Row:
    """One case, measured."""

    case: Case
    same_before: bool
    same: bool
    before: float
    """Cost without the indexes, predicted / true; so the next one, with them."""
    ratio: float
    gain_true: float
    """Cost without the indexes / with them."""
    gain_predicted: float
    sizes: tuple[tuple[int, int], ...]
    """Predicted and built bytes of each index."""
    true_plan: str
    predicted_plan: str


def _no_pages(_: QualifiedName) -> float:
    raise AssertionError("only versions that tell no costs are priced by pages")


def accesses(plan: Plan) -> str:
    """Tables in join order, each with how it is read: what two plans are compared by."""
    return ", ".join(
        f"{node.alias} by {node.index or node.access}"
        for node in plan.root.walk()
        if node.access is not None and node.type != "Bitmap Index Scan"
    )


def measure(truth: Truth, planner: ScratchPlanner, case: Case, database: str) -> Row:
    instance, indexes = Instance(case.sql), case.built(database)
    made = planner.prepare(indexes)
    assert len(made) == len(indexes), planner.limits
    predicted_before = planner.plan(instance, EMPTY_CONFIGURATION)
    predicted = planner.plan(instance, Configuration(frozenset(indexes)))
    before = truth.plan(instance)
    with truth.built(indexes):
        after = truth.plan(instance)
        sizes = tuple((planner.index_bytes(index), truth.size(index)) for index in indexes)
    return Row(
        case,
        accesses(predicted_before) == accesses(before),
        accesses(predicted) == accesses(after),
        predicted_before.cost / before.cost,
        predicted.cost / after.cost,
        before.cost / after.cost,
        predicted_before.cost / predicted.cost,
        sizes,
        accesses(after),
        accesses(predicted),
    )


@contextmanager
def program(flavour: str) -> Iterator[None]:
    """Let dbtune find the server's program."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ[PROGRAMS_VARIABLE] = str(script(FLAVOURS[flavour], Path(folder)))
        yield


@contextmanager
def production(flavour: str, data: Data) -> Iterator[MySQLServer]:
    """A server with the data in it, all of it in memory."""
    with server_in_memory(flavour) as server, program(flavour):
        if data.database == TPCH:
            load_tpch(server, TPCH_SCALE)
        else:
            mysql_shop.load(_url(server, ""), data.database, SHOP_SCALE, NoProgress())
        yield server


def run(server: MySQLServer, data: Data, *, sampled: bool) -> tuple[str, list[Row], float]:
    """Server's name, rows, and the seconds it took to open the planner."""
    url = _url(server, data.database)
    snapshot = collect(url, CollectOptions(workload=False), NoProgress())
    started = time.perf_counter()
    with ScratchPlanner.open(snapshot, url if sampled else None) as planner:
        seconds = time.perf_counter() - started
        truth = Truth(server, url, snapshot)
        rows = []
        for case in data.cases:
            row = measure(truth, planner, case, data.database)
            print(
                f"{case.name:36} {row.same_before!s:6} {row.same!s:6} {row.before:8.3f} {row.ratio:8.3f}",
                flush=True,
            )
            if not row.same:
                print(f"    true:      {row.true_plan}\n    predicted: {row.predicted_plan}", flush=True)
            rows.append(row)
        return truth.server, rows, seconds


def _url(server: MySQLServer, database: str) -> DatabaseUrl:
    url = parse_target(server.url + database)
    assert isinstance(url, DatabaseUrl)
    return url


def table(name: str, rows: Sequence[Row], how: str, seconds: float) -> str:
    same = sum(row.same for row in rows)
    within = sum(0.5 <= row.ratio <= 2 for row in rows)
    near = sum(0.8 <= row.ratio <= 1.25 for row in rows)
    worst = max(rows, key=lambda row: max(row.ratio, 1 / row.ratio)).ratio
    lines = [
        f"### {name}, {how}",
        "",
        f"- **Plans the same**: {same} of {len(rows)} with the indexes, "
        f"{sum(row.same_before for row in rows)} of {len(rows)} without.",
        f"- **Cost** within a factor of 2: {within} of {len(rows)}; within 25%: {near}; worst: {worst:.2f} times.",
        f"- The scratch server was ready in {seconds:.0f} s.",
        "",
        "| case | indexes | same plan | cost, predicted / true | gain, true | predicted | size, predicted / built |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        sizes = ", ".join(f"{predicted / built:.2f}" for predicted, built in row.sizes)
        lines.append(
            f"| {row.case.name} | {'; '.join(row.case.indexes)} | {'yes' if row.same else 'no'} | {row.ratio:.2f} "
            f"| {row.gain_true:.3g} | {row.gain_predicted:.3g} | {sizes} |"
        )
    return "\n".join(lines)


def write(data: str, flavour: str, tables: Sequence[str]) -> None:
    """Put the tables of one data set on one server into the page, in place of those that are there."""
    put_tables(PAGE, MARK.format(data=data, flavour=flavour), "\n\n".join(tables))


def main() -> None:
    known = data_sets()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", action="append", choices=sorted(known), help="both unless named")
    parser.add_argument("--flavour", action="append", choices=SERVERS)
    parser.add_argument("--made-rows", action="store_true", help="no sample: rows made from statistics")
    parser.add_argument("--write", action="store_true", help=f"put the tables, of both ways, into {PAGE.name}")
    options = parser.parse_args()
    ways = (True, False) if options.write else (not options.made_rows,)
    for flavour in options.flavour or SERVERS:
        for name in options.data or known:
            tables = []
            with production(flavour, known[name]) as server:
                for sampled in ways:
                    version, rows, seconds = run(server, known[name], sampled=sampled)
                    how = "a sample of 20,000 rows of each table" if sampled else "rows made from statistics"
                    tables.append(table(version, rows, f"{known[name].words}, {how}", seconds))
                    print(tables[-1], flush=True)
            if options.write:
                write(name, flavour, tables)


if __name__ == "__main__":
    main()
