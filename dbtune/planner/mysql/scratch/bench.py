"""Where migrations for MySQL and MariaDB are tried: one scratch server, its databases laid anew for each part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from pymysql.err import MySQLError

from dbtune.connect.mysql_refusals import first_line
from dbtune.connect.targets import DatabaseUrl
from dbtune.model.errors import PlannerUnavailable
from dbtune.model.migration import Migrated, PendingStatement
from dbtune.model.progress import Progress
from dbtune.model.snapshot import Snapshot
from dbtune.planner.mysql.scratch.after import MigratedDatabases, migrate
from dbtune.planner.mysql.scratch.filling import RowSource
from dbtune.planner.mysql.scratch.host import ScratchHost, open_scratch
from dbtune.planner.mysql.scratch.planner import ScratchPlanner
from dbtune.planner.mysql.scratch.rows import MOST_ROWS
from dbtune.planner.protocol import Planner


class ScratchBench:
    """The databases of one part are dropped before those of the next are made: they have production's names.

    What is planned before and after the migration stands on the same rows. Nothing is counted in production beside
    them: there is no counting what is not there yet, and both have to be told by one measure.
    """

    def __init__(self, host: ScratchHost, snapshot: Snapshot, rows: RowSource) -> None:
        self._host = host
        self._snapshot = snapshot
        self._rows = rows

    @classmethod
    @contextmanager
    def open(
        cls,
        snapshot: Snapshot,
        target: DatabaseUrl | None,
        scratch: str | None,
        most_rows: int | None,
        progress: Progress,
    ) -> Iterator[ScratchBench]:
        """``target``, ``scratch`` and ``most_rows``: see ``ScratchPlanner.open``. Raises PlannerUnavailable."""
        with closing(open_scratch(snapshot.server, progress, scratch)) as host:
            yield cls(host, snapshot, RowSource(target, most_rows or MOST_ROWS))

    def migrate(self, pending: Sequence[PendingStatement], progress: Progress) -> Migrated:
        """See ``Bench.migrate``."""
        try:
            return migrate(self._host.guest(), self._snapshot, pending, progress)
        except MySQLError as error:
            raise PlannerUnavailable(f"the scratch server could not run the migration: {first_line(error)}") from error

    @contextmanager
    def before(self, progress: Progress) -> Iterator[Planner]:
        """See ``Bench.before``."""
        with ScratchPlanner.on(self._host.guest(), self._snapshot, self._rows, progress) as planner:
            yield planner

    @contextmanager
    def after(self, migrated: Migrated, progress: Progress) -> Iterator[Planner]:
        """See ``Bench.after``."""
        assert isinstance(migrated, MigratedDatabases)  # its own
        rows = self._rows.after(migrated.origins)
        with ScratchPlanner.on(self._host.guest(), migrated.after, rows, progress) as planner:
            yield planner
