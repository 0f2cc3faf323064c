"""Reads the statements that files and logs hold."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dbtune.logs.digesting import DigestOptions, digest
from dbtune.logs.executors import available_workers, open_executor
from dbtune.logs.reading import OTHER_DATABASE
from dbtune.logs.sql_file import read_sql_file
from dbtune.logs.workload import SAMPLES_TO_PLAN, to_workload
from dbtune.model.digest import Digest
from dbtune.model.errors import UsageError
from dbtune.model.progress import Progress
from dbtune.model.snapshot import Dialect, Server
from dbtune.model.workload import Workload

if TYPE_CHECKING:
    from dbtune.cli.workloads import WorkloadWishes


def read_file(path: Path, dialect: Dialect) -> Workload:
    """The statements of an SQL file. Raises UsageError where there is none."""
    workload = read_sql_file(path, dialect)
    if not workload.statements:
        raise UsageError(f"{path}: no statement in this file; a workload is SQL statements, each ended by a semicolon")
    return workload


def read_logs(
    wishes: WorkloadWishes, server: Server, progress: Progress, since: datetime | None
) -> tuple[Workload, Digest]:
    """The statements of the logs, and what else they say.

    Raises UsageError for logs of another kind of server, and for those without a statement of the snapshot's database.
    """
    wished = wishes.log_database or server.database
    options = DigestOptions(
        log_format=wishes.log_format,
        log_line_prefix=wishes.log_line_prefix,
        since=None if since is None else since.timestamp(),
        # in MySQL it is only the one that names without a database are looked up in
        own_database=wished if server.dialect == "postgres" else None,
        samples=SAMPLES_TO_PLAN,
    )
    with closing(open_executor(available_workers(), None)) as executor:
        made = digest(wishes.logs, options, executor, progress)
    names = ", ".join(source.name for source in made.sources)
    if (made.dialect == "postgres") != (server.dialect == "postgres"):
        raise UsageError(f"{names}: a log of {made.dialect}, and TARGET is a {server.dialect} database")
    if not made.statements:
        others = any(part.reason == OTHER_DATABASE for source in made.sources for part in source.skipped)
        where = "these logs" if len(made.sources) > 1 else "this log"
        if others:
            raise UsageError(f"{names}: no statement of the database {wished} in {where}; --log-database names another")
        raise UsageError(f"{names}: no statement in {where}")
    return to_workload(made), made
