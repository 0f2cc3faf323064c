"""What is about to change: the statements of pending migrations, and what each was seen to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from dbtune.model.location import SourceLocation
from dbtune.model.names import QualifiedName
from dbtune.model.plan import Confidence
from dbtune.model.snapshot import Dialect, Snapshot
from dbtune.model.workload import Limit

LockMode = Literal[
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
]
LOCK_MODES: tuple[LockMode, ...] = (
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
)
"""From the weakest to the strongest."""

BLOCKS_WRITES = LOCK_MODES[LOCK_MODES.index("SHARE") :]
"""Modes that INSERT, UPDATE and DELETE wait for. Source: PostgreSQL manual, Explicit Locking."""

Wrapping = Literal["transaction", "one call", "perhaps one call", "none", "unknown"]
"""Whether the tool runs a file's statements in one transaction (``one call``: all sent at once, which is a transaction
where there is more than one; perhaps so, by the file's name), each on its own, or nobody can say."""


AlterAlgorithm = Literal["INSTANT", "INPLACE", "COPY"]
"""How MySQL and MariaDB change a table: by its description alone; within the engine; by a copy, row by row."""

AlterLock = Literal["", "NONE", "SHARED", "EXCLUSIVE"]
"""Who may go on meanwhile: all (also where it is empty, since INSTANT takes no such clause), readers, nobody."""

WAITING_WRITERS: frozenset[AlterLock] = frozenset({"SHARED", "EXCLUSIVE"})
"""Those under which writers wait until it is done."""


@dataclass(frozen=True)
class PendingStatement:
    """One statement of a migration file, as it stands there."""

    text: str
    location: SourceLocation
    wrapping: Wrapping = "unknown"
    alone: bool = False
    """It is the only statement of its file."""
    in_block: bool = False
    """It stands between BEGIN and COMMIT."""
    dialect: Dialect = "postgres"


@dataclass(frozen=True)
class TableLock:
    """A lock on a table that was there before the migration, held until the transaction's end."""

    table: QualifiedName
    mode: LockMode


@dataclass(frozen=True)
class AlterWay:
    """How a server of MySQL or MariaDB carries a change of a table out: the first way of all that it took, from the
    one that disturbs least on."""

    table: QualifiedName
    algorithm: AlterAlgorithm
    lock: AlterLock
    refusal: str = ""
    """The server's words on the way before this one: ``Cannot change column type INPLACE``."""
    copied_anyway: bool = False
    """The server takes this algorithm's name, and writes the table anew all the same."""

    @property
    def stops_writers(self) -> bool:
        return self.lock in WAITING_WRITERS


@dataclass(frozen=True)
class Effects:
    """What one statement did to an empty copy of the schema. Tables and indexes that were there before the migration
    go by the name they had then."""

    pending: PendingStatement
    normalised: str
    """Without literals."""
    applied: bool = False
    """It was run, and the server took it."""
    refusal: str = ""
    """The server's reason, or why it was not run; empty where nothing is to be said."""
    sqlstate: str = ""
    """The server's code where it refused."""
    locks: tuple[TableLock, ...] = ()
    rewritten: frozenset[QualifiedName] = frozenset()
    """Tables whose rows were all written anew."""
    scanned: frozenset[QualifiedName] = frozenset()
    """Tables that were read from one end to the other."""
    validated: frozenset[QualifiedName] = frozenset()
    """Those that were read more often than indexes were built on them: for a constraint."""
    built: tuple[QualifiedName, ...] = ()
    """New indexes."""
    built_on: frozenset[QualifiedName] = frozenset()
    """Tables of the new indexes, where these were there before."""
    dropped_indexes: tuple[QualifiedName, ...] = ()
    lost_tables: frozenset[QualifiedName] = frozenset()
    """Dropped or renamed tables."""
    lost_columns: frozenset[tuple[QualifiedName, str]] = frozenset()
    """Dropped or renamed columns."""
    retyped: frozenset[tuple[QualifiedName, str]] = frozenset()
    """Columns whose type is another one."""
    lost_views: frozenset[QualifiedName] = frozenset()
    """Dropped or renamed views."""
    touched: frozenset[QualifiedName] = frozenset()
    """MySQL and MariaDB: tables whose description is locked for a moment at least. Indexes above are named
    ``table.index`` there, since other tables may have one of that name."""
    way: AlterWay | None = None
    """MySQL and MariaDB, of ALTER TABLE, CREATE INDEX and DROP INDEX; None where the server was not asked."""

    @property
    def locked(self) -> frozenset[QualifiedName]:
        """Tables that nobody else can use for a moment at least."""
        return self.touched | {lock.table for lock in self.locks if lock.mode == "ACCESS EXCLUSIVE"}

    @property
    def location(self) -> SourceLocation:
        return self.pending.location

    def lock_on(self, table: QualifiedName) -> LockMode | None:
        """The strongest lock on the table."""
        modes = [lock.mode for lock in self.locks if lock.table == table]
        return max(modes, key=LOCK_MODES.index, default=None)


@dataclass(frozen=True)
class Migration:
    """Pending files, read: their statements in order, and what could not be read of them."""

    statements: tuple[PendingStatement, ...] = ()
    notes: tuple[tuple[SourceLocation, str], ...] = field(default_factory=tuple)


@dataclass(frozen=True)
class Migrated:
    """What the statements did, one by one, and the snapshot after all of them."""

    effects: tuple[Effects, ...]
    after: Snapshot
    confidence: Confidence = "proven"
    """``estimated`` where the server that was asked is of another series than production's."""
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True)
class StepLock:
    """A lock that one statement takes, on what."""

    schema: str
    table: str
    mode: LockMode
    rows: float | None
    bytes: int
    """Of the table's main file, its partitions' together."""
    calls: float
    """Of the workload's statements that use the table."""


@dataclass(frozen=True)
class StepWay:
    """How MySQL or MariaDB carries out what one statement does to a table."""

    schema: str
    table: str
    algorithm: AlterAlgorithm
    lock: AlterLock
    rows: float | None
    bytes: int
    """Of the table's rows, without secondary indexes."""
    calls: float
    """Of the workload's statements that use the table."""


@dataclass(frozen=True)
class MigrationStep:
    """What one statement of a migration does to tables that are there already. For the report."""

    location: SourceLocation
    text: str
    """Normalised, without literals."""
    locks: tuple[StepLock, ...] = ()
    """The strongest on each table, those that other sessions may wait for."""
    rewrites: tuple[QualifiedName, ...] = ()
    scans: tuple[QualifiedName, ...] = ()
    note: str = ""
    """That it was refused or not run, and why; empty where it ran."""
    way: StepWay | None = None
    """MySQL and MariaDB: the algorithm and lock that the server takes for it."""
