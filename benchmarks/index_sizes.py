"""How true are predicted index sizes? dbtune's own candidates for three workloads, each really built and measured.

    python benchmarks/index_sizes.py                              # TPC-H and TPC-DS at scale 1, the shop
    python benchmarks/index_sizes.py --schema shop --scale 0.1
    python benchmarks/index_sizes.py --schema tpch --url tpch=postgresql:///tpch   # a database that is loaded already
    python benchmarks/index_sizes.py --keep measured/             # build once; later runs only predict anew
    python benchmarks/index_sizes.py --write                      # the tables go into docs/index-sizes.md too

Needs the extras ``dev`` and ``bench``. At scale 1 it takes about an hour and 6 GB of disk, all of it given back.
Indexes are built one after the other, and each is gone before the next.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import sqlglot
import tpcds
import tpch
from pages import put_tables, say
from sqlglot import exp

from dbtune.candidates.generate import generate
from dbtune.candidates.registry import Candidate
from dbtune.collect.collector import CollectOptions, collect
from dbtune.collect.snapshot_file import read_snapshot, write_snapshot
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.ddl.indexes import create_index
from dbtune.demo import shop
from dbtune.embedded import EmbeddedServer, find_binaries
from dbtune.model.names import QualifiedName
from dbtune.model.progress import NoProgress
from dbtune.model.schema import Index
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Instance, Statement
from dbtune.planner.gate import PlannedStatement
from dbtune.planner.index_size import index_pages, upper_bytes
from dbtune.sql.facts import statement_facts

PAGE = Path(__file__).parent.parent / "docs" / "index-sizes.md"
MARK = "<!-- tables by benchmarks/index_sizes.py -->"
WORST_SHOWN = 8

SETTINGS = {"shared_buffers": "256MB", "maintenance_work_mem": "256MB", "max_wal_size": "8GB", "autovacuum": "off"}


@dataclass(frozen=True)
class Schema:
    """A database to fill and the statements that candidates are made for."""

    title: str
    load: Callable[[str, float], None]
    statements: Callable[[], Sequence[str]]


SCHEMAS: Mapping[str, Schema] = {
    "tpch": Schema(
        "TPC-H",
        tpch.load,
        lambda: list(tpch.queries().values()),
    ),
    "tpcds": Schema("TPC-DS", tpcds.load, lambda: list(tpcds.queries().values())),
    "shop": Schema(
        "shop",
        lambda url, scale: shop.load(url, scale, NoProgress()),
        lambda: [(*one.samples, one.text)[0] for one in shop.workload().statements],
    ),
}


@dataclass(frozen=True)
class Built:
    """A candidate: its bytes as predicted, the upper estimate, and as built."""

    schema: str
    kind: str
    title: str
    predicted: int
    upper: int
    built: int

    @property
    def error(self) -> float:
        return self.predicted / self.built - 1.0


def main() -> None:
    options = _options()
    urls = dict(text.split("=", 1) for text in options.url)
    found: list[Built] = []
    for name in options.schema or list(SCHEMAS):
        found += compare(name, urls.get(name), options)
    text = "\n\n".join([summary(found), worst(found)])
    print(text)
    if options.write:
        put_tables(PAGE, MARK, text)


def compare(name: str, url: str | None, options: argparse.Namespace) -> list[Built]:
    """Candidates of one schema, predicted and built (or measured by an earlier run)."""
    kept = Kept(Path(options.keep) / name) if options.keep else None
    if kept is not None and kept.snapshot is not None and url is None:
        wanted = candidates(name, kept.snapshot)
        return [
            _built(name, *one, kept.snapshot, kept.sizes[title(one[1])])
            for one in wanted
            if title(one[1]) in kept.sizes
        ]
    with database(name, url, options.scale) as (conninfo, snapshot):
        found: list[Built] = []
        wanted = _evenly(candidates(name, snapshot), options.at_most)
        for number, (kind, index) in enumerate(wanted, start=1):
            size = kept.sizes.get(title(index)) if kept is not None else None
            size = build(conninfo, index) if size is None else size
            if size is not None:
                found.append(_built(name, kind, index, snapshot, size))
                say(f"{number}/{len(wanted)} {found[-1].error:+.1%} {size >> 20} MB {found[-1].title}")
    if kept is not None:
        kept.keep(snapshot, found)
    return found


class Kept:
    """The snapshot and the built sizes of an earlier run, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        file = folder / "snapshot.json.zst"
        self.snapshot = read_snapshot(file) if file.exists() else None
        sizes = folder / "sizes.json"
        self.sizes: dict[str, int] = json.loads(sizes.read_text()) if sizes.exists() else {}

    def keep(self, snapshot: Snapshot, found: Sequence[Built]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        write_snapshot(snapshot, self.folder / "snapshot.json.zst")
        self.sizes |= {one.title: one.built for one in found}
        (self.folder / "sizes.json").write_text(json.dumps(self.sizes, indent=1))


@contextmanager
def database(name: str, url: str | None, scale: float) -> Iterator[tuple[str, Snapshot]]:
    """A filled database and its snapshot; a server started for it is gone at the end of the block."""
    if url is not None:
        yield url, _snapshot(url)
        return
    with EmbeddedServer(find_binaries(), settings=SETTINGS) as server:
        text = server.create_database(name)
        say(f"{SCHEMAS[name].title} at scale {scale:g} into Postgres {server.version}")
        SCHEMAS[name].load(text, scale)
        yield text, _snapshot(text)


def candidates(name: str, snapshot: Snapshot) -> list[tuple[str, Index]]:
    """(kind, index) in a fixed order."""
    statements = [
        PlannedStatement(Statement(f"s{number}", sql, 1.0), statement_facts(sql, snapshot), (Instance(sql),))
        for number, sql in enumerate(SCHEMAS[name].statements())
    ]
    found = [(_kind(candidate), candidate.index) for candidate in generate(snapshot, statements)]
    return [(kind, replace(index, name=f"size_{number}")) for number, (kind, index) in enumerate(found)]


def _kind(candidate: Candidate) -> str:
    """Partial indexes on a comparison of columns are a kind of their own: no statistics tell their rows."""
    predicate = candidate.index.predicate
    if predicate is None:
        return candidate.kind
    compares = (
        len({column.name for column in sqlglot.parse_one(predicate, dialect="postgres").find_all(exp.Column)}) > 1
    )
    return "partial, columns compared" if compares else candidate.kind


def build(conninfo: str, index: Index) -> int | None:
    """Bytes of the main fork, the index dropped again; None where the server cannot build it."""
    with psycopg.connect(conninfo) as connection:
        try:
            connection.execute(create_index(index, concurrently=False).encode())
        except psycopg.Error as error:
            say(f"not built: {title(index)}: {str(error).splitlines()[0]}")
            return None
        row = connection.execute(
            "SELECT sum(pg_relation_size(relid)) FROM pg_partition_tree(%s::regclass)"
            if index.table in _partitioned(connection)
            else "SELECT pg_relation_size(%s::regclass)",
            (f'"{index.table.schema}"."{index.name}"',),
        ).fetchone()
        connection.rollback()
    assert row is not None
    return int(row[0])


def title(index: Index) -> str:
    """The definition without the index's name."""
    return create_index(replace(index, name="i"), concurrently=False).partition(" ON ")[2]


def summary(found: Sequence[Built]) -> str:
    """A row for each schema and kind, one for each schema, one for all."""
    lines = [
        "| schema | kind | indexes | within 5% | within 10% | within 20% | median error | worst | predicted / built"
        " | upper estimate holds |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name in dict.fromkeys(one.schema for one in found):
        of_schema = [one for one in found if one.schema == name]
        for kind in sorted({one.kind for one in of_schema}):
            lines.append(_row(SCHEMAS[name].title, kind, [one for one in of_schema if one.kind == kind]))
        lines.append(_row(f"**{SCHEMAS[name].title}**", "all", of_schema))
    lines.append(_row("**all**", "all", found))
    return "\n".join(lines)


def worst(found: Sequence[Built]) -> str:
    """The indexes furthest off, of each schema."""
    lines = [
        "The worst:",
        "",
        "| schema | index | built | predicted | error | upper estimate |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for name in dict.fromkeys(one.schema for one in found):
        off = sorted((one for one in found if one.schema == name), key=lambda one: -_distance(one))
        for one in off[:WORST_SHOWN]:
            lines.append(
                f"| {SCHEMAS[name].title} | `{one.title}` | {_megabytes(one.built)} | {_megabytes(one.predicted)}"
                f" | {one.error:+.0%} | {_megabytes(one.upper)} |"
            )
    return "\n".join(lines)


def _row(schema: str, kind: str, found: Sequence[Built]) -> str:
    def within(limit: float) -> str:
        return f"{sum(abs(one.error) <= limit for one in found) / len(found):.0%}"

    furthest = max(found, key=_distance)
    ratio = sum(one.predicted for one in found) / sum(one.built for one in found)
    held = sum(one.built <= one.upper * 1.02 for one in found) / len(found)
    return (
        f"| {schema} | {kind} | {len(found)} | {within(0.05)} | {within(0.1)} | {within(0.2)}"
        f" | {statistics.median(abs(one.error) for one in found):.1%} | {furthest.error:+.0%} | {ratio:.2f}"
        f" | {held:.0%} |"
    )


def _distance(one: Built) -> float:
    """Twice too large and half as large as it should be are equally far off."""
    return max(one.predicted, one.built) / min(one.predicted, one.built)


def _built(schema: str, kind: str, index: Index, snapshot: Snapshot, size: int) -> Built:
    table = snapshot.table(index.table)
    assert table is not None
    return Built(
        schema, kind, title(index), index_pages(index, table, snapshot).bytes, upper_bytes(index, table, snapshot), size
    )


def _evenly(found: list[tuple[str, Index]], at_most: int | None) -> list[tuple[str, Index]]:
    """Every n-th of each kind, so that no kind is left out."""
    if at_most is None or len(found) <= at_most:
        return found
    step = len(found) / at_most
    kept: list[tuple[str, Index]] = []
    for kind in dict.fromkeys(kind for kind, _ in found):
        of_kind = [one for one in found if one[0] == kind]
        kept += [of_kind[int(position * step)] for position in range(int(len(of_kind) / step) or 1)]
    return kept


def _snapshot(url: str) -> Snapshot:
    target = parse_target(url)
    assert isinstance(target, DatabaseUrl)
    return collect(target, CollectOptions(workload=False), NoProgress())


def _partitioned(connection: psycopg.Connection) -> set[QualifiedName]:
    rows = connection.execute(
        "SELECT relnamespace::regnamespace::text, relname FROM pg_class WHERE relkind = 'p'"
    ).fetchall()
    return {QualifiedName(schema, name) for schema, name in rows}


def _megabytes(size: int) -> str:
    return f"{size / 2**20:.1f} MB"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schema", action="append", choices=list(SCHEMAS), help="all of them unless given")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--url", action="append", default=[], metavar="SCHEMA=URL", help="a database loaded already")
    parser.add_argument("--at-most", type=int, help="candidates of a schema; else all (TPC-DS: more than a thousand)")
    parser.add_argument("--keep", metavar="FOLDER", help="keep built sizes here; without --url, only predict anew")
    parser.add_argument("--write", action="store_true", help=f"write the tables into {PAGE.name}")
    return parser.parse_args()


if __name__ == "__main__":
    main()
