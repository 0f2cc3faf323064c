"""What logs say about the statements of a server: how often, how long, by whom, when, and what went wrong.

Times of day are seconds since the epoch (``float``), durations milliseconds. ``None`` means that the logs do not say;
it is never a zero. A total, a mean or a percentile is over the calls whose value is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dbtune.model.recommendation import Severity
from dbtune.model.snapshot import Dialect
from dbtune.model.workload import Limit

IncidentKind = Literal["lock_wait", "deadlock", "temporary_file", "cancelled"]


@dataclass(frozen=True)
class SkippedPart:
    """A part of a log that gave no event: why, and how often."""

    reason: str
    count: int


@dataclass(frozen=True)
class LogSource:
    """One log that was read. ``bytes`` is what was read of it after decompression."""

    name: str
    format: str
    wrapper: str | None
    """The envelope its lines stood in (``docker``, ``syslog``, ...)."""
    compression: str | None
    bytes: int
    events: int
    skipped: tuple[SkippedPart, ...] = ()


@dataclass(frozen=True)
class TimelineSlot:
    """What began in ``[start, start + Digest.slot_seconds)``."""

    start: float
    calls: float
    total_ms: float
    errors: float


@dataclass(frozen=True)
class Client:
    """A user, a database or a host, and how many of the calls are its own."""

    name: str
    calls: float


@dataclass(frozen=True)
class Sample:
    """One execution as it was sent, with its literals; parameters that the log gives apart stand in their places."""

    sql: str
    ms: float | None
    time: float | None
    search_path: tuple[str, ...] = ()
    plan: str | None = None
    """What auto_explain wrote about this execution, as text or JSON."""


@dataclass(frozen=True)
class Bursts:
    """Runs of one statement in quick succession within a session: the mark of a query in a loop (N+1).

    A burst is at least ``tally.BURST_CALLS`` calls that one session began within one second of the clock.
    """

    count: int
    calls: float
    """Calls in all bursts together."""
    longest: float
    """Calls in the longest burst."""
    total_ms: float
    session: str
    start: float
    """Session and time of the longest."""


@dataclass(frozen=True)
class StatementDigest:
    """All calls of one fingerprint."""

    fingerprint: str
    text: str
    """Normalised: never holds a literal."""
    calls: float
    """Scaled where the log was written for a part of the calls only."""
    share: float
    """Of the time of all statements, 0 to 1; of the calls where no time is known."""
    total_ms: float | None
    mean_ms: float | None
    p50_ms: float | None
    """Percentiles are of log-spaced buckets, off by at most 3 %, and never beyond the longest call. None for sources
    that hold totals only."""
    p95_ms: float | None
    p99_ms: float | None
    max_ms: float | None
    lock_ms: float | None
    """This and the following: totals over the calls."""
    rows_sent: float | None
    rows_examined: float | None
    rows_affected: float | None
    bytes_sent: float | None
    temporary_bytes: float | None
    errors: float
    first_seen: float | None
    last_seen: float | None
    users: tuple[Client, ...] = ()
    """Most calls first."""
    databases: tuple[Client, ...] = ()
    hosts: tuple[Client, ...] = ()
    timeline: tuple[TimelineSlot, ...] = ()
    """The slots in which there were calls, in order."""
    bursts: Bursts | None = None
    max_rows_sent: float | None = None
    """The most rows that one call returned."""
    samples: tuple[Sample, ...] = ()
    """In memory only; a file holds them where the user asked for it."""


@dataclass(frozen=True)
class Others:
    """Statements that were too many and too light to be told apart, counted together."""

    calls: float = 0.0
    total_ms: float = 0.0
    errors: float = 0.0


@dataclass(frozen=True)
class Incident:
    """What went wrong, all of one kind and statement together.

    ``amount`` is the milliseconds waited (``lock_wait``), the bytes written (``temporary_file``), else zero.
    """

    kind: IncidentKind
    fingerprint: str | None
    """Of the statement that it happened to, where the log names one."""
    text: str
    """That statement, normalised; else the server's own message without its numbers."""
    count: int
    total_amount: float
    max_amount: float
    first_seen: float | None
    last_seen: float | None
    detail: str = ""
    """Of the first one, without literals: the reason of a cancellation, the file of a temporary file, ..."""


@dataclass(frozen=True)
class LogFinding:
    """What a rule found in a digest. It is heuristic: no planner was asked."""

    rule: str
    group: str
    severity: Severity
    title: str
    reason: str
    """One or two sentences with the numbers."""
    advice: str
    """What to do about it, in one sentence."""
    fingerprints: tuple[str, ...]
    docs: str


@dataclass(frozen=True)
class Digest:
    """What a set of logs of one server says."""

    dialect: Dialect
    sources: tuple[LogSource, ...]
    calls: float
    """Totals of everything that passed the filters, ``others`` included."""
    total_ms: float | None
    errors: float
    first_seen: float | None
    last_seen: float | None
    slot_seconds: float
    """Width of the timeline's slots; the same for all statements."""
    timeline: tuple[TimelineSlot, ...]
    statements: tuple[StatementDigest, ...]
    """Most time first."""
    others: Others = Others()
    incidents: tuple[Incident, ...] = ()
    findings: tuple[LogFinding, ...] = ()
    limits: tuple[Limit, ...] = ()
