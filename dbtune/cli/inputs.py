"""From what the user named to what the work starts from: a snapshot, the output files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from dbtune.cli import config
from dbtune.cli.workloads import WorkloadWishes
from dbtune.collect.collector import CollectOptions, collect
from dbtune.collect.privacy import apply_privacy
from dbtune.collect.snapshot_file import dialect_of_snapshot, read_snapshot
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.model.errors import UsageError
from dbtune.model.progress import Progress
from dbtune.model.snapshot import Dialect, Snapshot
from dbtune.planner.opening import PlannerKind, ScratchWishes
from dbtune.report.files import check_writable
from dbtune.report.registry import ReportFormat, format_for

Outputs = tuple[tuple[Path, ReportFormat], ...]


def open_outputs(files: Sequence[Path], fallback: str | None) -> Outputs:
    """The output files with their formats. Raises UsageError, before any work, for one that cannot be written."""
    outputs = tuple((path, format_for(path, fallback)) for path in files)
    for path, _ in outputs:
        check_writable(path)
    return outputs


def anchors(target: str, wishes: WorkloadWishes) -> tuple[str, ...]:
    """Files at which CI can show what concerns the database alone, the best first: workload, snapshot, configuration.

    Of logs that were found by a pattern or in a folder none is the one."""
    place = parse_target(target)
    snapshot = () if isinstance(place, DatabaseUrl) else (str(place),)
    logs = (name for name in wishes.logs if Path(name).is_file())
    found = config.find_file(Path.cwd())
    return (*map(str, wishes.files), *logs, *snapshot, *((str(found[0]),) if found else ()))


def dialect_of(target: str) -> Dialect:
    """Of the database, or of that of the snapshot. Raises SnapshotError where the file is none."""
    place = parse_target(target)
    return place.dialect if isinstance(place, DatabaseUrl) else dialect_of_snapshot(place)


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


def check_scratch(place: DatabaseUrl | Path, wishes: ScratchWishes, planner: PlannerKind) -> None:
    """Raise UsageError where the scratch server cannot be what the user means."""
    if wishes.sample_rows is not None:
        if not isinstance(place, DatabaseUrl):
            raise UsageError("--sample-rows needs the URL of a database: a snapshot has no rows")
        if place.dialect == "postgres":
            raise UsageError("--sample-rows is for MySQL and MariaDB: what-if plans of Postgres need no rows")
        if planner == "explain":
            raise UsageError("--sample-rows is for the scratch server, which --planner explain does without")
    if wishes.server not in (None, "auto") and parse_target(str(wishes.server)) == place:
        raise UsageError("--scratch names the target itself: databases are made and dropped on the scratch server")
