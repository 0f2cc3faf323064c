"""From what the user named to what the work starts from: a snapshot, the output files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from dbtune.collect.collector import CollectOptions, collect
from dbtune.collect.privacy import apply_privacy
from dbtune.collect.snapshot_file import read_snapshot
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.model.errors import UsageError
from dbtune.model.progress import Progress
from dbtune.model.snapshot import Dialect, Snapshot
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


def open_snapshot_for_advice(
    target: str,
    options: CollectOptions,
    privacy: Literal["none", "hash", "drop"],
    progress: Progress,
) -> tuple[Snapshot, DatabaseUrl | None]:
    """The same; raises UsageError for a database that no advice is given on, before anything is collected from it."""
    place = parse_target(target)
    if isinstance(place, DatabaseUrl):
        _refuse_without_advice(place.dialect)
    snapshot, url = open_snapshot(target, options, privacy, progress)
    _refuse_without_advice(snapshot.server.dialect)
    return snapshot, url


def _refuse_without_advice(dialect: Dialect) -> None:
    """Candidates and rules are those of Postgres."""
    if dialect != "postgres":
        raise UsageError(
            f"there is no advice for {dialect} yet: 'dbtune collect' and 'dbtune digest' read its databases and logs"
        )
