"""How true the scratch planner's what-if plans are: against EXPLAIN on the full database with the index really built.

python -m benchmarks.mysql_what_if                # both servers, TPC-H at scale 0.1, some minutes
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

from benchmarks.mysql_tpch import DATABASE, mysql_queries, production
from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.mysql_abilities import MySQLAbility, server_version
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.ddl.mysql_indexes import add_index, alter_table
from dbtune.embedded.mysql_binaries import PROGRAMS_VARIABLE
from dbtune.model.names import QualifiedName
from dbtune.model.plan import EMPTY_CONFIGURATION, Configuration, Plan
from dbtune.model.progress import NoProgress
from dbtune.model.schema import Index, IndexKey
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Instance
from dbtune.planner.mysql.reading import read_explain
from dbtune.planner.mysql.relations import relations
from dbtune.planner.mysql.scratch.planner import ScratchPlanner
from dbtune.planner.mysql.totals import with_subqueries
from tests.servers.mysql_sandbox import FLAVOURS, MySQLServer, script

PAGE = Path(__file__).parent.parent / "docs" / "mysql-what-if.md"
START, END = "<!-- tables by benchmarks/mysql_what_if.py -->", "<!-- end of tables -->"


@dataclass(frozen=True)
class Case:
    """A statement and the indexes that are built for it, each ``table: columns``."""

    name: str
    sql: str
    indexes: tuple[str, ...]

    def built(self) -> tuple[Index, ...]:
        made = []
        for number, text in enumerate(self.indexes, start=1):
            table, _, columns = text.partition(": ")
            keys = tuple(IndexKey(column) for column in columns.split())
            made.append(Index(f"w{number}_{'_'.join(columns.split())}"[:60], QualifiedName(DATABASE, table), keys))
        return tuple(made)


def cases() -> tuple[Case, ...]:
    """Twelve: lookups, ranges, joins, subqueries; one index and several."""
    q = mysql_queries()
    one_week = "l_shipdate >= '1994-01-01' AND l_shipdate < '1994-01-08'"
    return (
        Case("lookup by customer", "SELECT * FROM orders WHERE o_custkey = 370", ("orders: o_custkey",)),
        Case("clerk's orders, newest first",
             "SELECT * FROM orders WHERE o_clerk = 'Clerk#000000051' ORDER BY o_orderdate DESC LIMIT 10",
             ("orders: o_clerk o_orderdate",)),
        Case("one week of lineitem", f"SELECT sum(l_tax) FROM lineitem WHERE {one_week}", ("lineitem: l_shipdate",)),
        Case("Q3", q["Q3"], ("orders: o_custkey o_orderdate", "customer: c_mktsegment")),
        Case("Q4", q["Q4"], ("orders: o_orderdate",)),
        Case("Q5", q["Q5"], ("orders: o_orderdate", "lineitem: l_suppkey", "customer: c_nationkey")),
        Case("Q6", q["Q6"], ("lineitem: l_shipdate l_discount l_quantity l_extendedprice",)),
        Case("Q10", q["Q10"], ("orders: o_orderdate", "lineitem: l_returnflag")),
        Case("Q12", q["Q12"], ("lineitem: l_receiptdate l_shipmode",)),
        Case("Q14", q["Q14"], ("lineitem: l_shipdate",)),
        Case("Q17", q["Q17"], ("lineitem: l_partkey", "part: p_brand p_container")),
        Case("Q20", q["Q20"], ("lineitem: l_partkey l_suppkey l_shipdate", "supplier: s_nationkey")),
    )  # fmt: skip


class Truth:
    """EXPLAIN on the full database."""

    def __init__(self, server: MySQLServer) -> None:
        self._connection = server.connect(DATABASE)
        self._family = server.family
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT VERSION()")
            self.version = server_version(cursor.fetchall()[0][0])
            if self.version.has(MySQLAbility.EXPLAIN_JSON_VERSION_2):
                cursor.execute("SET explain_json_format_version = 1")

    def plan(self, sql: str) -> Plan:
        with self._connection.cursor() as cursor:
            cursor.execute(("EXPLAIN EXTENDED " if self._family == "mariadb" else "EXPLAIN FORMAT=JSON ") + sql)
            cursor.execute("SHOW WARNINGS")
            note = " ".join(str(row[2]) for row in cursor.fetchall() if row[1] == 1003)
            cursor.execute("EXPLAIN FORMAT=JSON " + sql)
            ((text,),) = cursor.fetchall()
        return with_subqueries(read_explain(text, self._family, relations(DATABASE, note)))

    @contextmanager
    def built(self, indexes: Sequence[Index]) -> Iterator[None]:
        with self._connection.cursor() as cursor:
            for index in indexes:
                cursor.execute(alter_table(index, add_index(index)))
            yield
            for index in indexes:
                cursor.execute(f"DROP INDEX {index.name} ON {index.table.name}")

    def size(self, index: Index) -> int:
        """Bytes of a built index."""
        with self._connection.cursor() as cursor:
            cursor.execute(
                "SELECT stat_value * @@innodb_page_size FROM mysql.innodb_index_stats WHERE database_name = %s"
                " AND table_name = %s AND index_name = %s AND stat_name = 'size'",
                (DATABASE, index.table.name, index.name),
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


def accesses(plan: Plan) -> str:
    """Tables in join order, each with how it is read: what two plans are compared by."""
    return ", ".join(
        f"{node.alias} by {node.index or node.access}"
        for node in plan.root.walk()
        if node.access is not None and node.type != "Bitmap Index Scan"
    )


def measure(truth: Truth, planner: ScratchPlanner, case: Case) -> Row:
    instance, indexes = Instance(case.sql), case.built()
    made = planner.prepare(indexes)
    assert len(made) == len(indexes), planner.limits
    predicted_before = planner.plan(instance, EMPTY_CONFIGURATION)
    predicted = planner.plan(instance, Configuration(frozenset(indexes)))
    before = truth.plan(case.sql)
    with truth.built(indexes):
        after = truth.plan(case.sql)
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


def run(flavour: str, scale: float, *, sampled: bool) -> tuple[str, list[Row], float]:
    """Server's name, rows, and the seconds it took to open the planner."""
    with production(flavour, scale) as server, program(flavour):
        url, snapshot = _snapshot(server)
        started = time.perf_counter()
        with ScratchPlanner.open(snapshot, url if sampled else None) as planner:
            seconds = time.perf_counter() - started
            truth = Truth(server)
            rows = []
            for case in cases():
                row = measure(truth, planner, case)
                print(
                    f"{case.name:30} {row.same_before!s:6} {row.same!s:6} {row.before:8.3f} {row.ratio:8.3f}",
                    flush=True,
                )
                if not row.same:
                    print(f"    true:      {row.true_plan}\n    predicted: {row.predicted_plan}", flush=True)
                rows.append(row)
            return truth.version.name, rows, seconds


def _snapshot(server: MySQLServer) -> tuple[DatabaseUrl, Snapshot]:
    url = parse_target(server.url + DATABASE)
    assert isinstance(url, DatabaseUrl)
    return url, collect(url, CollectOptions(workload=False), NoProgress())


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--flavour", action="append", choices=sorted(FLAVOURS))
    parser.add_argument("--made-rows", action="store_true", help="no sample: rows made from statistics")
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.name}")
    options = parser.parse_args()
    parts = []
    for flavour in options.flavour or ("mysql", "mariadb-11.8"):
        for sampled in (False,) if options.made_rows else (True, False) if options.write else (True,):
            name, rows, seconds = run(flavour, options.scale, sampled=sampled)
            how = "a sample of 20,000 rows of each table" if sampled else "rows made from statistics"
            parts.append(table(name, rows, f"TPC-H at scale {options.scale:g}, {how}", seconds))
            print(parts[-1], flush=True)
    if options.write:
        text = PAGE.read_text()
        before, after = text[: text.index(START) + len(START)], text[text.index(END) :]
        PAGE.write_text(before + "\n\n" + "\n\n".join(parts) + "\n\n" + after)


if __name__ == "__main__":
    main()
