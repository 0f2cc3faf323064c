"""Rows for all tables of the scratch server: production's own, or made ones."""

from __future__ import annotations

from dbtune.connect.mysql import read_only_session
from dbtune.connect.targets import DatabaseUrl
from dbtune.model.names import QualifiedName
from dbtune.model.progress import Progress
from dbtune.model.schema import Table
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Limit
from dbtune.planner.mysql.scratch.figures import SampledTable
from dbtune.planner.mysql.scratch.host import ScratchHost
from dbtune.planner.mysql.scratch.made_rows import made_rows
from dbtune.planner.mysql.scratch.rows import count, fill, sample
from dbtune.planner.mysql.scratch.statistics import believed_rows

SAMPLING_TIMEOUT_MS = 30_000

MADE = Limit(
    "rows",
    "no row left production: those on the scratch server are made from statistics, one column at a time; what is known "
    "of columns without index and histogram is a guess, and gains on them are told too small",
)


def fill_tables(
    host: ScratchHost,
    snapshot: Snapshot,
    tables: list[Table],
    target: DatabaseUrl | None,
    progress: Progress,
    most_rows: int,
) -> tuple[dict[QualifiedName, SampledTable], list[Limit]]:
    """Rows in all the tables: sampled where there is a target, else made."""
    limits: list[Limit] = []
    found: dict[QualifiedName, SampledTable] = {}
    host.session.run("SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'")
    refused: dict[QualifiedName, str] = {}
    if target is not None:
        with read_only_session(target, statement_timeout_ms=SAMPLING_TIMEOUT_MS) as source:
            for number, table in enumerate(tables):
                progress.step("taking a sample of the rows", number, len(tables))
                drawn = sample(source, table, believed_rows(table), most_rows)
                if drawn.refusal is not None:
                    refused[table.name] = drawn.refusal
                    continue
                fill(host.session, table, drawn.rows)
                kept = count(host.session, table)
                believed = max(believed_rows(table), float(kept))
                found[table.name] = SampledTable(table, believed, kept, drawn.of, drawn=True)
    for table in tables:
        if table.name in found:
            continue
        size = believed_rows(table)
        parents = _referenced_rows(snapshot, table)
        fill(host.session, table, made_rows(table, size, round(min(size, most_rows)), snapshot.collected_at, parents))
        found[table.name] = SampledTable(table, size, count(host.session, table), size, drawn=False)
    limits += [
        Limit(f"rows of {name}", f"made from statistics, since none could be read: {why}")
        for name, why in refused.items()
    ]
    if target is None:
        limits.append(MADE)
    return found, limits


def _referenced_rows(snapshot: Snapshot, table: Table) -> dict[str, float]:
    """Rows of the table that a column references: it has no more values than these."""
    found: dict[str, float] = {}
    for key in table.foreign_keys:
        parent = snapshot.table(key.referenced_table) if key.referenced_table is not None else None
        if parent is not None and len(key.columns) == 1:
            found[key.columns[0]] = max(1.0, believed_rows(parent))
    return found
