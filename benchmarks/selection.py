"""The chosen sets of indexes on TPC-H or TPC-DS, really built, beside those of other advisors, built in the same run.

``python benchmarks/selection.py [--data tpch|tpcds] [--scale 1] [--budgets 125 250 500 1000 none] [--peers]``.
Primary keys only, each query once. ``cost`` is the planned cost of the workload with the indexes really
built, relative to that with primary keys only, without Q20 (whose plan without indexes, 1.9e9, would drown the
others). ``--peers`` builds the sets of ``benchmarks/tpch/peers.json`` too: what other advisors recommended on the same
data, planned with HypoPG's sizes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

import psycopg

sys.path.insert(0, str(Path(__file__).parent))
import tpch

from dbtune.embedded import EmbeddedServer, find_binaries

MEGABYTE = 1e6

LEFT_OUT = {"tpch": "Q20", "tpcds": None}
"""Query whose cost without indexes is so great that it would drown the others."""


NAMES = {"tpch": "TPC-H", "tpcds": "TPC-DS"}


@dataclass(frozen=True)
class Advised:
    """What an advisor says: its statements that build, and what it believes."""

    advisor: str
    budget_mb: float | None
    statements: tuple[str, ...]
    believed_mb: float | None
    believed_cost: float | None
    """Relative, without Q20."""
    distance: float | None
    seconds: float | None
    questions: int | None


@dataclass(frozen=True)
class Built:
    """The same really built."""

    megabytes: float
    cost: float


def _module(data: str) -> ModuleType:
    """``tpch`` or ``tpcds``: only the latter needs DuckDB."""
    return import_module(data)


def queries(data: str) -> dict[str, str]:
    """Those that count, by name."""
    texts = _module(data).queries()
    return {name: text for name, text in texts.items() if name != LEFT_OUT[data]}


def planned(connection: psycopg.Connection, data: str) -> float:
    """Planner cost of the queries that count."""
    total = 0.0
    for text in queries(data).values():
        row = connection.execute(f"EXPLAIN (FORMAT JSON) {text}".encode()).fetchone()
        assert row is not None
        total += float(row[0][0]["Plan"]["Total Cost"])
    return total


@contextmanager
def built(connection: psycopg.Connection, statements: Sequence[str]) -> Iterator[float]:
    """Build the indexes; their size in MB; dropped at the end of the block."""
    before = _index_names(connection)
    for statement in statements:
        connection.execute(statement.replace("CONCURRENTLY ", "").encode())
    made = sorted(_index_names(connection) - before)
    connection.execute("VACUUM ANALYZE")
    rows = [connection.execute("SELECT pg_relation_size(%s::regclass)", [name]).fetchone() for name in made]
    try:
        yield sum(row[0] for row in rows if row is not None) / MEGABYTE
    finally:
        for name in made:
            connection.execute(f'DROP INDEX "{name}"'.encode())


def _index_names(connection: psycopg.Connection) -> set[str]:
    rows = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'i' AND relnamespace = 'public'::regnamespace"
    )
    return {row[0] for row in rows}


def analysed(snapshot: Path, rounds: int, *wishes: str) -> tuple[bytes, float]:
    """What ``dbtune analyze`` says of the snapshot; seconds of the whole process, the least of some rounds."""
    command = [sys.executable, "-m", "dbtune", "analyze", str(snapshot), "--format", "json", *wishes]
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        run = subprocess.run(command, capture_output=True, check=True)
        seconds.append(time.perf_counter() - start)
    return run.stdout, min(seconds)


def advise(snapshot: Path, budget: str, rounds: int) -> Advised:
    """The set of indexes within the budget."""
    size = budget if budget == "none" else f"{budget}MB"
    answer, seconds = analysed(snapshot, rounds, "--only", "index.missing", "--budget", size, "--min-gain", "0.1")
    report = json.loads(answer)
    statements = [
        statement
        for one in report["recommendations"]
        for statement in one["sql"]["up"]
        if statement.startswith("CREATE INDEX")
    ]
    frontier = report["summary"]["frontier"]
    return Advised(
        "dbtune",
        None if budget == "none" else float(budget),
        tuple(statements),
        report["summary"]["new_index_bytes"] / MEGABYTE,
        None,
        None if frontier["bound"] is None else 1 - frontier["bound"] / frontier["cost"],
        seconds,
        report["summary"]["planner_questions"],
    )


def peers() -> Iterator[Advised]:
    """The sets of other advisors that ``peers.json`` gives a built size for."""
    for row in json.loads((tpch.FOLDER / "peers.json").read_text()):
        yield Advised(
            row["advisor"],
            row["budget_mb"],
            tuple(row["indexes"]),
            row["hypothetical_mb"],
            row["cost_rel_no_q20"],
            None,
            row["advisor_seconds"],
            row["planner_calls"],
        )


def lines(advised: Sequence[Advised], connection: psycopg.Connection, data: str) -> Iterator[str]:
    base = planned(connection, data)
    yield (
        "| advisor | budget, MB | indexes | believed, MB | built, MB | believed cost | cost, built"
        " | at most from the best | seconds | planner questions |"
    )
    yield "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    for one in advised:
        with built(connection, one.statements) as megabytes:
            result = Built(megabytes, planned(connection, data) / base)
        yield (
            f"| {one.advisor} | {_number(one.budget_mb, 0) or 'none'} | {len(one.statements)}"
            f" | {_number(one.believed_mb, 1)} | {result.megabytes:.1f} | {_number(one.believed_cost, 4)}"
            f" | **{result.cost:.4f}** | {'' if one.distance is None else f'{one.distance:.1%}'}"
            f" | {_number(one.seconds, 1)} | {_number(one.questions, 0)} |"
        )


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


@contextmanager
def database(url: str | None, data: str, scale: float, major: int | None) -> Iterator[str]:
    """The database given, or one made for the run."""
    if url is not None:
        yield url
        return
    settings = {"shared_buffers": "1GB", "max_wal_size": "4GB", "maintenance_work_mem": "512MB"}
    with EmbeddedServer(find_binaries(major), settings=settings) as server:
        made = server.create_database(data)
        _module(data).load(made, scale)
        yield made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", choices=list(LEFT_OUT), default="tpch")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--major", type=int, help="version of Postgres; by default the newest there is")
    parser.add_argument(
        "--url", help="a database that holds the data already; indexes are built in it and dropped again"
    )
    parser.add_argument("--budgets", nargs="*", default=["125", "250", "500", "1000", "none"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("-o", "--output", type=Path)
    wishes = parser.parse_args()
    with (
        database(wishes.url, wishes.data, wishes.scale, wishes.major) as url,
        tempfile.TemporaryDirectory() as folder,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        snapshot, workload = Path(folder) / "snapshot.json.zst", Path(folder) / "queries.sql"
        all_queries = _module(wishes.data).queries()
        workload.write_text("".join(f"{text.strip().rstrip(';')};\n" for text in all_queries.values()))
        collect = [sys.executable, "-m", "dbtune", "collect", url, "-o", str(snapshot), "--samples", "-q"]
        subprocess.run([*collect, "--workload", str(workload)], check=True)
        # no search: Python and the shadow start, and the workload is planned as it is
        _, start = analysed(snapshot, wishes.rounds, "--only", "index.duplicate")
        advised = [advise(snapshot, budget, wishes.rounds) for budget in wishes.budgets]
        version = connection.info.parameter_status("server_version")
        text = [
            f"# Sets of indexes on {NAMES[wishes.data]}, really built",
            "",
            f"Made by `python benchmarks/selection.py --data {wishes.data}{' --peers' if wishes.peers else ''}`:"
            f" {NAMES[wishes.data]} at scale {wishes.scale:g} on Postgres {version},"
            f" primary keys only, {len(all_queries)} queries once each.",
            "`cost, built` is the planned cost of the workload with the indexes really built, relative to primary keys"
            f" only{', without Q20' if wishes.data == 'tpch' else ''}.",
            f"dbtune's seconds are those of the whole process, the least of {wishes.rounds} rounds; `--min-gain 0.1`."
            f" {start:.1f} s of each go by before the search: Python and the shadow start, today's plans are made.",
            *(["The peers' seconds and questions are from another run, on the same data."] if wishes.peers else []),
            "",
            *lines([*advised, *(peers() if wishes.peers else ())], connection, wishes.data),
        ]
    page = "\n".join(text) + "\n"
    print(page)
    if wishes.output:
        wishes.output.write_text(page)


if __name__ == "__main__":
    main()
