"""A live database in, a snapshot out."""

from __future__ import annotations

from dataclasses import dataclass

from dbtune.connect.targets import DatabaseUrl
from dbtune.model.errors import UsageError
from dbtune.model.progress import Progress
from dbtune.model.snapshot import Snapshot


@dataclass(frozen=True)
class CollectOptions:
    """What to collect, and how long a query may take."""

    schemas: tuple[str, ...] = ()
    """Only tables, views and sequences in these schemas; empty: all."""
    workload: bool = True
    """Whether to read ``pg_stat_statements``."""
    top: int | None = None
    """Keep only so many statements, those that took the most time."""
    statement_timeout_ms: int = 30_000
    lock_timeout_ms: int = 1_000


def collect(url: DatabaseUrl, options: CollectOptions, progress: Progress) -> Snapshot:
    """Read a whole snapshot in one read-only session.

    What the role may not see, or what takes too long, is one of the snapshot's ``limits``. Raises ConnectionFailed
    where there is no session, UsageError for a schema that does not exist.
    """
    if url.dialect != "postgres":
        raise UsageError(f"collecting from {url.dialect} is not possible yet: dbtune speaks to Postgres only so far")
    from dbtune.collect.postgres.snapshot import collect_postgres

    return collect_postgres(url, options, progress)
