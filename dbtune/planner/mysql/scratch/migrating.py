"""Pending statements run on an empty copy of the schema on the scratch server, and what each was seen to do there.

Which ALGORITHM and LOCK a change of a table takes is asked of the server: each is written into the statement in turn,
from the one that disturbs least on, until the server accepts it. That is the order in which the server itself looks for
one where the statement says nothing. Rows are not needed for any of it; what a statement would do to them is not run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pymysql.err import MySQLError

from dbtune.connect.mysql import MySQLSession
from dbtune.connect.mysql_refusals import code_of, first_line
from dbtune.model.errors import UsageError
from dbtune.model.migration import AlterAlgorithm, AlterLock, AlterWay, Effects, PendingStatement
from dbtune.model.names import QualifiedName
from dbtune.planner.mysql.scratch.descriptions import Descriptions, IndexChanges, Origins, Renames
from dbtune.planner.mysql.ways import with_way_written_out
from dbtune.sql.ddl_form import Ddl
from dbtune.sql.ddl_mysql import read_mysql_ddl
from dbtune.sql.fingerprint import normalise

WAYS: tuple[tuple[AlterAlgorithm, AlterLock], ...] = (
    ("INSTANT", ""),
    ("INPLACE", "NONE"),
    ("INPLACE", "SHARED"),
    ("COPY", "NONE"),
    ("COPY", "SHARED"),
    ("INPLACE", "EXCLUSIVE"),
    ("COPY", "EXCLUSIVE"),
)
"""From the one that disturbs least on. INSTANT takes no LOCK on MySQL (error 1221); COPY with LOCK=NONE is MariaDB's,
from 11.2 on."""

NOT_THIS_WAY = frozenset({1221, 1800, 1801, 1845, 1846})
"""Wrong usage of two clauses, unknown ALGORITHM or LOCK, not supported, not supported for a reason."""

SYNTAX = 1064

RUN = frozenset({"create", "alter", "drop", "rename", "set", "use", "prepare", "execute", "deallocate", "call"})
"""First words of what is run. All else is about rows, or changes nothing that plans depend on."""

NOT_IN_THE_COPY = frozenset("user role server tablespace logfile instance resource event".split())
"""Objects that no plan depends on and the copy has none of."""

ROUTINES = frozenset({"trigger", "procedure", "function", "package"})

_AT_LINE = re.compile(r" at line (\d+)\Z")
_REASON = re.compile(r"Reason: (.+?)\.? Try (?:ALGORITHM|LOCK)=\w+\.?\Z")


@dataclass(frozen=True)
class _Asked:
    """How a statement was carried out, where it was."""

    way: tuple[AlterAlgorithm, AlterLock] | None
    refusal: str = ""


class EmptyDatabases:
    """The copy that a migration is run on."""

    def __init__(self, session: MySQLSession, schemas: Sequence[str]) -> None:
        self._session = session
        self._schemas = schemas
        self._seen = Descriptions.read(session, schemas)
        self.origins = Origins.of(self._seen)
        """What each table and column was before the migration."""

    def run(self, pending: Sequence[PendingStatement]) -> Iterator[Effects]:
        """Run the statements in turn. Raises UsageError, with file and line, for one that is no SQL."""
        for one in pending:
            yield self._one(one, read_mysql_ddl(one.text))

    def _one(self, pending: PendingStatement, ddl: Ddl) -> Effects:
        effects = Effects(pending, normalise(pending.text, pending.dialect))
        why = _not_run(ddl)
        if why is not None:
            return replace(effects, refusal=why)
        effects = replace(effects, touched=self._touched(ddl))
        try:
            asked = self._carried_out(ddl)
        except MySQLError as error:
            if code_of(error) == SYNTAX:
                raise UsageError(f"{_place_of(error, pending)}: {_without_place(first_line(error))}") from None
            return replace(effects, refusal=first_line(error), sqlstate=str(code_of(error) or ""))
        effects = replace(effects, applied=True)
        if ddl.verb in ("set", "use", "prepare", "deallocate"):
            return effects
        return self._compared(effects, ddl, asked)

    def _carried_out(self, ddl: Ddl) -> _Asked:
        """Run it: with each way in turn that the statement leaves open, else as it stands. Raises MySQLError."""
        said: set[str] = {word for word in (ddl.algorithm, ddl.lock) if word}
        if ddl.clauses_at is not None and not said & {"DEFAULT", "NOCOPY"}:
            refusal, table = "", self._qualified(ddl.name)
            for algorithm, lock in WAYS:
                if ddl.algorithm not in ("", algorithm) or (ddl.lock and ddl.lock != lock):
                    continue
                if ddl.drops_index and not lock:  # it is never INSTANT
                    continue
                try:
                    self._session.run(with_way_written_out(ddl, table, self._session.version, algorithm, lock))
                except MySQLError as error:
                    if code_of(error) not in NOT_THIS_WAY:
                        break  # it says the same, or something else, of the statement as it stands
                    refusal = _reason(error) if algorithm == "INPLACE" else refusal
                    continue
                return _Asked((algorithm, lock), refusal)
        self._session.run(ddl.text)
        return _Asked(None)

    def _touched(self, ddl: Ddl) -> frozenset[QualifiedName]:
        """Tables that were there before the migration, by the name they had then."""
        names = {renaming.old for renaming in ddl.renamed if renaming.thing == "table"}
        if ddl.object in ("table", "index") and ddl.verb != "create":
            names |= {ddl.name, *ddl.names}
        elif ddl.object == "index":
            names.add(ddl.name)
        found = (self.origins.table(self._qualified(name)) for name in names if name)
        return frozenset(name for name in found if name is not None)

    def _qualified(self, name: tuple[str, ...]) -> QualifiedName:
        return QualifiedName(name[-2] if len(name) > 1 else self._default(), name[-1])

    def _default(self) -> str:
        return str(self._session.rows("SELECT DATABASE() AS d")[0]["d"] or "")

    def _compared(self, effects: Effects, ddl: Ddl, asked: _Asked) -> Effects:
        """The effects with what has become of tables, columns and indexes."""
        old, new = self._seen, Descriptions.read(self._session, self._schemas)
        renames, before = Renames.of(ddl, self._qualified), self.origins
        self._seen, self.origins = new, before.after(new, renames)
        indexes = IndexChanges.between(old, new, renames, before)
        lost = before.lost(self.origins)
        retyped = lost.retyped(old, new)
        way = _way(effects, asked, lost_files=old.has_lost_files(new))
        rebuilt = way is not None and (old.is_rebuilt(new) or way.copied_anyway)
        return replace(
            effects,
            touched=effects.touched | lost.tables | {table for table, _ in lost.columns | retyped},
            way=way,
            rewritten=effects.touched if rebuilt else frozenset(),
            built=tuple(sorted(_index_name(table, name) for table, name in indexes.built)),
            built_on=frozenset(there for table, _ in indexes.built if (there := before.table(table)) is not None),
            dropped_indexes=tuple(sorted(_index_name(table, name) for table, name in indexes.gone)),
            lost_tables=lost.tables,
            lost_columns=lost.columns,
            retyped=retyped,
            lost_views=old.views - new.views,
        )


def _way(effects: Effects, asked: _Asked, *, lost_files: bool) -> AlterWay | None:
    if asked.way is None or len(effects.touched) != 1:
        return None
    (table,) = effects.touched
    algorithm, lock = asked.way
    if algorithm == "INSTANT" and lost_files:
        # MariaDB takes the word for PARTITION BY, and copies the table
        return AlterWay(table, "COPY", "SHARED", copied_anyway=True)
    return AlterWay(table, algorithm, lock, asked.refusal)


def _index_name(table: QualifiedName, index: str) -> QualifiedName:
    """As ``Index.full_name``."""
    return QualifiedName(table.schema, f"{table.name}.{index}")


def _not_run(ddl: Ddl) -> str | None:
    """Why a statement is not run on the copy (empty: nothing need be said of it), or None where it is."""
    if ddl.verb not in RUN or ddl.object in NOT_IN_THE_COPY:
        return ""
    if ddl.object in ("database", "schema"):
        return "databases are not made, changed or dropped on the scratch server"
    if ddl.setting.startswith("global.") or ddl.setting in ("password", "role", "default", "resource"):
        return ""
    return None


def _reason(error: MySQLError) -> str:
    """``Cannot change column type INPLACE``; empty where the server gives no reason."""
    found = _REASON.search(first_line(error))
    return found[1] if found else ""


def _place_of(error: MySQLError, pending: PendingStatement) -> str:
    """File and line of a syntax error: the server counts lines from the statement's first on."""
    found = _AT_LINE.search(str(error.args[1]) if len(error.args) > 1 else "")
    more = int(found[1]) - 1 if found else 0
    return str(replace(pending.location, line=pending.location.line + more))


def _without_place(message: str) -> str:
    """Without the manual, and the line within the statement."""
    near = re.search(r"the right syntax to use (near .*)", message, re.DOTALL)
    return _AT_LINE.sub("", f"the server finds a syntax error {near[1]}" if near else message)


Settings = Mapping[str, str]


def as_in_production(session: MySQLSession, settings: Settings) -> None:
    """What of production's settings decides how a change of a table is carried out, or whether it is refused."""
    session.run("SET SESSION foreign_key_checks = 1")
    mode = settings.get("sql_mode")
    if mode is not None:
        session.run("SET SESSION sql_mode = %s", (mode,))
