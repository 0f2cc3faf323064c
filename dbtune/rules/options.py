"""What the user may wish of the advice, and the thresholds below which a finding is noise."""

from __future__ import annotations

from dataclasses import dataclass

from dbtune.rules.silencing import Silence

NO_LIMIT = 1 << 62
"""A budget in bytes that nothing reaches."""


@dataclass(frozen=True)
class AdviseOptions:
    """All defaults are meant for a production database."""

    budget_bytes: int | None = None
    """Space for all new indexes together, up to NO_LIMIT; None: what is worth while, half the tables at most."""
    only: tuple[str, ...] = ()
    """Ids or groups of rules; empty: all."""
    skip: tuple[str, ...] = ()
    """Ids or groups of rules to leave out."""
    schemas: tuple[str, ...] = ()
    """Only advice on objects in these schemas; empty: all."""
    min_gain: float = 0.01
    """Smallest gain, as a fraction of the workload's cost, for which an index is worth building."""
    timeout_seconds: float | None = None
    """After this time no better set of indexes is searched for; what was found until then is reported."""
    workers: int = 1
    """Planners that may be at work at once."""
    top: int = 10
    """Statements in the report's list of the most expensive ones."""
    small_table_rows: float = 1_000
    """Tables of fewer rows are left alone: a scan of them is as fast as an index."""
    small_index_bytes: int = 1024 * 1024
    """Unused indexes smaller than this are left alone."""
    unused_days: float = 14
    """Statistics younger than this do not prove that an index is unused: a monthly job may not have run."""
    unused_table_scans: int = 100
    """Where the statistics' age is unknown: a table scanned less often tells nothing of its indexes."""
    tolerated_rise: float = 0.05
    """A statement may become this much dearer by dropping a redundant index (a wider one is read instead)."""
    bloat_factor: float = 2.0
    """An index this many times as large as its rows need is bloated …"""
    bloat_bytes: int = 10 * 1024 * 1024
    """… where at least so much is wasted."""
    partition_bytes: int = 256 * 1024 * 1024
    """A table smaller than this, with its indexes, is left in one piece without a word."""
    partition_gain: float = 0.1
    """Smallest gain, as a fraction of the cost of a table's statements, for which it is worth partitioning."""
    silences: tuple[Silence, ...] = ()
    """What the user does not want to hear of: it is not counted on either."""
