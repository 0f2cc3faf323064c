"""From what the user named to what the work starts from: a snapshot, a workload, the output files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from dbtune.collect.collector import CollectOptions, collect
from dbtune.collect.privacy import apply_privacy
from dbtune.collect.snapshot_file import read_snapshot
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.logs.sql_file import read_sql_file
from dbtune.model.errors import UsageError
from dbtune.model.progress import Progress
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Statement, Workload
from dbtune.report.files import check_writable
from dbtune.report.registry import ReportFormat, format_for

Outputs = tuple[tuple[Path, ReportFormat], ...]


def open_outputs(files: Sequence[Path], fallback: str | None) -> Outputs:
    """The output files with their formats. Raises UsageError, before any work, for one that cannot be written."""
    outputs = tuple((path, format_for(path, fallback)) for path in files)
    for path, _ in outputs:
        check_writable(path)
    return outputs


def open_snapshot(
    target: str,
    options: CollectOptions,
    privacy: Literal["none", "hash", "drop"],
    progress: Progress,
) -> tuple[Snapshot, DatabaseUrl | None]:
    """The snapshot that TARGET names, collected now or read from its file, and the URL where it is a database."""
    place = parse_target(target)
    if isinstance(place, DatabaseUrl):
        progress.step(f"collecting from {place}")
        return apply_privacy(collect(place, options, progress), privacy), place
    progress.step(f"reading {place}")
    return apply_privacy(read_snapshot(place), privacy), None


def choose_workload(server: Workload, files: Sequence[Path], *, with_server: bool) -> Workload:
    """The server's own statements, or those of the files instead, or both.

    Raises UsageError for a file without a statement.
    """
    if not files:
        return server
    read = [_read_workload(path) for path in files]
    return merged([server, *read] if with_server else read)


def _read_workload(path: Path) -> Workload:
    workload = read_sql_file(path)
    if not workload.statements:
        raise UsageError(f"{path}: no statement in this file; a workload is SQL statements, each ended by a semicolon")
    return workload


def merged(workloads: Sequence[Workload]) -> Workload:
    """One workload of several: statements of one fingerprint become one, their calls and times added."""
    statements: dict[str, Statement] = {}
    for workload in workloads:
        for statement in workload.statements:
            known = statements.get(statement.fingerprint)
            statements[statement.fingerprint] = statement if known is None else _added(known, statement)
    return Workload(
        tuple(statements.values()),
        tuple(source for workload in workloads for source in workload.sources),
        tuple(skipped for workload in workloads for skipped in workload.skipped),
    )


def _added(one: Statement, other: Statement) -> Statement:
    def total(a: float | None, b: float | None) -> float | None:
        return b if a is None else a if b is None else a + b

    return replace(
        one,
        calls=one.calls + other.calls,
        total_ms=total(one.total_ms, other.total_ms),
        rows=total(one.rows, other.rows),
        samples=tuple(dict.fromkeys((*one.samples, *other.samples))),
        blocks_read=total(one.blocks_read, other.blocks_read),
        blocks_hit=total(one.blocks_hit, other.blocks_hit),
        temporary_blocks=total(one.temporary_blocks, other.temporary_blocks),
    )


def most_expensive(workload: Workload, top: int) -> Workload:
    """The workload with only its ``top`` statements that take the most time; where no time is known, the most calls."""
    ranked = sorted(workload.statements, key=lambda one: (one.total_ms or 0.0, one.calls), reverse=True)
    kept = {statement.fingerprint for statement in ranked[:top]}
    return replace(workload, statements=tuple(one for one in workload.statements if one.fingerprint in kept))


def check_since(workload: Workload, since: datetime) -> None:
    """Raise UsageError where a source counts from before ``since``: totals cannot be cut by time afterwards."""
    for source in workload.sources:
        if source.since is None:
            continue
        start = datetime.fromisoformat(source.since).astimezone()
        if start < since:
            raise UsageError(
                f"--since {since:%Y-%m-%d %H:%M}: {source.name or source.kind} holds totals since "
                f"{start:%Y-%m-%d %H:%M} that cannot be cut by time; reset it (pg_stat_statements_reset()), "
                "or leave --since out"
            )
