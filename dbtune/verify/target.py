"""Whether a database is one to build, lock and measure on: a copy that is nobody's production."""

from __future__ import annotations

from dataclasses import dataclass

from dbtune.model.errors import UsageError
from dbtune.verify.building import Connection

FACTS = """
    SELECT pg_catalog.current_database(), pg_catalog.current_setting('server_version'), pg_catalog.pg_is_in_recovery(),
           (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity
            WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()
              AND backend_type = 'client backend'),
           (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_replication),
           pg_catalog.pg_backend_pid(),
           (SELECT backend_start::text FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid())
"""


@dataclass(frozen=True)
class Target:
    """The database that is verified on."""

    database: str
    version: str
    in_recovery: bool
    other_sessions: int
    replicas: int
    backend: tuple[int, str]
    """Process id and start of this session: what it began must have ended before it can be dropped."""

    @property
    def signs_of_production(self) -> list[str]:
        signs = []
        if self.other_sessions:
            signs.append(f"{self.other_sessions} other session{'s' if self.other_sessions > 1 else ''} on the database")
        if self.replicas:
            signs.append(f"{self.replicas} replica{'s' if self.replicas > 1 else ''} of the server")
        return signs


def read_target(connection: Connection) -> Target:
    """What the server says of itself."""
    row = connection.execute(FACTS.encode()).fetchone()
    assert row is not None
    database, version, in_recovery, sessions, replicas, pid, start = row
    return Target(
        str(database),
        str(version).split()[0],
        in_recovery is True,
        int(str(sessions)),
        int(str(replicas)),
        (int(str(pid)), str(start)),
    )


def require_a_copy(target: Target, *, force: bool) -> None:
    """Raise UsageError for a server that cannot be written to, or that others are at work on unless ``force``."""
    if target.in_recovery:
        raise UsageError(
            f"{target.database} is on a replica, where nothing can be built: name a copy that can be written"
        )
    signs = target.signs_of_production
    if signs and not force:
        raise UsageError(
            f"{target.database} does not look like a copy to measure on: {' and '.join(signs)}. Building and measuring "
            "lock its tables; where that harms nobody, add --force"
        )
