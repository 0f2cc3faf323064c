"""How true is the shadow planner? TPC-H in a full server, the same in a shadow made of its snapshot, plans compared.

    python benchmarks/fidelity.py                       # scale 1, the newest Postgres on this machine
    python benchmarks/fidelity.py --scale 0.1 --production 15 --production 18
    python benchmarks/fidelity.py --write               # the tables go into docs/fidelity.md too

Needs the development extras (``tpchgen-cli``); takes a few minutes and about 3 GB of disk at scale 1, all of it given
back. Prints Markdown tables.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import tpch
from pages import put_tables, say
from what_if import WhatIf, what_ifs

from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.ddl.indexes import create_index, drop_index
from dbtune.embedded import EmbeddedServer, available_binaries, find_binaries
from dbtune.model.plan import EMPTY_CONFIGURATION, Configuration, Plan
from dbtune.model.progress import NoProgress
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Instance
from dbtune.planner.index_size import index_pages
from dbtune.planner.plan_reader import read_plan
from dbtune.planner.shadow.shadow import ShadowPlanner

PAGE = Path(__file__).parent.parent / "docs" / "fidelity.md"
MARK = "<!-- tables by benchmarks/fidelity.py -->"

PRODUCTION_SETTINGS = {
    "shared_buffers": "256MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "8GB",
    "autovacuum": "off",  # statistics must not change while they are compared
}


@dataclass(frozen=True)
class Existing:
    """The 22 queries on what exists."""

    production: str
    shadow: str
    start_seconds: float
    equal_plans: int
    queries: int
    worst_cost_error: float
    within_1e6: int


@dataclass(frozen=True)
class Built:
    """One what-if index, and the same really built. Errors are relative to the built one."""

    title: str
    pages: int
    predicted_pages: int
    cost_errors: tuple[float, ...]
    """Of the statements that use it on either side: (what-if - built) / built."""
    equal_plans: int
    end: str | None = None
    end_error: float = 0.0
    """Of the statement at the end of the column."""

    @property
    def size_error(self) -> float:
        return self.predicted_pages / self.pages - 1.0

    @property
    def worst_cost_error(self) -> float:
        return max(self.cost_errors, key=abs, default=0.0)


def main() -> None:
    options = _options()
    sections: list[str] = []
    existing: list[Existing] = []
    rates: dict[str, float] = {}
    for major in options.production or [find_binaries().major]:
        with production(major, options.scale) as (url, snapshot):
            with psycopg.connect(url.conninfo, autocommit=True) as connection:
                for binaries in available_binaries():
                    if binaries.major in (major, find_binaries().major):
                        say(f"the 22 queries of Postgres {major} in a shadow of {binaries.version}")
                        existing.append(compare_existing(connection, snapshot, binaries.major))
                say("explains a second")
                rates[snapshot.server.version] = explains_a_second(snapshot, major)
                built = compare_built(connection, snapshot, major)
            sections.append(_built_section(snapshot.server.version, built))
    text = "\n\n".join([_existing_section(existing, rates, options.scale), *sections])
    print(text)
    if options.write:
        put_tables(PAGE, MARK, text)


@contextmanager
def production(major: int, scale: float) -> Iterator[tuple[DatabaseUrl, Snapshot]]:
    """A server full of TPC-H and its snapshot; both are gone at the end of the block."""
    with EmbeddedServer(find_binaries(major), settings=PRODUCTION_SETTINGS) as server:
        text = server.create_database("tpch")
        say(f"TPC-H at scale {scale:g} into Postgres {server.version}")
        tpch.load(text, scale)
        url = parse_target(text)
        assert isinstance(url, DatabaseUrl)
        yield url, collect(url, CollectOptions(workload=False), NoProgress())


def compare_existing(connection: psycopg.Connection, snapshot: Snapshot, shadow_major: int) -> Existing:
    """Plan the 22 queries on both sides."""
    began = time.perf_counter()
    with ShadowPlanner.open(snapshot, NoProgress(), find_binaries(shadow_major)) as shadow:
        seconds = time.perf_counter() - began
        pairs = [(explain(connection, q), shadow.plan(Instance(q))) for q in tpch.queries().values()]
        name = shadow.name
    errors = [abs(ours.cost / theirs.cost - 1.0) for theirs, ours in pairs]
    return Existing(
        snapshot.server.version,
        name.removeprefix("shadow (Postgres ").removesuffix(")"),
        seconds,
        sum(theirs.shape == ours.shape for theirs, ours in pairs),
        len(pairs),
        max(errors),
        sum(error <= 1e-6 for error in errors),
    )


def explains_a_second(snapshot: Snapshot, major: int, rounds: int = 40) -> float:
    """On one connection, one what-if index switched on or off before each round of the 22 queries."""
    indexes = [case.index for case in what_ifs()]
    instances = [Instance(query) for query in tpch.queries().values()]
    with ShadowPlanner.open(snapshot, NoProgress(), find_binaries(major)) as shadow:
        shadow.prepare(indexes)
        began = time.perf_counter()
        for number in range(rounds):
            configuration = Configuration(frozenset({indexes[number // 2 % len(indexes)]} if number % 2 else ()))
            for instance in instances:
                shadow.plan(instance, configuration)
        return rounds * len(instances) / (time.perf_counter() - began)


def compare_built(connection: psycopg.Connection, snapshot: Snapshot, major: int) -> list[Built]:
    """Each what-if index in the shadow, then really built, used by the 22 queries and its own probe."""
    results: list[Built] = []
    queries = list(tpch.queries().values())
    with ShadowPlanner.open(snapshot, NoProgress(), find_binaries(major)) as shadow:
        shadow.prepare(case.index for case in what_ifs())
        for number, case in enumerate(what_ifs(), start=1):
            say(f"building {number} of {len(what_ifs())}: {case.title}")
            results.append(_compare_one(connection, snapshot, shadow, case, [*queries, case.probe]))
    return results


def _compare_one(
    connection: psycopg.Connection, snapshot: Snapshot, shadow: ShadowPlanner, case: WhatIf, statements: Sequence[str]
) -> Built:
    index = case.index
    with_index = EMPTY_CONFIGURATION.with_index(index)
    asked = [*statements, case.end] if case.end else statements
    planned = {sql: shadow.plan(Instance(sql), with_index) for sql in asked}
    connection.execute(create_index(index, concurrently=False).encode())
    try:
        real = {sql: explain(connection, sql) for sql in asked}
        pages = _pages(connection, index.name)
    finally:
        connection.execute(drop_index(index.qualified_name, concurrently=False).encode())
    used = [sql for sql in statements if index.name in planned[sql].indexes | real[sql].indexes]
    table = snapshot.table(index.table)
    assert table is not None
    return Built(
        case.title,
        pages,
        index_pages(index, table, snapshot).pages,
        tuple(planned[sql].cost / real[sql].cost - 1.0 for sql in used),
        sum(planned[sql].shape == real[sql].shape for sql in used),
        case.end,
        planned[case.end].cost / real[case.end].cost - 1.0 if case.end else 0.0,
    )


def explain(connection: psycopg.Connection, sql: str) -> Plan:
    """The full server's own plan."""
    row = connection.execute(f"EXPLAIN (FORMAT JSON, VERBOSE) {sql}".encode()).fetchone()
    assert row is not None
    return read_plan(row[0])


def _pages(connection: psycopg.Connection, name: str) -> int:
    row = connection.execute("SELECT pg_relation_size(%s::regclass) / 8192", (name,)).fetchone()
    assert row is not None
    return int(row[0])


def _existing_section(rows: Sequence[Existing], rates: Mapping[str, float], scale: float) -> str:
    lines = [
        f"### The 22 queries of TPC-H, scale {scale:g}, primary keys only",
        "",
        "| production | shadow | plans the same | cost within 1e-6 | largest cost difference | shadow started in |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| Postgres {row.production} | Postgres {row.shadow} | {row.equal_plans} of {row.queries} "
        f"| {row.within_1e6} of {row.queries} | {row.worst_cost_error:.1g} | {row.start_seconds:.1f} s |"
        for row in rows
    ]
    lines += ["", "| shadow | EXPLAINs a second on one connection, a what-if index switched every 22 |", "|---|---|"]
    lines += [f"| Postgres {version} | {rate:,.0f} |" for version, rate in rates.items()]
    return "\n".join(lines)


def _built_section(version: str, rows: Sequence[Built]) -> str:
    costs = [abs(error) for row in rows for error in row.cost_errors]
    sizes = [abs(row.size_error) for row in rows]
    used = sum(len(row.cost_errors) for row in rows)
    equal = sum(row.equal_plans for row in rows)
    close = sum(size <= 0.1 for size in sizes)
    lines = [
        f"### {len(rows)} what-if indexes against the same really built, Postgres {version}",
        "",
        f"- **Cost** of the {used} statements that use the index: median error {statistics.median(costs):.2%}, "
        f"worst {max(costs):.2%}; {equal} of {used} plans the same.",
        f"- **Size**: median error {statistics.median(sizes):.1%}, worst {max(sizes):.0%}; "
        f"{close} of {len(rows)} within 10%.",
        "",
        "| what-if index | built, pages | predicted | size error | statements | worst cost error |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.title} | {row.pages:,} | {row.predicted_pages:,} | {row.size_error:+.1%} "
        f"| {len(row.cost_errors)} | {row.worst_cost_error:+.3%} |"
        for row in rows
    ]
    lines += [
        "",
        "At the very end of a column the built index itself tells the planner the true least or greatest value, which",
        "the statistics do not hold:",
        "",
        "| statement | cost error of the what-if index |",
        "|---|---|",
    ]
    lines += [f"| `{row.end}` | {row.end_error:+.2%} |" for row in rows if row.end]
    return "\n".join(lines)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--scale", type=float, default=1.0, help="TPC-H scale factor (1: 6 million line items)")
    parser.add_argument("--production", type=int, action="append", metavar="MAJOR", help="may be given again")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/fidelity.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()
