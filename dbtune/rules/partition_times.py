"""The time a snapshot speaks of."""

from __future__ import annotations

from datetime import UTC, datetime

from dbtune.model.snapshot import Snapshot


def moment_of(snapshot: Snapshot) -> datetime:
    """When the snapshot was taken."""
    taken = datetime.fromisoformat(snapshot.collected_at)
    return taken if taken.tzinfo is not None else taken.replace(tzinfo=UTC)
