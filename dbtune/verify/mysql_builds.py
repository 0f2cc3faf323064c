"""What a report builds and drops on MySQL or MariaDB: found in its SQL, clause by clause."""

from __future__ import annotations

from dataclasses import dataclass

from dbtune.ddl.mysql_alter import way_clauses
from dbtune.ddl.mysql_indexes import alter_table
from dbtune.model.names import QualifiedName
from dbtune.model.recommendation import Recommendation, Report
from dbtune.sql.ddl_form import ActionKind, Ddl
from dbtune.sql.ddl_mysql import read_mysql_ddl

_ADDED: frozenset[ActionKind] = frozenset({"add index", "add unique"})


@dataclass(frozen=True)
class NamedClause:
    """A clause of ALTER TABLE that adds an index, and its name."""

    index: str
    sql: str


@dataclass(frozen=True)
class IndexChange:
    """An ALTER TABLE of the report that adds and drops indexes, and does nothing else."""

    recommendation: Recommendation
    table: QualifiedName
    added: tuple[NamedClause, ...]
    dropped: tuple[str, ...]
    way: tuple[str, ...] = ()
    """``ALGORITHM=…``, ``LOCK=…``."""

    def build(self, hidden: str) -> str:
        """The statement that adds the indexes and drops none; ``hidden``: a word after each, INVISIBLE or IGNORED."""
        clauses = [f"{one.sql} {hidden}".rstrip() for one in self.added]
        return alter_table(self.table, *clauses, *self.way)


def index_changes(report: Report) -> tuple[IndexChange, ...]:
    """Of the report, in its order. What else a recommendation changes (columns, partitions) is left out with it."""
    return tuple(change for one in report.recommendations for change in _changes(one))


def _changes(recommendation: Recommendation) -> tuple[IndexChange, ...]:
    if recommendation.sql.phases:  # a table is not converted in passing
        return ()
    read = [read_mysql_ddl(sql.strip().rstrip(";")) for sql in recommendation.sql.up]
    changes = [_change(recommendation, ddl) for ddl in read if (ddl.verb, ddl.object) == ("alter", "table")]
    known = tuple(change for change in changes if change is not None)
    return known if len(known) == len(changes) else ()


def _change(recommendation: Recommendation, ddl: Ddl) -> IndexChange | None:
    """None: it does more than add and drop indexes."""
    if len(ddl.name) != 2 or any(one.kind not in (*_ADDED, "drop index") or not one.name for one in ddl.actions):
        return None
    schema, table = ddl.name
    return IndexChange(
        recommendation,
        QualifiedName(schema, table),
        tuple(NamedClause(one.name, ddl.spelled(one)) for one in ddl.actions if one.kind in _ADDED),
        tuple(one.name for one in ddl.actions if one.kind == "drop index"),
        way_clauses(ddl.algorithm, ddl.lock),
    )


def told_name(table: QualifiedName, index: str) -> str:
    """For people: an index's name is its table's own."""
    return f"{table}.{index}"
