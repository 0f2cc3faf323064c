"""The advice on a copy that is MySQL or MariaDB."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from secrets import token_hex

from pymysql.err import MySQLError

from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.mysql import TIMED_OUT, MySQLSession, writing_session
from dbtune.connect.mysql_abilities import NAMES
from dbtune.connect.mysql_refusals import code_of, first_line
from dbtune.connect.targets import DatabaseUrl
from dbtune.model.errors import ConnectionFailed, PlanFailed, UsageError
from dbtune.model.names import QualifiedName
from dbtune.model.plan import Plan
from dbtune.model.progress import NoProgress, Progress
from dbtune.model.recommendation import Report
from dbtune.model.snapshot import Snapshot
from dbtune.model.verification import BuiltObject
from dbtune.model.workload import Instance
from dbtune.planner.mysql.live import PlansOfSession
from dbtune.planner.mysql.prices import RowPrices, pages_of, with_write_costs
from dbtune.rules.mysql_hinting import recommended_hints
from dbtune.rules.mysql_rewriting import Edit
from dbtune.sql.mysql_effects import only_reads
from dbtune.verify.mysql_builds import IndexChange, index_changes, told_name
from dbtune.verify.mysql_target import read_target
from dbtune.verify.mysql_worlds import Ledger, Worlds
from dbtune.verify.staging import Runnable, World

ENDING_SECONDS = 30.0
"""How long a lost session may take to end: a build that is broken off is rolled back first."""


class Names:
    """The report's databases, and what they are called on the copy: the one that it was made for is the URL's."""

    def __init__(self, report: Report, url: DatabaseUrl, changes: Sequence[IndexChange]) -> None:
        """Raises UsageError where the URL's database cannot stand for all that the report changes."""
        told, named = report.target.database, url.database
        self._copies = {told: named} if told and named else {}
        self.databases = tuple(dict.fromkeys(self.of(change.table.schema) for change in changes))
        others = [name for name in self.databases if name != named]
        if named and named != told and others:
            raise UsageError(
                f"the report changes {', '.join(others)}, which {named} is no copy of: name a server on which every "
                "database is called as in the report"
            )

    def of(self, database: str) -> str:
        return self._copies.get(database, database)

    @property
    def originals(self) -> tuple[str, ...]:
        """Databases that are called otherwise on the copy: statements must not read them."""
        return tuple(name for name, copy in self._copies.items() if name != copy)


class MySQLCopy:
    """Remembers what was begun, outside the session in which it was, which may be lost."""

    def __init__(self, url: DatabaseUrl, report: Report, *, limit_ms: float, lock_timeout_ms: int) -> None:
        """Raises UsageError where the URL's database is no copy of what the report changes."""
        changes = index_changes(report)
        self.names = Names(report, url, changes)
        self.changes = tuple(
            replace(one, table=QualifiedName(self.names.of(one.table.schema), one.table.name)) for one in changes
        )
        self.report = report
        self.limit_ms = max(1, round(limit_ms))
        self.ledger = Ledger()
        database = url.database or report.target.database
        self._url = replace(url, parameters={**url.parameters, "dbname": database}) if database else url
        self._dialect = report.target.dialect
        self._lock_timeout_ms = lock_timeout_ms
        self._lock = f"dbtune verify {token_hex(8)}"
        """Held by the session that builds, so that it is known when it has ended."""

    @property
    def is_idle(self) -> bool:
        return not self.changes

    @contextmanager
    def session(self) -> Iterator[MySQLStaging]:
        with writing_session(self._url, lock_timeout_ms=self._lock_timeout_ms) as session:
            if session.version.family != self._dialect:
                wanted = NAMES["mariadb" if self._dialect == "mariadb" else "mysql"]
                raise UsageError(f"the report is for {wanted}, and the server runs {session.version.name}")
            session.rows("SELECT GET_LOCK(%s, 0)", (self._lock,))
            yield MySQLStaging(session, self)

    def left(self) -> tuple[str, ...]:
        return tuple(one.sql for one in self.ledger.in_turn())

    def take_back(self) -> tuple[str, ...]:
        try:
            with writing_session(self._url, lock_timeout_ms=self._lock_timeout_ms) as session:
                _end(session, self._lock)
                return tuple(one.sql for one in self.ledger.in_turn() if not one.carry_out(session))
        except MySQLError as error:
            raise ConnectionFailed(first_line(error)) from error

    def collected(self) -> Snapshot:
        """The copy as it is now."""
        return collect(self._url, CollectOptions(self.names.databases, workload=False), NoProgress())


class MySQLStaging:
    """Builds, and runs statements in either world, on one session."""

    def __init__(self, session: MySQLSession, copy: MySQLCopy) -> None:
        self._session = session
        self._copy = copy
        self._reads: dict[Runnable, frozenset[QualifiedName]] = {}
        self.target = read_target(session, copy.names.databases)

    def taken(self) -> tuple[str, ...]:
        if all(self._snapshot.table(change.table) is None for change in self._copy.changes):
            raise UsageError(
                f"{self.target.database} has none of the tables that the report changes, or the account may not see "
                "them: name a copy of the report's database"
            )
        return tuple(
            told_name(change.table, one.index)
            for change in self._copy.changes
            for one in change.added
            if self._worlds.known(change.table, one.index) is not None
        )

    def build(self, progress: Progress) -> tuple[BuiltObject, ...]:
        building = [change for change in self._copy.changes if change.added]
        built: list[BuiltObject] = []
        for number, change in enumerate(building):
            progress.step(f"building {told_name(change.table, change.added[0].index)}", number, len(building))
            built.append(self._worlds.build(change))
        after = self._copy.collected() if any(one.error is None for one in built) else self._snapshot
        built = [_with_size(one, change, after) for one, change in zip(built, building, strict=True)]
        dropped = [(change.table, name) for change in self._copy.changes for name in change.dropped]
        refused = [self._worlds.leave_out(table, name) for table, name in dropped]
        return (*built, *(one for one in refused if one is not None))

    def plan(self, world: World, one: Runnable) -> Plan:
        try:
            self._worlds.enter(world)
            # EXPLAIN runs nothing; MariaDB refuses that of a locking read in a transaction that may not write
            with self._reading(may_lock=not only_reads(one.texts[0])):
                plan = self._plans.plan(Instance(self._texts(world, one)[0], search_path=self._path(one)))
        except MySQLError as error:
            raise self._failure(error) from None
        read = frozenset(node.relation for node in plan.root.walk() if node.relation is not None)
        for name in self._copy.names.originals:
            if any(relation.schema == name for relation in read):
                raise PlanFailed(f"it names the database {name}, which is not the copy")
        self._reads[one] = self._reads.get(one, frozenset()) | read
        return with_write_costs(plan, RowPrices.of(self._snapshot), pages_of(self._snapshot))

    def why_not_run(self, one: Runnable, before: Plan, after: Plan) -> str | None:
        if all(only_reads(text) for text in one.texts):
            return None
        if before.shape == after.shape:
            return "it writes or locks rows, so it was planned only: the same plan as before"
        ratio = f" at {after.cost / before.cost:.2g} times the cost" if before.cost > 0 else ""
        return f"it writes or locks rows, so it was planned only: another plan{ratio}"

    def run(self, world: World, one: Runnable) -> float | None:
        total = 0.0
        try:
            self._worlds.enter(world, self._tables(one))
            with self._reading():
                self._plans.use(self._path(one))
                for text in self._texts(world, one):
                    self._session.explain("FORMAT=JSON", text)  # opens the tables again after the ALTERs
                for text in self._texts(world, one):
                    started = time.perf_counter()
                    self._session.run_through(text)
                    passed = (time.perf_counter() - started) * 1000
                    if passed >= self._copy.limit_ms:  # it was ended between two rows, or in a SLEEP()
                        return None
                    total += passed
        except MySQLError as error:
            if code_of(error) in TIMED_OUT:
                return None
            raise self._failure(error) from None
        return total

    @cached_property
    def _snapshot(self) -> Snapshot:
        """The copy before anything was built there."""
        return self._copy.collected()

    @cached_property
    def _hints(self) -> Mapping[str, Edit]:
        """By fingerprint: what the report would have the program write into its statements."""
        return recommended_hints(self._copy.report, self._session.version)

    @cached_property
    def _worlds(self) -> Worlds:
        return Worlds(self._session, self._snapshot, self._copy.ledger)

    @cached_property
    def _plans(self) -> PlansOfSession:
        return PlansOfSession(self._session, self._snapshot, pages_of(self._snapshot))

    def _texts(self, world: World, one: Runnable) -> list[str]:
        """As the program sends them: with the advice, that on hints is followed, too."""
        hint = self._hints.get(one.fingerprint) if world == "with" else None
        bare = [text.strip().rstrip(";") for text in one.texts]
        return bare if hint is None else [hint(text) or text for text in bare]

    def _path(self, one: Runnable) -> tuple[str, ...]:
        return tuple(self._copy.names.of(name) for name in one.search_path)

    def _tables(self, one: Runnable) -> frozenset[QualifiedName] | None:
        """Those that the statement reads; None where its plans do not tell."""
        read = self._reads.get(one, frozenset())
        return read if read and all(self._snapshot.table(name) is not None for name in read) else None

    @contextmanager
    def _reading(self, *, may_lock: bool = False) -> Iterator[None]:
        """Nothing can be written meanwhile, and each statement is ended after its time."""
        if not may_lock:
            self._session.run("SET SESSION TRANSACTION READ ONLY")
        self._session.limit_time(self._copy.limit_ms)
        try:
            yield
        finally:
            if not self._session.is_lost:
                self._session.limit_time(None)
                self._session.run("SET SESSION TRANSACTION READ WRITE")

    def _failure(self, error: MySQLError) -> MySQLError | PlanFailed:
        return error if self._session.is_lost else PlanFailed(first_line(error))


def _with_size(built: BuiltObject, change: IndexChange, after: Snapshot) -> BuiltObject:
    """The object with its size, where InnoDB tells one."""
    table = after.table(change.table)
    names = {one.index for one in change.added}
    sizes = [i.facts.bytes for i in table.indexes if i.facts and i.name in names] if table is not None else []
    return replace(built, bytes=sum(sizes) or None) if built.error is None else built


def _end(session: MySQLSession, lock: str) -> None:
    """End the session that was lost: it may still be building, and would finish after the drop."""
    deadline = time.monotonic() + ENDING_SECONDS
    while time.monotonic() < deadline:
        holder = session.rows("SELECT IS_USED_LOCK(%s) AS id", (lock,))[0]["id"]
        if holder is None:
            return
        try:
            session.run(f"KILL {int(holder)}")
        except MySQLError:  # it has ended meanwhile
            if session.is_lost:
                raise
        time.sleep(0.1)
