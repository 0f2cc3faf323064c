"""How true is what-if partitioning? TPC-H's lineitem partitioned in the shadow, and the same really done.

    python benchmarks/partitioning.py                  # scale 1: some minutes, about 4 GB of disk, all given back
    python benchmarks/partitioning.py --scale 0.1
    python benchmarks/partitioning.py --write          # the tables go into docs/partitioning-benchmark.md too

Needs the development extras (``tpchgen-cli``). Prints Markdown tables.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import tpch
from pages import put_tables, say

from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.ddl.partitions import partition_bound, partition_key
from dbtune.ddl.quoting import identifier, qualified
from dbtune.embedded import EmbeddedServer, find_binaries
from dbtune.model.names import QualifiedName
from dbtune.model.partitioning import PartitionScheme, Width
from dbtune.model.plan import Plan, PlanNode
from dbtune.model.progress import NoProgress
from dbtune.model.recommendation import Recommendation
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Instance, Statement, Workload
from dbtune.planner.partitions.axis import axis_of
from dbtune.planner.partitions.distribution import Distribution
from dbtune.planner.partitions.ranges import range_scheme
from dbtune.planner.partitions.what_if import partitioned
from dbtune.planner.plan_reader import read_plan
from dbtune.planner.shadow.shadow import ShadowPlanner
from dbtune.rules.engine import AdviseOptions, advise
from dbtune.sql.fingerprint import fingerprint, normalise

PAGE = Path(__file__).parent.parent / "docs" / "partitioning-benchmark.md"
MARK = "<!-- tables by benchmarks/partitioning.py -->"

PRODUCTION_SETTINGS = {
    "shared_buffers": "256MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "8GB",
    "autovacuum": "off",
}

LINEITEM = QualifiedName("public", "lineitem")

BY_MONTH: Mapping[str, str] = {
    "revenue of a month": (
        "SELECT sum(l_extendedprice * (1 - l_discount)) FROM lineitem"
        " WHERE l_shipdate >= '1995-03-01' AND l_shipdate < '1995-04-01'"
    ),
    "a month by flags": (
        "SELECT l_returnflag, l_linestatus, sum(l_quantity), count(*) FROM lineitem"
        " WHERE l_shipdate BETWEEN '1996-07-01' AND '1996-07-31' GROUP BY 1, 2 ORDER BY 1, 2"
    ),
    "one day": "SELECT * FROM lineitem WHERE l_shipdate = '1994-05-17'",
    "a week, by mode": (
        "SELECT l_shipmode, count(*) FROM lineitem"
        " WHERE l_shipdate >= '1997-02-03' AND l_shipdate < '1997-02-10' GROUP BY l_shipmode"
    ),
    "a month with its orders": (
        "SELECT o_orderpriority, sum(l_extendedprice) FROM lineitem JOIN orders ON o_orderkey = l_orderkey"
        " WHERE l_shipdate >= '1993-11-01' AND l_shipdate < '1993-12-01' GROUP BY o_orderpriority"
    ),
    "a month with parts and suppliers": (
        "SELECT s_name, sum(l_quantity) FROM lineitem JOIN supplier ON s_suppkey = l_suppkey"
        " JOIN part ON p_partkey = l_partkey WHERE l_shipdate >= '1998-01-01' AND l_shipdate < '1998-02-01'"
        " AND p_size = 15 GROUP BY s_name ORDER BY 2 DESC LIMIT 10"
    ),
    "a quarter's promotions": (
        "SELECT sum(l_extendedprice) FROM lineitem JOIN part ON p_partkey = l_partkey"
        " WHERE l_shipdate >= '1995-07-01' AND l_shipdate < '1995-10-01' AND p_type LIKE 'PROMO%'"
    ),
    "a year's discounts": (
        "SELECT sum(l_extendedprice * l_discount) FROM lineitem WHERE l_shipdate >= '1994-01-01'"
        " AND l_shipdate < '1995-01-01' AND l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24"
    ),
    "the latest": "SELECT * FROM lineitem WHERE l_shipdate >= '1998-11-01' ORDER BY l_shipdate DESC LIMIT 20",
    "an order's lines": "SELECT * FROM lineitem WHERE l_orderkey = 3000001",
    "a supplier's lines": "SELECT count(*) FROM lineitem WHERE l_suppkey = 42",
}
"""A workload that asks by month, and two statements that do not."""


@dataclass(frozen=True)
class Compared:
    title: str
    before: float
    what_if: float
    built: float
    same_plan: bool

    @property
    def error(self) -> float:
        return self.what_if / self.built - 1.0


def main() -> None:
    options = _options()
    with production(options.scale) as (url, snapshot):
        workload = {**BY_MONTH, **tpch.queries()}
        scheme = by_width(snapshot, Width("month"))
        with ShadowPlanner.open(snapshot, NoProgress(), find_binaries()) as shadow:
            before = {title: shadow.plan(Instance(sql)) for title, sql in workload.items()}
            began = time.perf_counter()
            changed = partitioned(snapshot, scheme)
            what_if = shadow.changed(changed)
            assert what_if is not None
            planned = {title: what_if.plan(Instance(sql)) for title, sql in workload.items()}
            seconds = time.perf_counter() - began
            limits = what_if.limits
            what_if.close()
        advised = advice(snapshot)
        for limit in limits:
            say(f"{limit.what}: {limit.why}")
        say(f"what-if partitioned and {len(workload)} statements planned in {seconds:.1f} s; now really")
        with psycopg.connect(url.conninfo, autocommit=True) as connection:
            convert(connection, scheme)
            built = {title: explain(connection, sql) for title, sql in workload.items()}
    if options.plans:
        for title in workload:
            print(f"=== {title}")
            for name, plan in (("what-if", planned[title]), ("built", built[title])):
                print(f"--- {name}")
                print_plan(plan)
    rows = [
        Compared(t, before[t].cost, planned[t].cost, built[t].cost, shape(planned[t]) == shape(built[t]))
        for t in workload
    ]
    text = f"{section(rows, scheme, snapshot, options.scale)}\n\n{advised}"
    print(text)
    if options.write:
        put_tables(PAGE, MARK, text)


def advice(snapshot: Snapshot) -> str:
    """What is recommended for lineitem, for both workloads, with index advice and without."""
    lines = [
        "### What is advised for lineitem",
        "",
        "| workload | looked for | advice | cost of the statements on it | why |",
        "|---|---|---|---|---|",
    ]
    workloads = {"by month": BY_MONTH, "the 22 queries": tpch.queries()}
    for title, texts in workloads.items():
        statements = tuple(Statement(fingerprint(t), normalise(t), 100.0, samples=(t,)) for t in texts.values())
        for what, only in (("partitions alone", ("partition",)), ("everything", ())):
            say(f"advice for {title}, {what}")
            with ShadowPlanner.open(snapshot, NoProgress(), find_binaries()) as planner:
                options = AdviseOptions(only=only)
                report = advise(snapshot, Workload(statements), planner, options, NoProgress())
            lines += [_advice_row(title, what, one) for one in report.recommendations if _is_on_lineitem(one)]
    return "\n".join(lines)


def _is_on_lineitem(one: Recommendation) -> bool:
    return one.rule == "partition.missing" and one.object.table == LINEITEM.name


def _advice_row(workload: str, what: str, one: Recommendation) -> str:
    before = sum(s.calls * (s.cost_before or 0.0) for s in one.evidence.statements)
    after = sum(s.calls * (s.cost_after or 0.0) for s in one.evidence.statements)
    why = "" if one.sql.up else one.reason.partition(" Dearer are")[0]
    return f"| {workload} | {what} | {one.title} | {before:,.0f} → {after:,.0f} | {why} |"


@contextmanager
def production(scale: float) -> Iterator[tuple[DatabaseUrl, Snapshot]]:
    """A server full of TPC-H and its snapshot; both are gone at the end of the block."""
    with EmbeddedServer(find_binaries(), settings=PRODUCTION_SETTINGS) as server:
        text = server.create_database("tpch")
        say(f"TPC-H at scale {scale:g} into Postgres {server.version}")
        tpch.load(text, scale)
        url = parse_target(text)
        assert isinstance(url, DatabaseUrl)
        yield url, collect(url, CollectOptions(workload=False), NoProgress())


def by_width(snapshot: Snapshot, width: Width) -> PartitionScheme:
    """lineitem by ranges of l_shipdate."""
    table = snapshot.table(LINEITEM)
    column = table.column("l_shipdate") if table is not None else None
    assert column is not None and column.statistics is not None
    axis = axis_of(column)
    assert axis is not None
    ends = Distribution.of(axis, column.statistics).ends
    assert ends is not None
    # the greatest value that a sample held is not the greatest there is
    return range_scheme(LINEITEM, column.name, axis, width, ends[0], ends[1] + 31)


def convert(connection: psycopg.Connection, scheme: PartitionScheme) -> None:
    """Partition the table in the plainest way, and ANALYZE."""
    old = QualifiedName(scheme.table.schema, "unpartitioned")
    statements = [
        f"ALTER TABLE {qualified(scheme.table)} RENAME TO {identifier(old.name)}",
        f"CREATE TABLE {qualified(scheme.table)} (LIKE {qualified(old)} INCLUDING DEFAULTS)"
        f" PARTITION BY {partition_key(scheme)}",
        *(
            f"CREATE TABLE {identifier(part.name)} PARTITION OF {qualified(scheme.table)}"
            f" {partition_bound(scheme, part)}"
            for part in scheme.parts
        ),
        f"INSERT INTO {qualified(scheme.table)} SELECT * FROM {qualified(old)}",
        f"DROP TABLE {qualified(old)}",
        f"ALTER TABLE {qualified(scheme.table)} ADD PRIMARY KEY (l_orderkey, l_linenumber, {scheme.column})",
        f"VACUUM ANALYZE {qualified(scheme.table)}",
    ]
    for statement in statements:
        connection.execute(statement.encode())


def explain(connection: psycopg.Connection, sql: str) -> Plan:
    """The full server's own plan."""
    row = connection.execute(f"EXPLAIN (FORMAT JSON, VERBOSE) {sql}".encode()).fetchone()
    assert row is not None
    return read_plan(row[0])


def shape(plan: Plan) -> str:
    """Of the plan, without the names of the partitions' indexes, which are not given by the user, and without the
    order of the partitions in a parallel scan, which goes by their sizes."""
    text = repr(Plan(_in_order(plan.root)).shape)
    return re.sub(r"lineitem_\w+?_(lineitem_)?pkey", "pkey", text)


def _in_order(node: PlanNode) -> PlanNode:
    children = tuple(map(_in_order, node.children))
    if node.type == "Append":
        children = tuple(sorted(children, key=lambda child: str([n.relation for n in child.walk()])))
    return replace(node, children=children)


def print_plan(plan: Plan) -> None:
    def walk(node: PlanNode, depth: int) -> None:
        relation = node.relation.name if node.relation else ""
        print(
            f"{'  ' * depth}{node.type} {relation} {node.index or ''} cost={node.total_cost:.0f} rows={node.rows:.0f}"
        )
        for child in node.children[:3]:
            walk(child, depth + 1)

    walk(plan.root, 0)


def section(rows: Sequence[Compared], scheme: PartitionScheme, snapshot: Snapshot, scale: float) -> str:
    by_month, others = rows[: len(BY_MONTH)], rows[len(BY_MONTH) :]
    filled = len(scheme.parts) - 1
    lines = [
        f"TPC-H at scale {scale:g}, Postgres {snapshot.server.version}: lineitem {scheme.title}, {filled} partitions"
        " and a default.",
    ]
    for title, part in (("A workload that asks by month", by_month), ("The 22 queries of TPC-H", others)):
        same = sum(row.same_plan for row in part)
        worst = max((row.error for row in part), key=abs)
        what_if, built = sum(row.what_if for row in part), sum(row.built for row in part)
        lines += [
            "",
            f"### {title}",
            "",
            f"{same} of {len(part)} plans the same; largest cost difference {worst:+.2%}; "
            f"{sum(abs(row.error) <= 0.05 for row in part)} of {len(part)} within 5%. All together: {what_if:,.0f} "
            f"what-if, {built:,.0f} really, {what_if / built - 1.0:+.2%}.",
            "",
            "| statement | cost as it is | what-if | really partitioned | difference | same plan |",
            "|---|---|---|---|---|---|",
        ]
        lines += [
            f"| {row.title} | {row.before:,.0f} | {row.what_if:,.0f} | {row.built:,.0f} | {row.error:+.2%} "
            f"| {'yes' if row.same_plan else 'no'} |"
            for row in part
        ]
    return "\n".join(lines)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--scale", type=float, default=1.0, help="TPC-H scale factor (1: 6 million line items)")
    parser.add_argument("--plans", action="store_true", help="print the plans of both sides")
    parser.add_argument("--write", action="store_true", help=f"write the tables into docs/{PAGE.name}")
    return parser.parse_args()


if __name__ == "__main__":
    main()
