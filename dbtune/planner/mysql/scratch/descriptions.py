"""What the databases on the scratch server hold at one time, and what each table and column of them was before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from dbtune.connect.mysql import MySQLSession
from dbtune.connect.mysql_abilities import MySQLAbility
from dbtune.model.names import QualifiedName
from dbtune.sql.ddl_form import Ddl

COLUMNS = """
    SELECT TABLE_SCHEMA AS s, TABLE_NAME AS t, COLUMN_NAME AS c, COLUMN_TYPE AS type, COLLATION_NAME AS collation
    FROM information_schema.COLUMNS WHERE TABLE_SCHEMA IN ({places}) ORDER BY ORDINAL_POSITION
"""
INDEXES = """
    SELECT TABLE_SCHEMA AS s, TABLE_NAME AS t, INDEX_NAME AS i, NON_UNIQUE AS u, COLUMN_NAME AS c, SUB_PART AS p,
           INDEX_TYPE AS type
    FROM information_schema.STATISTICS WHERE TABLE_SCHEMA IN ({places}) ORDER BY SEQ_IN_INDEX
"""
VIEWS = "SELECT TABLE_SCHEMA AS s, TABLE_NAME AS t FROM information_schema.VIEWS WHERE TABLE_SCHEMA IN ({places})"
FILES = "SELECT NAME AS n, TABLE_ID AS i FROM information_schema.{view}"


@dataclass(frozen=True)
class Key:
    """A place in an index."""

    method: str
    is_unique: bool
    column: str
    """In lower case; empty of an expression."""
    prefix: int | None
    """Characters, or bytes."""


Keys = tuple[Key, ...]


@dataclass(frozen=True)
class Descriptions:
    """Tables, columns and indexes of all the databases."""

    columns: Mapping[QualifiedName, Mapping[str, str]]
    """Of each table: its columns, with type and collation."""
    indexes: Mapping[QualifiedName, Mapping[str, Keys]]
    """Of each table, also where it has none."""
    views: frozenset[QualifiedName]
    files: Mapping[str, int]
    """InnoDB's number of what holds the rows, by InnoDB's name: another one where they were all written anew."""

    @classmethod
    def read(cls, session: MySQLSession, schemas: Sequence[str]) -> Descriptions:
        places = ", ".join(["%s"] * len(schemas))
        views = {_name(row) for row in session.rows(VIEWS.format(places=places), schemas)}
        columns: dict[QualifiedName, dict[str, str]] = {}
        for row in session.rows(COLUMNS.format(places=places), schemas):
            if _name(row) not in views:
                columns.setdefault(_name(row), {})[str(row["c"])] = f"{row['type']} {row['collation'] or ''}"
        indexes: dict[QualifiedName, dict[str, Keys]] = {name: {} for name in columns}
        for row in session.rows(INDEXES.format(places=places), schemas):
            of_table = indexes.setdefault(_name(row), {})
            key = Key(str(row["type"]), bool(row["u"]), str(row["c"] or "").lower(), row["p"])
            of_table[str(row["i"])] = (*of_table.get(str(row["i"]), ()), key)
        view = session.version.either(MySQLAbility.INNODB_TABLES, "INNODB_TABLES", "INNODB_SYS_TABLES")
        files = {str(row["n"]): int(row["i"]) for row in session.rows(FILES.format(view=view))}
        return cls(columns, indexes, frozenset(views), files)

    def is_rebuilt(self, later: Descriptions) -> bool:
        """Whether rows of any table were written anew since, in files of the same names."""
        return any(later.files.get(name, number) != number for name, number in self.files.items())

    def has_lost_files(self, later: Descriptions) -> bool:
        """Whether what held rows is not there any more, under whatever name."""
        return not set(self.files.values()) <= set(later.files.values())


def _name(row: Mapping[str, object]) -> QualifiedName:
    return QualifiedName(str(row["s"]), str(row["t"]))


@dataclass(frozen=True)
class Renames:
    """What one statement says it gives other names, or drops; columns in lower case, since the servers compare them
    so."""

    tables: Mapping[QualifiedName, QualifiedName]
    """New name by old one, as in the others."""
    table: QualifiedName | None
    """The one that the columns and indexes are of."""
    columns: Mapping[str, str]
    dropped_columns: frozenset[str]
    indexes: Mapping[str, str]

    @classmethod
    def of(cls, ddl: Ddl, qualified: Callable[[tuple[str, ...]], QualifiedName]) -> Renames:
        """``qualified``: a name of the statement with its database."""
        return cls(
            {qualified(one.old): qualified(one.new) for one in ddl.renamed if one.thing == "table"},
            qualified(ddl.name) if ddl.name else None,
            {one.old[0].lower(): one.new[0].lower() for one in ddl.renamed if one.thing == "column"},
            frozenset(action.name.lower() for action in ddl.actions if action.kind == "drop column"),
            {one.old[0]: one.new[0] for one in ddl.renamed if one.thing == "index"},
        )

    def index(self, name: str) -> str:
        """The index's name after it."""
        return self.indexes.get(name, name)

    def keys(self, table: QualifiedName, keys: Keys) -> Keys:
        """Those of an index of the table, by its columns' names after it."""
        if table != self.table:
            return keys
        return tuple(replace(key, column=self.columns.get(key.column, key.column)) for key in keys)


@dataclass(frozen=True)
class IndexChanges:
    """What one statement did to indexes."""

    built: tuple[tuple[QualifiedName, str], ...]
    """By the name that the table has now."""
    gone: tuple[tuple[QualifiedName, str], ...]
    """Of tables that are still there, by the name that the table had before the migration; also those that another one
    of the same name replaces."""

    @classmethod
    def between(cls, old: Descriptions, new: Descriptions, renames: Renames, origins: Origins) -> IndexChanges:
        """``origins``: before the statement."""
        built: list[tuple[QualifiedName, str]] = []
        gone: list[tuple[QualifiedName, str]] = []
        taken = set(renames.tables.values()) - renames.tables.keys()
        for table in (new.indexes.keys() | old.indexes.keys()) - taken:
            now, origin = renames.tables.get(table, table), origins.table(table)
            was, is_ = old.indexes.get(table, {}), new.indexes.get(now, {})
            kept = {name for name, keys in was.items() if is_.get(renames.index(name)) == renames.keys(table, keys)}
            built += [(now, name) for name in is_.keys() - {renames.index(name) for name in kept}]
            if origin is not None and now in new.indexes:
                gone += [(origin, name) for name in was.keys() - kept]
        return cls(tuple(built), tuple(gone))


@dataclass(frozen=True)
class Lost:
    """What was there before the migration and is not there any more under its name."""

    tables: frozenset[QualifiedName]
    columns: frozenset[tuple[QualifiedName, str]]
    kept: Mapping[tuple[QualifiedName, str], tuple[QualifiedName, str]]
    """Columns before the migration: where each stood before the last statement and, by place, where it stands now."""
    now: Mapping[tuple[QualifiedName, str], tuple[QualifiedName, str]]

    def retyped(self, old: Descriptions, new: Descriptions) -> frozenset[tuple[QualifiedName, str]]:
        """Columns, by their first name, whose type or collation the last statement changed."""
        found = set()
        for origin, (table, column) in self.kept.items():
            there = self.now.get(origin)
            if there is not None and new.columns[there[0]][there[1]] != old.columns[table][column]:
                found.add(origin)
        return frozenset(found)


@dataclass(frozen=True)
class Origins:
    """By the names of now: the table and the columns that were there before the migration."""

    tables: Mapping[QualifiedName, QualifiedName]
    columns: Mapping[QualifiedName, Mapping[str, str]]
    """Of those tables: the former name of each column that is not new."""

    @classmethod
    def of(cls, seen: Descriptions) -> Origins:
        return cls(
            {name: name for name in seen.columns},
            {name: {column: column for column in columns} for name, columns in seen.columns.items()},
        )

    def table(self, name: QualifiedName) -> QualifiedName | None:
        return self.tables.get(name)

    def after(self, seen: Descriptions, renames: Renames) -> Origins:
        """After one statement more, with what is there then."""
        where = {name: name for name in self.tables}
        for old, new in renames.tables.items():  # in turn: names may change places
            for name, now in where.items():
                if now == old:
                    where[name] = new
                    break
        there = {name: now for name, now in where.items() if now in seen.columns}
        return Origins(
            {now: self.tables[name] for name, now in there.items()},
            {now: self._kept(name, seen.columns[now], renames) for name, now in there.items()},
        )

    def _kept(self, table: QualifiedName, there: Iterable[str], renames: Renames) -> dict[str, str]:
        """The first name of each column that is there and not new."""
        of_it = table == renames.table
        renamed = renames.columns if of_it else {}
        dropped = renames.dropped_columns if of_it else frozenset()
        back = {new: old for old, new in renamed.items()}
        known = {column.lower(): former for column, former in self.columns[table].items()}
        kept: dict[str, str] = {}
        for column in there:
            same = column.lower()
            former = back.get(same, same)
            is_another = former in dropped or (former in renamed and former == same)  # made anew under that name
            if former in known and not is_another:
                kept[column] = known[former]
        return kept

    def lost(self, later: Origins) -> Lost:
        """What has gone, or got another name, between this and a later time."""
        now_at = {origin: name for name, origin in later.tables.items()}
        tables = frozenset(origin for name, origin in self.tables.items() if now_at.get(origin) != name)
        lost: set[tuple[QualifiedName, str]] = set()
        kept: dict[tuple[QualifiedName, str], tuple[QualifiedName, str]] = {}
        now: dict[tuple[QualifiedName, str], tuple[QualifiedName, str]] = {}
        for name, columns in self.columns.items():
            origin = self.tables[name]
            there = now_at.get(origin)
            if there is None:
                continue
            by_origin = {former: column for column, former in later.columns[there].items()}
            for column, former in columns.items():
                if by_origin.get(former) != column:
                    lost.add((origin, former))
                if former in by_origin:
                    kept[origin, former] = (name, column)
                    now[origin, former] = (there, by_origin[former])
        return Lost(tables, frozenset(lost), kept, now)
