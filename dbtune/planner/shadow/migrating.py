"""Pending statements run on an empty copy of the schema, and what each of them was seen to do there.

The server itself says which locks a statement takes (``pg_locks`` in the statement's own transaction), which tables it
writes anew (their file is another one afterwards) and which it reads from end to end (its counters of scans): the
rows are not needed for any of it. What a statement would do to rows, or to what is not in the copy (roles, settings),
is not run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import psycopg

from dbtune.connect.refusals import first_line
from dbtune.model.errors import UsageError
from dbtune.model.migration import LOCK_MODES, Effects, LockMode, PendingStatement, TableLock
from dbtune.model.names import QualifiedName
from dbtune.planner.shadow.catalog import NOT_SYSTEM, Attribute, Relation, read_attributes, read_relations
from dbtune.planner.shadow.ddl_runner import Connection
from dbtune.sql.ddl import read_ddl
from dbtune.sql.ddl_form import Ddl
from dbtune.sql.fingerprint import normalise
from dbtune.sql.lexing import tokens

RUN = frozenset({"create", "alter", "drop", "do", "comment", "security"})
"""First words of what is run. All else is about rows, or changes nothing that plans depend on."""

NOT_IN_THE_COPY = frozenset(
    "role user group database tablespace system publication subscription server default privileges policy trigger rule "
    "event large".split()
)
"""Objects that no plan depends on and the copy has none of."""

ROUTINES = ("function", "procedure", "aggregate", "routine")

MODES: Mapping[str, LockMode] = {mode.title().replace(" ", "") + "Lock": mode for mode in LOCK_MODES}
"""``pg_locks.mode`` to the manual's words."""

LOCKS = (
    b"SELECT relation::int8, mode FROM pg_catalog.pg_locks WHERE pid = pg_catalog.pg_backend_pid()"
    b" AND locktype = 'relation' AND granted"
    b" AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())"
)
SCANS = (
    b"SELECT oid::int8, pg_catalog.pg_stat_get_xact_numscans(oid) FROM pg_catalog.pg_class"
    b" WHERE relkind IN ('r', 'm') AND oid >= 16384 AND pg_catalog.pg_stat_get_xact_numscans(oid) > 0"
)
"""What ``pg_stat_xact_all_tables`` shows, without the tables of the system."""

CHANGES_NO_RELATION = (*ROUTINES, "sequence", "operator", "cast", "collation")
"""Objects whose CREATE, COMMENT and the like leave tables, views and indexes as they are."""

VIEWS = (
    f"SELECT c.oid::int8, n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    f" WHERE c.relkind = 'v' AND {NOT_SYSTEM}"
).encode()

KNOWN_LOCKS: Mapping[tuple[str, bool], LockMode] = {
    ("create index", True): "SHARE UPDATE EXCLUSIVE",
    ("drop index", True): "SHARE UPDATE EXCLUSIVE",
    ("reindex", True): "SHARE UPDATE EXCLUSIVE",
    ("reindex", False): "SHARE",
    ("cluster", False): "ACCESS EXCLUSIVE",
    ("vacuum", False): "SHARE UPDATE EXCLUSIVE",
    ("vacuum", True): "ACCESS EXCLUSIVE",
    ("truncate", False): "ACCESS EXCLUSIVE",
    ("refresh materialized view", False): "ACCESS EXCLUSIVE",
    ("refresh materialized view", True): "EXCLUSIVE",
    ("create trigger", False): "SHARE ROW EXCLUSIVE",
    ("drop trigger", False): "ACCESS EXCLUSIVE",
}
"""Of what is not run, or not in a transaction in which its locks could be seen: statement and CONCURRENTLY (of VACUUM:
FULL). Source: PostgreSQL manual, Explicit Locking."""


@dataclass(frozen=True)
class _Seen:
    """The catalog at one time."""

    relations: Mapping[int, Relation]
    attributes: Mapping[int, tuple[Attribute, ...]]
    views: Mapping[int, QualifiedName]

    @classmethod
    def read(cls, connection: Connection) -> _Seen:
        by_name = read_relations(connection)
        found = connection.execute(VIEWS).fetchall()
        views = {int(str(oid)): QualifiedName(str(schema), str(name)) for oid, schema, name in found}
        return cls({one.oid: one for one in by_name.values()}, read_attributes(connection), views)

    def columns(self, oid: int) -> dict[int, str]:
        return {attribute.number: attribute.name for attribute in self.attributes.get(oid, ())}

    def types(self, oid: int) -> dict[int, int]:
        return {attribute.number: attribute.type for attribute in self.attributes.get(oid, ())}


class EmptySchema:
    """The copy that a migration is run on."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        # counters are what tells a scan
        connection.execute(b"SET track_counts = on")
        self._first = self._seen = _Seen.read(connection)

    def run(self, pending: Sequence[PendingStatement]) -> Iterator[Effects]:
        """Run the statements in turn. Raises UsageError, with file and line, for one that is no SQL."""
        for one in pending:
            yield self._one(one, read_ddl(one.text))

    def _one(self, pending: PendingStatement, ddl: Ddl) -> Effects:
        effects = Effects(pending, normalise(pending.text))
        if ddl.setting == "search_path":
            return self._set_search_path(effects)
        # what is known of such statements: asked before, for what they name may be gone afterwards
        known = self._known_locks(ddl)
        why = _not_run(pending.text, ddl)
        if why is not None:
            return replace(effects, refusal=why, locks=known)
        try:
            locks, scanned = self._run(pending.text, alone=ddl.concurrently or _detaches_concurrently(ddl))
        except psycopg.errors.SyntaxError as error:
            raise UsageError(f"{_place_of(error, pending)}: {first_line(error)}") from None
        except psycopg.errors.UndefinedFunction as error:
            # functions of triggers are not in the copy, and no plan depends on them
            return effects if ddl.object in ROUTINES else _refused(replace(effects, locks=known), error)
        except psycopg.Error as error:
            return _refused(replace(effects, locks=known), error)
        effects = replace(effects, applied=True, locks=locks or known)
        if ddl.verb == "comment" or (ddl.verb == "create" and ddl.object in CHANGES_NO_RELATION):
            return effects
        return self._compared(effects, scanned)

    def _set_search_path(self, effects: Effects) -> Effects:
        try:
            self._connection.execute(effects.pending.text.encode())
        except psycopg.Error as error:
            return replace(effects, refusal=first_line(error))
        return replace(effects, applied=True)

    def _run(self, sql: str, *, alone: bool) -> tuple[tuple[TableLock, ...], Mapping[int, int]]:
        """Run it; the locks it held at its end, and how often it scanned what, where it runs in a transaction."""
        if alone:
            self._connection.execute(sql.encode())
            return (), {}
        with self._connection.transaction():
            before = self._scans()
            self._connection.execute(sql.encode())
            scans = {oid: count - before.get(oid, 0) for oid, count in self._scans().items()}
            return self._locks(), {oid: count for oid, count in scans.items() if count > 0}

    def _scans(self) -> dict[int, int]:
        return {int(str(oid)): int(str(count)) for oid, count in self._connection.execute(SCANS)}

    def _locks(self) -> tuple[TableLock, ...]:
        held = ((int(str(oid)), str(mode)) for oid, mode in self._connection.execute(LOCKS))
        found = {
            TableLock(self._first.relations[oid].name, MODES[mode])
            for oid, mode in held
            if oid in self._first.relations and self._first.relations[oid].kind in "rpm" and mode in MODES
        }
        return tuple(sorted(found, key=lambda lock: (lock.table, LOCK_MODES.index(lock.mode))))

    def _known_locks(self, ddl: Ddl) -> tuple[TableLock, ...]:
        mode = KNOWN_LOCKS.get((ddl.what.lower().removesuffix(" table"), ddl.concurrently or ddl.full))
        if ddl.verb == "reindex":
            mode = KNOWN_LOCKS["reindex", ddl.concurrently]
        if mode is None or not ddl.name:
            return ()
        table = self._table_named(ddl)
        return (TableLock(table, mode),) if table is not None else ()

    def _table_named(self, ddl: Ddl) -> QualifiedName | None:
        """The table that a statement names, or that the index it names is on, by its name before the migration."""
        name = '"' + '"."'.join(part.replace('"', '""') for part in ddl.name) + '"'
        row = self._connection.execute(
            b"SELECT coalesce((SELECT indrelid FROM pg_catalog.pg_index WHERE indexrelid = to_regclass(%s)),"
            b" to_regclass(%s))::oid::int8",
            [name, name],
        ).fetchone()
        found = None if row is None or row[0] is None else self._first.relations.get(int(str(row[0])))
        return None if found is None else found.name

    def _compared(self, effects: Effects, scanned: Mapping[int, int]) -> Effects:
        """The effects with what has become of tables, columns and indexes."""
        old, new = self._seen, _Seen.read(self._connection)
        self._seen = new
        first = self._first.relations
        built = [one for oid, one in new.relations.items() if oid not in old.relations and one.kind in "iI"]
        tables = self._tables_of([one.oid for one in built])
        rewritten = [
            oid
            for oid, one in new.relations.items()
            if oid in first and one.kind in "rm" and one.file_number != old.relations[oid].file_number
        ]
        lost_columns: set[tuple[QualifiedName, str]] = set()
        retyped: set[tuple[QualifiedName, str]] = set()
        lost_tables: set[QualifiedName] = set()
        for oid, one in old.relations.items():
            if one.kind not in "rpm" or oid not in first:
                continue
            now = new.relations.get(oid)
            if now is None or now.name != one.name:
                lost_tables.add(first[oid].name)
            if now is not None and old.attributes.get(oid) != new.attributes.get(oid):
                left, types = new.columns(oid), new.types(oid)
                original = self._first.columns(oid)
                lost_columns |= {
                    (first[oid].name, original.get(number, name))
                    for number, name in old.columns(oid).items()
                    if left.get(number) != name
                }
                retyped |= {
                    (first[oid].name, original.get(number, ""))
                    for number, type_ in old.types(oid).items()
                    if types.get(number, type_) != type_
                }
        return replace(
            effects,
            rewritten=frozenset(first[oid].name for oid in rewritten),
            scanned=frozenset(first[oid].name for oid in scanned if oid in first and first[oid].kind in "rpm"),
            built=tuple(sorted(one.name for one in built)),
            validated=frozenset(
                first[oid].name
                for oid, count in scanned.items()
                if oid in first and first[oid].kind in "rpm" and count > tables.count(oid)
            ),
            built_on=frozenset(first[oid].name for oid in tables if oid in first),
            dropped_indexes=tuple(
                sorted(
                    first[oid].name
                    for oid, one in old.relations.items()
                    if one.kind in "iI" and oid in first and oid not in new.relations
                )
            ),
            lost_tables=frozenset(lost_tables),
            lost_columns=frozenset(lost_columns),
            retyped=frozenset(retyped),
            lost_views=frozenset(name for oid, name in old.views.items() if new.views.get(oid) != name),
        )

    def _tables_of(self, indexes: Sequence[int]) -> list[int]:
        """Once for each index."""
        if not indexes:
            return []
        query = b"SELECT indrelid::int8 FROM pg_catalog.pg_index WHERE indexrelid = ANY (%s::int8[]::oid[])"
        return [int(str(row[0])) for row in self._connection.execute(query, [list(indexes)])]


def _not_run(text: str, ddl: Ddl) -> str | None:
    """Why a statement is not run on the copy (empty: nothing need be said of it), or None where it is."""
    if ddl.verb not in RUN:
        return ""
    if ddl.object in NOT_IN_THE_COPY:
        return ""
    if ddl.actions and all(action.kind == "owner" for action in ddl.actions):
        return ""
    words = [token.word for token in tokens(text)]
    if words[-3:-1] == ["owner", "to"]:
        return ""
    if any(token.kind == "parameter" and token.spelling.startswith(":") for token in tokens(text)):
        return "it holds a variable of psql, whose value is not known here"
    return None


def _refused(effects: Effects, error: psycopg.Error) -> Effects:
    return replace(effects, refusal=first_line(error), sqlstate=error.sqlstate or "")


def _detaches_concurrently(ddl: Ddl) -> bool:
    return any(action.kind == "detach" and action.using_index for action in ddl.actions)


def _place_of(error: psycopg.Error, pending: PendingStatement) -> str:
    """File and line of a syntax error."""
    position = error.diag.statement_position
    before = pending.text[: int(position) - 1] if position is not None else ""
    return str(replace(pending.location, line=pending.location.line + before.count("\n")))
