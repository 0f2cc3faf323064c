"""Advice for 1,000 tables and 10,000 statements: seconds and memory of ``dbtune analyze`` on a snapshot without data.

``python benchmarks/synthetic.py [--tables 1000] [--statements 10000] [-o docs/scale.md]``. The tables are made empty on
an embedded server and collected; sizes and statistics of a shop's tables are then put into the snapshot. Statements are
lookups, ranges, joins along foreign keys, sorts with LIMIT, aggregates and writes, with calls by Zipf's law.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg

from dbtune.collect.collector import CollectOptions, collect
from dbtune.collect.snapshot_file import write_snapshot
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.embedded import EmbeddedServer, find_binaries
from dbtune.model.progress import NoProgress
from dbtune.model.schema import Column, ColumnStatistics, Table
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Statement, Workload, WorkloadSource
from dbtune.sql.fingerprint import fingerprint, normalise

KINDS = 8
"""Values of the column ``kind``."""

BYTES_PER_ROW = 120
PAGE = 8192

SHAPES = (
    "SELECT id, total FROM t{n} WHERE customer_id = {i} AND kind = '{kind}' ORDER BY created_at DESC LIMIT 20",
    "SELECT count(*) FROM t{n} WHERE created_at >= '{day}' AND created_at < '{day}'::date + 7",
    "SELECT a.id, b.total FROM t{n} a JOIN t{m} b ON b.parent_id = a.id WHERE a.kind = '{kind}' AND a.score > {i}",
    "SELECT kind, sum(total) FROM t{n} WHERE customer_id = {i} GROUP BY kind",
    "SELECT id FROM t{n} WHERE code = 'c{i}'",
    "SELECT * FROM t{n} WHERE parent_id = {i} AND score BETWEEN {i} AND {i} + 50",
    "UPDATE t{n} SET score = score + 1 WHERE code = 'c{i}'",
    "SELECT max(created_at) FROM t{n} WHERE parent_id = {i}",
    "DELETE FROM t{n} WHERE created_at < '{day}' AND kind = '{kind}'",
    "SELECT a.id FROM t{n} a WHERE EXISTS (SELECT 1 FROM t{m} b WHERE b.parent_id = a.id AND b.customer_id = {i})",
)
"""What is asked of table n and its child m; columns differ by statement (see ``_variant``)."""

EXTRA = ("", " AND score <> {i}", " AND total > {i}", " AND code >= 'c{i}'", " AND customer_id < {i}")


def snapshot(tables: int, statements: int, seed: int = 1) -> Snapshot:
    """The schema as collected, with sizes, statistics and a workload of its own."""
    rng = random.Random(seed)
    with EmbeddedServer(find_binaries()) as server:
        url = server.create_database("scale")
        with psycopg.connect(url, autocommit=True) as connection:
            for number in range(tables):
                parent = f"REFERENCES t{number // 2}" if number else ""
                connection.execute(
                    f"CREATE TABLE t{number} (id bigint PRIMARY KEY, parent_id bigint {parent}, customer_id bigint,"
                    " kind text, code text, score int, total numeric, created_at timestamptz)".encode()
                )
        target = parse_target(url)
        assert isinstance(target, DatabaseUrl)
        empty = collect(target, CollectOptions(workload=False), NoProgress())
    filled = tuple(_filled(table, 10 ** rng.uniform(3.5, 7)) for table in empty.tables)
    found = tuple(_statements(tables, statements, rng))
    source = WorkloadSource("sql", "synthetic", len(found), sum(one.calls for one in found))
    return replace(empty, tables=filled, workload=Workload(found, (source,)))


def _filled(table: Table, rows: float) -> Table:
    rows = float(round(rows))
    pages = max(1, round(rows * BYTES_PER_ROW / PAGE))
    columns = tuple(replace(column, statistics=_statistics(column, rows)) for column in table.columns)
    size = max(1, round(rows * 20 / PAGE))
    indexes = tuple(
        replace(index, facts=replace(index.facts, pages=size, tuples=rows, bytes=size * PAGE, tree_height=2))
        for index in table.indexes
        if index.facts is not None
    )
    return replace(
        table, columns=columns, indexes=indexes, tuples=rows, pages=pages, file_pages=pages, all_visible_pages=pages
    )


def _statistics(column: Column, rows: float) -> ColumnStatistics:
    steps = 100
    whole = {
        "id": (8, -1.0, [str(round(rows * n / steps)) for n in range(steps + 1)], 1.0),
        "parent_id": (8, -0.1, [str(round(rows / 2 * n / steps)) for n in range(steps + 1)], 0.1),
        "customer_id": (8, min(rows / 10, 50_000.0), [str(500 * n) for n in range(steps + 1)], 0.0),
        "code": (9, -1.0, [f"c{round(10**6 * n / steps):06d}" for n in range(steps + 1)], 0.0),
        "score": (4, 1000.0, [str(10 * n) for n in range(steps + 1)], 0.0),
        "total": (6, 5000.0, [str(50 * n) for n in range(steps + 1)], 0.0),
        "created_at": (8, -0.9, [f"2024-{1 + n // 9:02d}-{1 + 3 * (n % 9):02d} 00:00:00+00" for n in range(100)], 0.98),
    }
    if column.name == "kind":
        common = tuple(f"k{number}" for number in range(KINDS))
        shares = [2.0 ** -(number + 1) for number in range(KINDS)]
        return ColumnStatistics(0.0, 3, float(KINDS), common, tuple(share / sum(shares) for share in shares))
    width, distinct, bounds, correlation = whole[column.name]
    return ColumnStatistics(0.0, width, distinct, histogram_bounds=tuple(bounds), correlation=correlation)


def _statements(tables: int, count: int, rng: random.Random) -> Iterator[Statement]:
    seen: set[str] = set()
    while len(seen) < count:
        number = rng.randrange(tables)
        child = 2 * number + rng.randrange(2)
        child = child if 0 < child < tables else max(1, number)
        text = _variant(rng, SHAPES[rng.randrange(len(SHAPES))], number, child)
        key = fingerprint(text)
        if key not in seen:
            seen.add(key)
            calls = round(1e6 / (len(seen) ** 1.1)) + 1
            yield Statement(key, normalise(text), float(calls), samples=(text,), source="synthetic")


def _variant(rng: random.Random, shape: str, number: int, child: int) -> str:
    extra = EXTRA[rng.randrange(len(EXTRA))] if " WHERE " in shape and "t{n} a" not in shape else ""
    head, clause, tail = shape.partition(" WHERE ")
    for word in (" ORDER BY", " GROUP BY"):
        if word in tail:
            condition, keyword, rest = tail.partition(word)
            tail = condition + extra + keyword + rest
            break
    else:
        tail += extra
    return (head + clause + tail).format(
        n=number,
        m=child,
        i=rng.randrange(1000),
        kind=f"k{rng.randrange(KINDS)}",
        day=f"2024-{rng.randrange(1, 13):02d}-{rng.randrange(1, 28):02d}",
    )


def measured(path: Path, extra: list[str]) -> tuple[float, float, dict[str, object]]:
    """Seconds, peak resident memory of the process in MB, and the report."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "dbtune", "analyze", str(path), "--format", "json", *extra]
    run = subprocess.run(command, capture_output=True, check=True)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
    return time.perf_counter() - start, peak, json.loads(run.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=1000)
    parser.add_argument("--statements", type=int, default=10_000)
    parser.add_argument("--timeout", type=float, help="seconds after which the best set found so far is taken")
    parser.add_argument("-o", "--output", type=Path)
    wishes = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scale.json.zst"
        write_snapshot(snapshot(wishes.tables, wishes.statements), path, samples=True)
        seconds, peak, report = measured(path, ["--timeout", str(wishes.timeout)] if wishes.timeout else [])
    summary, workload = report["summary"], report["workload"]
    assert isinstance(summary, dict) and isinstance(workload, dict)
    lines = [
        "# A large schema",
        "",
        "Made by `python benchmarks/synthetic.py`: a snapshot without data, `dbtune analyze` as a whole process.",
        "",
        "| tables | statements | seconds | peak memory, MB | planner questions | cost before → after | new indexes |",
        "|--:|--:|--:|--:|--:|---|--:|",
        f"| {wishes.tables:,} | {workload['statements']:,} | {seconds:.0f} | {peak:.0f} "
        f"| {summary['planner_questions']:,} | {summary['cost_before']:.3g} → {summary['cost_after']:.3g} "
        f"| {sum(one['rule'] == 'index.missing' for one in report['recommendations'])} |",  # type: ignore[attr-defined]
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    if wishes.output:
        wishes.output.write_text(text)


if __name__ == "__main__":
    main()
