"""Which planner answers: the shadow, HypoPG on the target, a scratch server of MySQL or MariaDB, or plain EXPLAIN."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from dbtune.connect.targets import DatabaseUrl
from dbtune.embedded import available_binaries
from dbtune.model.errors import ConnectionFailed, PlanFailed, PlannerUnavailable
from dbtune.model.progress import Progress
from dbtune.model.snapshot import Snapshot
from dbtune.planner.explain import ExplainPlanner
from dbtune.planner.hypopg import HypopgPlanner, installed_version
from dbtune.planner.live import LiveSession
from dbtune.planner.protocol import Planner
from dbtune.planner.shadow.host import SCRATCH_URL_VARIABLE
from dbtune.planner.shadow.shadow import ShadowPlanner

PlannerKind = Literal["auto", "shadow", "hypopg", "explain", "scratch"]


@dataclass(frozen=True)
class ScratchWishes:
    """Of the planner for MySQL and MariaDB."""

    server: str | None = None
    """URL of the scratch server; ``auto`` or None: DBTUNE_SCRATCH_URL, or a server of dbtune's own."""
    sample_rows: int | None = None
    """So many rows of each of the target's tables may be copied to it; None: rows are made from statistics."""


@contextmanager
def open_planner(
    kind: PlannerKind,
    snapshot: Snapshot,
    url: DatabaseUrl | None,
    progress: Progress,
    scratch: ScratchWishes = ScratchWishes(),
) -> Iterator[Planner]:
    """The planner asked for, closed at the end of the block.

    ``auto``: the shadow where production's own major version is at hand; else HypoPG where the target has it; else the
    shadow on what there is (a container, another major version: then a Limit says so). For MySQL and MariaDB: a scratch
    server where one is named or can be started, else plain EXPLAIN on the target. Raises PlannerUnavailable for what
    cannot be had, ConnectionFailed where the target does not answer.
    """
    if snapshot.server.dialect == "postgres":
        planner = _open(kind, snapshot, url, progress)
    else:
        planner = _open_mysql(kind, snapshot, url, progress, scratch)
    try:
        yield planner
    finally:
        planner.close()


def _open(kind: PlannerKind, snapshot: Snapshot, url: DatabaseUrl | None, progress: Progress) -> Planner:
    if kind == "auto":
        kind = _best(snapshot, url)
    if kind == "shadow":
        return ShadowPlanner.open(snapshot, progress)
    if kind == "scratch":
        raise PlannerUnavailable("--planner scratch is for MySQL and MariaDB: use --planner shadow for Postgres")
    if url is None:
        raise PlannerUnavailable(
            f"--planner {kind} plans on the database itself, and a snapshot file has none: "
            "give a database URL, or use --planner shadow"
        )
    if kind == "hypopg":
        progress.step("planning with hypopg on the target")
        return HypopgPlanner(snapshot, url)
    progress.step("planning with EXPLAIN on the target")
    return ExplainPlanner(snapshot, url)


def _open_mysql(
    kind: PlannerKind, snapshot: Snapshot, url: DatabaseUrl | None, progress: Progress, wishes: ScratchWishes
) -> Planner:
    # none of this is needed for Postgres, where it would only make the start longer
    from dbtune.embedded.mysql_binaries import unfit_programs
    from dbtune.planner.mysql.estimate import EstimatePlanner
    from dbtune.planner.mysql.scratch.host import SCRATCH_URL_VARIABLE as MYSQL_SCRATCH_URL_VARIABLE
    from dbtune.planner.mysql.scratch.planner import ScratchPlanner
    from dbtune.planner.mysql.scratch.rows import MOST_ROWS

    if kind in ("shadow", "hypopg"):
        raise PlannerUnavailable(f"--planner {kind} is for Postgres, not for {snapshot.server.dialect}")
    if kind != "explain":
        try:
            target = url if wishes.sample_rows else None
            most = wishes.sample_rows or MOST_ROWS
            return ScratchPlanner.open(snapshot, target, progress, scratch=wishes.server, most_rows=most)
        except PlannerUnavailable:
            if kind == "scratch" or url is None or wishes.server or os.environ.get(MYSQL_SCRATCH_URL_VARIABLE):
                raise
    if url is None:
        raise PlannerUnavailable(
            "--planner explain plans on the database itself, and a snapshot file has none: give a database URL, or use "
            "--planner scratch"
        )
    progress.step("planning with EXPLAIN on the target")
    assert snapshot.server.dialect != "postgres"
    unfit = "" if kind == "explain" else unfit_programs(snapshot.server.dialect)
    return EstimatePlanner(snapshot, url, unfit)


def _best(snapshot: Snapshot, url: DatabaseUrl | None) -> PlannerKind:
    if os.environ.get(SCRATCH_URL_VARIABLE) or url is None:
        return "shadow"
    if any(binaries.major == snapshot.server.major for binaries in available_binaries()):
        return "shadow"
    return "hypopg" if _has_hypopg(snapshot, url) else "shadow"


def _has_hypopg(snapshot: Snapshot, url: DatabaseUrl) -> bool:
    try:
        session = LiveSession(url, snapshot.search_path)
    except ConnectionFailed:
        return False  # the snapshot is enough for the shadow
    try:
        return installed_version(session) is not None
    except PlanFailed:
        return False
    finally:
        session.close()
