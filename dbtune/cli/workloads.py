"""Where the workload comes from: the server's statistics, SQL files, slow-query logs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from dbtune.cli.options import expand_files, log_format_options
from dbtune.model.digest import Digest
from dbtune.model.errors import UsageError
from dbtune.model.progress import Progress
from dbtune.model.snapshot import Server, Snapshot
from dbtune.model.workload import Statement, Workload

Command = TypeVar("Command", bound=Callable[..., Any])

RESETS: Mapping[str, str] = {
    "pg_stat_statements": "pg_stat_statements_reset()",
    "performance_schema": "TRUNCATE performance_schema.events_statements_summary_by_digest",
}
"""Kind of a source of totals to what begins its counting anew."""


@dataclass(frozen=True)
class WorkloadWishes:
    """What the user named to tune for. Nothing named means the server's own statements."""

    files: tuple[Path, ...] = ()
    logs: tuple[str, ...] = ()
    log_format: str | None = None
    log_line_prefix: str | None = None
    log_database: str | None = None
    with_server: bool = False

    @property
    def asks_server(self) -> bool:
        return self.with_server or not (self.files or self.logs)


@dataclass(frozen=True)
class ChosenWorkload:
    """The workload, and what the logs said where there were some."""

    workload: Workload
    digest: Digest | None = None


def workload_options(function: Command) -> Command:
    """``--workload``, ``--log`` and what belongs to them; the command gets them as ``wishes``."""

    @wraps(function)
    def with_wishes(
        *arguments: Any,
        workload_files: Sequence[str],
        logs: Sequence[str],
        log_format: str | None,
        log_line_prefix: str | None,
        log_database: str | None,
        with_server_workload: bool,
        **others: Any,
    ) -> Any:
        wishes = WorkloadWishes(
            expand_files(workload_files), tuple(logs), log_format, log_line_prefix, log_database, with_server_workload
        )
        return function(*arguments, wishes=wishes, **others)

    decorated: Callable[..., Any] = with_wishes
    for option in (
        click.option(
            "--with-server-workload",
            is_flag=True,
            help="With --workload or --log: use the server's own statement statistics too.",
        ),
        click.option(
            "--log-database",
            metavar="NAME",
            help="The database whose statements count, where the logs have it under another name than TARGET.",
        ),
        *reversed(log_format_options),
        click.option(
            "--log",
            "logs",
            multiple=True,
            metavar="LOG",
            help="Statements to tune for from a slow-query log instead: a file, a folder, a pattern, or - for standard "
            "input, in any format that dbtune digest reads. Repeatable.",
        ),
        click.option(
            "-w",
            "--workload",
            "workload_files",
            multiple=True,
            metavar="FILE",
            help="Statements to tune for, instead of the server's: an SQL file, a folder, a pattern. Repeatable.",
        ),
    ):
        decorated = option(decorated)
    return decorated  # type: ignore[return-value]  # its parameters become the command's


def choose_workload(
    snapshot: Snapshot, wishes: WorkloadWishes, progress: Progress, since: datetime | None = None
) -> ChosenWorkload:
    """The snapshot's own statements, or those of the files and logs instead, or all of them.

    Of logs, only the statements of the snapshot's database count, and those that do not say of which they are.

    Raises UsageError for a file or logs without a statement, for logs of another kind of server, and where a source
    holds totals from before ``since``.
    """
    own = [snapshot.workload] if wishes.asks_server else []
    given, made = _read_given(wishes, snapshot.server, progress, since)
    found = [*own, *given]
    chosen = found[0] if len(found) == 1 else merged(found)
    if since is not None:
        check_since(chosen, since)
    return ChosenWorkload(chosen, made)


def given_workload(wishes: WorkloadWishes, server: Server, progress: Progress) -> Workload:
    """The statements of the files and logs alone, none where none is named. ``server`` is that of the logs.

    Raises UsageError as ``choose_workload`` does.
    """
    return merged(_read_given(wishes, server, progress)[0])


def _read_given(
    wishes: WorkloadWishes, server: Server, progress: Progress, since: datetime | None = None
) -> tuple[list[Workload], Digest | None]:
    if not wishes.files and not wishes.logs:
        return [], None
    from dbtune.cli.workload_files import read_file, read_logs

    found = [read_file(path, server.dialect) for path in wishes.files]
    if not wishes.logs:
        return found, None
    workload, made = read_logs(wishes, server, progress, since)
    return [*found, workload], made


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
            reset = RESETS.get(source.kind, "at its source")
            raise UsageError(
                f"--since {since:%Y-%m-%d %H:%M}: {source.name or source.kind} holds totals since "
                f"{start:%Y-%m-%d %H:%M} that cannot be cut by time; reset it ({reset}), "
                "or leave --since out"
            )
