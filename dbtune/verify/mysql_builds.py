"""What a report builds and drops on MySQL or MariaDB: found in its SQL, clause by clause."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from dbtune.ddl.mysql_quoting import qualified
from dbtune.model.names import QualifiedName
from dbtune.model.recommendation import Recommendation, Report
from dbtune.sql.lexing_mysql import mysql_tokens

_NAME = r"`(?:[^`]|``)+`"
_ALTER = re.compile(rf"ALTER TABLE (?P<schema>{_NAME})\.(?P<table>{_NAME}) (?P<clauses>.+)\Z", re.DOTALL)
_ADDED = re.compile(rf"ADD (?:\w+ )?INDEX (?P<name>{_NAME})")
_DROPPED = re.compile(rf"DROP INDEX (?P<name>{_NAME})\Z")
_WAY = re.compile(r"(?:ALGORITHM|LOCK)=\w+\Z")


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
        return f"ALTER TABLE {qualified(self.table)} {', '.join((*clauses, *self.way))}"


def index_changes(report: Report) -> tuple[IndexChange, ...]:
    """Of the report, in its order. What else a recommendation changes (columns, partitions) is left out with it."""
    return tuple(change for one in report.recommendations for change in _changes(one))


def _changes(recommendation: Recommendation) -> tuple[IndexChange, ...]:
    if recommendation.sql.phases:  # a table is not converted in passing
        return ()
    altering = [hit for sql in recommendation.sql.up if (hit := _ALTER.match(sql.strip().rstrip(";")))]
    changes = [_change(recommendation, hit) for hit in altering]
    known = tuple(change for change in changes if change is not None)
    return known if len(known) == len(changes) else ()


def _change(recommendation: Recommendation, altering: re.Match[str]) -> IndexChange | None:
    """None: it does more than add and drop indexes."""
    table = QualifiedName(_unquoted(altering["schema"]), _unquoted(altering["table"]))
    change = IndexChange(recommendation, table, (), ())
    for clause in _clauses(altering["clauses"]):
        added, dropped = _ADDED.match(clause), _DROPPED.match(clause)
        if added is not None:
            change = replace(change, added=(*change.added, NamedClause(_unquoted(added["name"]), clause)))
        elif dropped is not None:
            change = replace(change, dropped=(*change.dropped, _unquoted(dropped["name"])))
        elif _WAY.match(clause):
            change = replace(change, way=(*change.way, clause))
        else:
            return None
    return change


def _clauses(text: str) -> Iterator[str]:
    """Between the commas that stand in no brackets.

    >>> list(_clauses("ADD INDEX `a` (`b`, `c`), LOCK=NONE"))
    ['ADD INDEX `a` (`b`, `c`)', 'LOCK=NONE']
    """
    depth = start = 0
    for token in mysql_tokens(text):
        depth += {"(": 1, ")": -1}.get(token.spelling, 0)
        if token.spelling == "," and depth == 0:
            yield text[start : token.start].strip()
            start = token.end
    yield text[start:].strip()


def _unquoted(name: str) -> str:
    return name[1:-1].replace("``", "`")


def told_name(table: QualifiedName, index: str) -> str:
    """For people: an index's name is its table's own."""
    return f"{table}.{index}"
