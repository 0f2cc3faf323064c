"""Both worlds on MySQL or MariaDB: the same tables, with some of their indexes hidden.

DDL is no part of a transaction there, so nothing can be rolled back. An index that the report builds is really there,
and hidden in the world ``without``; one that it drops is hidden in the world ``with``: by ALTER INDEX … INVISIBLE
(MariaDB: IGNORED), which changes a word of the table's definition. MySQL's switch ``use_invisible_indexes`` would show
those that the user has hidden as well, and hides none that the report drops; MariaDB has no such switch. Versions
without hidden indexes (MySQL 5.7, MariaDB 10.5) build and drop them for each turn.

Source: MySQL manual, "Invisible Indexes"; MariaDB's, "Ignored Indexes"; for the indexes that come and go with a foreign
key, MySQL manual, "FOREIGN KEY Constraints", "Conditions and Restrictions".
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from pymysql.err import MySQLError

from dbtune.connect.mysql import MySQLSession
from dbtune.connect.mysql_abilities import hiding_words
from dbtune.connect.mysql_refusals import code_of, first_line
from dbtune.ddl.mysql_alter import AlterTable, drop_clause, restore_index, show_clause
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Index
from dbtune.model.snapshot import Snapshot
from dbtune.model.verification import BuiltObject
from dbtune.rules.mysql_tables import engine_of, is_visible, serves_foreign_key, version_of
from dbtune.verify.mysql_builds import IndexChange, told_name
from dbtune.verify.staging import World

NO_SUCH_INDEX = frozenset({1091, 1176})
"""It can be neither dropped nor shown."""
IS_THERE = frozenset({1061})

FULL_TEXT = "a FULLTEXT index leaves a hidden column of the table behind, and only MATCH … AGAINST reads it"


@dataclass(frozen=True)
class Undo:
    """A statement that takes something back, and the errors that say that nothing is to be."""

    sql: str
    needless: frozenset[int]

    def carry_out(self, session: MySQLSession) -> bool:
        """False where the server refuses it. Raises pymysql's errors where the session is lost."""
        try:
            session.run(self.sql)
        except MySQLError as error:
            if session.is_lost:
                raise
            return code_of(error) in self.needless
        return True


@dataclass
class Ledger:
    """What must be undone: what has vanished comes back first, what was built goes last."""

    restoring: dict[str, Undo] = field(default_factory=dict)
    showing: dict[str, Undo] = field(default_factory=dict)
    dropping: dict[str, Undo] = field(default_factory=dict)

    def in_turn(self) -> list[Undo]:
        return [*self.restoring.values(), *self.showing.values(), *self.dropping.values()]


@dataclass
class _Switched:
    """An index that is in one of the worlds only, and the clauses of ALTER TABLE that make it so."""

    table: QualifiedName
    world: World
    show: str
    hide: str
    is_there: bool

    @property
    def turning(self) -> str:
        return self.hide if self.is_there else self.show


class Worlds:
    """What is built, hidden and shown in one session; what must be undone is in the ledger before it is begun."""

    def __init__(self, session: MySQLSession, snapshot: Snapshot, ledger: Ledger) -> None:
        """``snapshot``: of the copy before anything was built there."""
        self._session = session
        self._snapshot = snapshot
        self._ledger = ledger
        self._words = hiding_words(version_of(snapshot))
        self._switched: list[_Switched] = []

    def known(self, table: QualifiedName, name: str) -> Index | None:
        """The index as it was before."""
        found = self._snapshot.table(table)
        return next((one for one in found.indexes if one.name == name), None) if found is not None else None

    def build(self, change: IndexChange) -> BuiltObject:
        """Build the change's indexes, out of sight of all plans; its first one speaks for it."""
        table = change.table
        name, predicted = told_name(table, change.added[0].index), change.recommendation.evidence.bytes
        if any(one.sql.startswith("ADD FULLTEXT ") for one in change.added):
            return BuiltObject(name, predicted, None, 0.0, FULL_TEXT)
        vanishing = dict(self._vanishing(table))
        made = {
            told_name(table, one.index): Undo(_alter(table, drop_clause(one.index)), NO_SUCH_INDEX)
            for one in change.added
        }
        # before the build, not after it: a session that is lost meanwhile may have finished it
        self._ledger.restoring |= vanishing
        self._ledger.dropping |= made
        started = time.perf_counter()
        try:
            self._session.run(change.build(self._words[0] if self._words is not None else ""))
        except MySQLError as error:
            if self._session.is_lost:
                raise
            _forget(self._ledger.dropping, made)
            _forget(self._ledger.restoring, vanishing)
            return BuiltObject(name, predicted, None, 0.0, first_line(error))
        seconds = time.perf_counter() - started
        _forget(self._ledger.restoring, [key for key, one in vanishing.items() if one.carry_out(self._session)])
        for one in change.added:
            show, hide = self._clauses(one.index, one.sql)
            self._switched.append(_Switched(table, "with", show, hide, is_there=self._words is None))
        return BuiltObject(name, predicted, None, seconds)

    def leave_out(self, table: QualifiedName, name: str) -> BuiltObject | None:
        """Have an index that the report drops in the world ``without`` only; the refusal where it cannot be."""
        index = self.known(table, name)
        if index is None or not is_visible(index):
            return None  # no plan uses it
        told, restoring = told_name(table, name), self._restoring(index)
        show, hide = self._clauses(name, restoring.clauses[0])
        if self._words is None:
            self._ledger.restoring[told] = Undo(restoring.sql, IS_THERE)
        else:
            self._ledger.showing[told] = Undo(_alter(table, show), NO_SUCH_INDEX)
        switched = _Switched(table, "without", show, hide, is_there=True)
        try:
            self._turn(table, [switched])
        except MySQLError as error:
            if self._session.is_lost:
                raise
            _forget(self._ledger.restoring, [told])
            _forget(self._ledger.showing, [told])
            return BuiltObject(told, None, None, 0.0, f"it stays in both measurements: {first_line(error)}")
        self._switched.append(switched)
        return None

    def enter(self, world: World, tables: Collection[QualifiedName] | None = None) -> None:
        """Show and hide what the world asks for, on these tables (None: on all). Raises pymysql's errors."""
        turned: dict[QualifiedName, list[_Switched]] = {}
        for one in self._switched:
            if one.is_there != (one.world == world) and (tables is None or one.table in tables):
                turned.setdefault(one.table, []).append(one)
        for table, switched in turned.items():
            self._turn(table, switched)

    def _turn(self, table: QualifiedName, switched: Sequence[_Switched]) -> None:
        self._session.run(_alter(table, *(one.turning for one in switched)))
        for one in switched:
            one.is_there = not one.is_there

    def _clauses(self, index: str, adding: str) -> tuple[str, str]:
        """What shows the index, and what hides it."""
        if self._words is None:
            return adding, drop_clause(index)
        hide, show = self._words
        return show_clause(index, show), show_clause(index, hide)

    def _restoring(self, index: Index) -> AlterTable:
        table = self._snapshot.table(index.table)
        return restore_index(index, engine_of(table) if table is not None else "")

    def _vanishing(self, name: QualifiedName) -> Iterator[tuple[str, Undo]]:
        """What the server may have made for a foreign key: it drops that silently when another index serves the key."""
        table = self._snapshot.table(name)
        if table is None:
            return
        columns = [key.columns for key in table.foreign_keys]
        for index in table.indexes:
            alike = any(serves_foreign_key(index, key) and len(index.keys) == len(key) for key in columns)
            if alike and not index.unique:
                yield told_name(name, index.name), Undo(self._restoring(index).sql, IS_THERE)


def _alter(table: QualifiedName, *clauses: str) -> str:
    # in whatever way the table's engine can: on a copy nobody minds waiting
    return AlterTable(table, clauses, "DEFAULT", "SHARED").sql


def _forget(held: dict[str, Undo], keys: Collection[str]) -> None:
    for key in keys:
        held.pop(key, None)
