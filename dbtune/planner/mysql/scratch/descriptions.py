"""What the databases on the scratch server hold at one time, and what each table and column of them was before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dbtune.connect.mysql import MySQLSession
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
FILES = {
    "mysql": "SELECT NAME AS n, TABLE_ID AS i FROM information_schema.INNODB_TABLES",
    "mariadb": "SELECT NAME AS n, TABLE_ID AS i FROM information_schema.INNODB_SYS_TABLES",
}
FILES_OF_5_7 = "SELECT NAME AS n, TABLE_ID AS i FROM information_schema.INNODB_SYS_TABLES"

Keys = tuple[tuple[object, ...], ...]


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
            key = (str(row["type"]), bool(row["u"]), row["c"], row["p"])
            of_table[str(row["i"])] = (*of_table.get(str(row["i"]), ()), key)
        query = FILES_OF_5_7 if session.version.number < 80000 else FILES[session.version.family]
        files = {str(row["n"]): int(row["i"]) for row in session.rows(query)}
        return cls(columns, indexes, frozenset(views), files)

    def is_rebuilt(self, later: Descriptions) -> bool:
        """Whether rows of any table were written anew since, in files of the same names."""
        return any(later.files.get(name, number) != number for name, number in self.files.items())

    def has_lost_files(self, later: Descriptions) -> bool:
        """Whether what held rows is not there any more, under whatever name."""
        return not set(self.files.values()) <= set(later.files.values())


def _name(row: Mapping[str, object]) -> QualifiedName:
    return QualifiedName(str(row["s"]), str(row["t"]))


def renamed_indexes(ddl: Ddl) -> dict[str, str]:
    """New name by old one."""
    return {one.old[0]: one.new[0] for one in ddl.renamed if one.thing == "index"}


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

    def after(
        self,
        seen: Descriptions,
        tables: Mapping[QualifiedName, QualifiedName],
        table: QualifiedName | None,
        columns: Mapping[str, str],
        dropped: set[str],
    ) -> Origins:
        """After one statement more, which renamed these tables (old name to new), and of one table these columns, and
        dropped those; columns in lower case, since the servers compare them so."""
        where = {name: name for name in self.tables}
        for old, new in tables.items():
            for name, now in where.items():
                if now == old:
                    where[name] = new
                    break
        back = {new: old for old, new in columns.items()}
        found_tables: dict[QualifiedName, QualifiedName] = {}
        found_columns: dict[QualifiedName, dict[str, str]] = {}
        for name, now in where.items():
            if now not in seen.columns:
                continue
            found_tables[now] = self.tables[name]
            known = {column.lower(): former for column, former in self.columns[name].items()}
            kept: dict[str, str] = {}
            for column in seen.columns[now]:
                same = column.lower()
                former = back.get(same, same) if name == table else same
                gone = name == table and (former in dropped or (former in columns and former == same))
                if former in known and not gone:
                    kept[column] = known[former]
            found_columns[now] = kept
        return Origins(found_tables, found_columns)

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
