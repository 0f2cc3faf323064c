"""What the database is asked: statements, how often, and how long they took."""

from __future__ import annotations

from dataclasses import dataclass, field

from dbtune.model.location import SourceLocation
from dbtune.model.names import QualifiedName


@dataclass(frozen=True)
class Statement:
    """One statement of the workload, all calls of one fingerprint together."""

    fingerprint: str
    """16 hexadecimal digits: the same for statements that differ only in literals, white space and case."""
    text: str
    """As the server or the log normalised it (``$1``, ``?``), or as the user wrote it where no literal is in it.
    Never holds literals when ``samples`` is not empty: they are kept there only."""
    calls: float = 1.0
    total_ms: float | None = None
    rows: float | None = None
    samples: tuple[str, ...] = ()
    """Verbatim executions with their literals: planned, kept in memory, and left out of every file unless asked for."""
    source: str = ""
    """Where it comes from: ``pg_stat_statements``, a file's name, ..."""
    search_path: tuple[str, ...] = ()
    blocks_read: float | None = None
    blocks_hit: float | None = None
    temporary_blocks: float | None = None
    location: SourceLocation | None = None
    """Where the first of its calls stands, where it comes from a file of SQL."""

    @property
    def mean_ms(self) -> float | None:
        return None if self.total_ms is None or self.calls <= 0 else self.total_ms / self.calls


@dataclass(frozen=True)
class Skipped:
    """A statement that could not be parsed or planned, and why."""

    fingerprint: str
    reason: str
    text: str = ""


@dataclass(frozen=True)
class WorkloadSource:
    """A place the workload came from, with what was taken from it."""

    kind: str
    """``pg_stat_statements``, ``log``, ``sql``, ..."""
    name: str
    statements: int
    calls: float
    since: str | None = None


@dataclass(frozen=True)
class Workload:
    """All statements of a run."""

    statements: tuple[Statement, ...] = ()
    sources: tuple[WorkloadSource, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    @property
    def calls(self) -> float:
        return sum(statement.calls for statement in self.statements)

    @property
    def total_ms(self) -> float | None:
        timed = [s.total_ms for s in self.statements if s.total_ms is not None]
        return sum(timed) if timed else None


@dataclass(frozen=True)
class Limit:
    """Something dbtune could not look at or do, and why."""

    what: str
    why: str


@dataclass(frozen=True)
class Instance:
    """A text of a statement that the planner can be asked about, and its share (0 to 1) of the statement's calls."""

    sql: str
    weight: float = 1.0
    generic: bool = False
    """True: ``sql`` still holds ``$n`` and is planned as the generic plan of a prepared statement."""
    search_path: tuple[str, ...] = ()
    """Of the session that ran it, where it differs from the snapshot's."""


@dataclass(frozen=True)
class TableWrites:
    """Rows written to a table over the workload's span."""

    table: QualifiedName
    inserts: float = 0.0
    updates: float = 0.0
    deletes: float = 0.0
    hot_updates: float = 0.0
    updated_columns: frozenset[str] = field(default_factory=frozenset)
