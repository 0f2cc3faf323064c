"""``dbtune collect``: a database in, a snapshot file out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

import click

from dbtune.cli import inputs, options, workloads
from dbtune.cli.terminal import current_terminal
from dbtune.collect.collector import CollectOptions
from dbtune.collect.snapshot_file import check_snapshot_path, write_snapshot
from dbtune.model.snapshot import Dialect, Snapshot

SERVERS: Mapping[Dialect, str] = {"postgres": "Postgres", "mysql": "MySQL", "mariadb": "MariaDB"}


@click.command("collect")
@options.target_argument
@click.option(
    "-o",
    "--output",
    "file",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The snapshot: .json, .json.gz or .json.zst.",
)
@workloads.workload_options
@click.option("--schema", "schemas", type=options.Names("NAME,..."), default=(), help="Only these schemas.")
@click.option("--top", type=click.IntRange(min=1), metavar="N", help="Only the N statements that take the most time.")
@options.privacy_option
@click.option(
    "--samples",
    is_flag=True,
    help="Keep statements with their literals (from --workload, --log and MySQL's performance_schema) in the file.",
)
@click.option(
    "--statement-timeout",
    type=options.Duration(),
    default="30s",
    show_default=True,
    help="Longest time for one catalog query on the server.",
)
def command(
    target: str,
    file: Path,
    wishes: workloads.WorkloadWishes,
    schemas: tuple[str, ...],
    top: int | None,
    privacy: Literal["none", "hash", "drop"],
    samples: bool,
    statement_timeout: float,
) -> None:
    """Write a portable snapshot of TARGET to FILE: schema, statistics, settings, workload. No rows.

    TARGET is a database URL (postgresql://, mysql:// or mariadb://user@host/database), or a snapshot file to write
    anew with another --privacy, workload or compression. dbtune analyze FILE gives the same advice as the database
    itself.
    """
    terminal = current_terminal()
    check_snapshot_path(file)
    collecting = CollectOptions(
        schemas=schemas,
        workload=wishes.asks_server,
        top=top,
        statement_timeout_ms=max(1, round(statement_timeout * 1000)),
    )
    with terminal.progress() as progress:
        snapshot, _ = inputs.open_snapshot(target, collecting, privacy, progress)
        chosen = workloads.choose_workload(snapshot, wishes, progress)
        workload = chosen.workload if top is None else workloads.most_expensive(chosen.workload, top)
        snapshot = replace(snapshot, workload=workload)
        progress.step(f"writing {file}")
        write_snapshot(snapshot, file, samples=samples)
    for limit in snapshot.limits:
        terminal.note(f"could not see {limit.what}: {limit.why}")
    terminal.note(summary(snapshot, file))


def summary(snapshot: Snapshot, file: Path) -> str:
    """What the file holds, in one line."""
    size = file.stat().st_size
    shown = f"{size / 1024:,.0f} kB" if size < 1024**2 else f"{size / 1024**2:,.1f} MB"
    database = snapshot.server.database or f"{len(snapshot.schemas):,} databases"
    return (
        f"wrote {file} ({shown}): {database} on {SERVERS[snapshot.server.dialect]} {snapshot.server.version}, "
        f"{len(snapshot.tables):,} tables, {len(snapshot.indexes):,} indexes, "
        f"{len(snapshot.workload.statements):,} statements"
    )
