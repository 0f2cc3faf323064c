"""Which planner answers: the shadow, HypoPG on the target, or plain EXPLAIN."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
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

PlannerKind = Literal["auto", "shadow", "hypopg", "explain"]


@contextmanager
def open_planner(
    kind: PlannerKind, snapshot: Snapshot, url: DatabaseUrl | None, progress: Progress
) -> Iterator[Planner]:
    """The planner asked for, closed at the end of the block.

    ``auto``: the shadow where production's own major version is at hand; else HypoPG where the target has it; else the
    shadow on what there is (a container, another major version: then a Limit says so). Raises PlannerUnavailable for
    what cannot be had, ConnectionFailed where the target does not answer.
    """
    planner = _open(kind, snapshot, url, progress)
    try:
        yield planner
    finally:
        planner.close()


def _open(kind: PlannerKind, snapshot: Snapshot, url: DatabaseUrl | None, progress: Progress) -> Planner:
    if snapshot.server.dialect != "postgres":
        raise PlannerUnavailable(
            f"there is no planner for {snapshot.server.dialect} yet: 'dbtune collect' and 'dbtune digest' read its "
            "databases and logs, advice is for Postgres only so far"
        )
    if kind == "auto":
        kind = _best(snapshot, url)
    if kind == "shadow":
        return ShadowPlanner.open(snapshot, progress)
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
