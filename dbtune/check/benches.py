"""Where changes are tried: the schema as it is, as migrations change it, and as it is then, each with a planner."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Protocol

from dbtune.connect.targets import DatabaseUrl
from dbtune.model.errors import PlannerUnavailable
from dbtune.model.migration import Migrated, PendingStatement
from dbtune.model.progress import Progress
from dbtune.model.snapshot import Snapshot
from dbtune.planner.opening import ScratchWishes
from dbtune.planner.protocol import Planner
from dbtune.planner.shadow.after import migrate as migrate_shadow
from dbtune.planner.shadow.shadow import ShadowPlanner


class Bench(Protocol):
    """Bound to one snapshot. One thing at a time: each planner is closed before the next is asked for."""

    def migrate(self, pending: Sequence[PendingStatement], progress: Progress) -> Migrated:
        """Run the statements on an empty copy of the schema. Raises UsageError, with file and line, for one that is no
        SQL; PlannerUnavailable."""

    @contextmanager
    def before(self, progress: Progress) -> Iterator[Planner]:
        """Plans on the schema as it is. Raises PlannerUnavailable."""

    @contextmanager
    def after(self, migrated: Migrated, progress: Progress) -> Iterator[Planner]:
        """Plans on the schema as it will be. Raises PlannerUnavailable."""


class ShadowBench:
    """Of Postgres: other databases on the shadow's own server."""

    def __init__(self, snapshot: Snapshot, shadow: ShadowPlanner) -> None:
        self._snapshot = snapshot
        self._shadow = shadow

    def migrate(self, pending: Sequence[PendingStatement], progress: Progress) -> Migrated:
        """See ``Bench.migrate``."""
        with closing(self._shadow.empty_database()) as host:
            return migrate_shadow(host, self._snapshot, pending, progress)

    @contextmanager
    def before(self, progress: Progress) -> Iterator[Planner]:
        """See ``Bench.before``."""
        yield self._shadow

    @contextmanager
    def after(self, migrated: Migrated, progress: Progress) -> Iterator[Planner]:
        """See ``Bench.after``."""
        progress.step("building the shadow as it will be")
        with closing(self._shadow.beside(migrated.after)) as planner:
            yield planner


@contextmanager
def open_bench(
    snapshot: Snapshot, url: DatabaseUrl | None, scratch: ScratchWishes, progress: Progress
) -> Iterator[Bench]:
    """The bench for the snapshot's kind of server. ``url``: of the database, where its rows may be sampled.

    Raises PlannerUnavailable.
    """
    if snapshot.server.dialect == "postgres":
        with ShadowPlanner.open(snapshot, progress) as shadow:
            yield ShadowBench(snapshot, shadow)
        return
    # not needed for Postgres, where it would only make the start longer
    from dbtune.planner.mysql.scratch.bench import ScratchBench

    target = url if scratch.sample_rows else None
    if scratch.sample_rows and target is None:
        raise PlannerUnavailable("rows can be sampled in a database only, and a snapshot has none")
    with ScratchBench.open(snapshot, target, scratch.server, scratch.sample_rows, progress) as bench:
        yield bench
