"""A live database in, a snapshot out."""

from __future__ import annotations

from dataclasses import dataclass

from dbtune.connect.targets import DatabaseUrl
from dbtune.model.progress import Progress
from dbtune.model.snapshot import Snapshot


@dataclass(frozen=True)
class CollectOptions:
    """What to collect, and how long a query may take."""

    schemas: tuple[str, ...] = ()
    """Only tables, views and sequences in these schemas; empty: all (MySQL: the URL's database, else all)."""
    workload: bool = True
    """Whether to read ``pg_stat_statements``, or the digests of ``performance_schema``."""
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
        from dbtune.collect.mysql.snapshot import collect_mysql

        return collect_mysql(url, options, progress)
    from dbtune.collect.postgres.snapshot import collect_postgres

    return collect_postgres(url, options, progress)
