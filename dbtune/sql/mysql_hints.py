"""Hints that keep indexes out of a statement of MySQL or MariaDB, put into the statement's own text.

MySQL has a comment for its optimiser behind ``SELECT``, which is passed over where there is no such index; MariaDB, and
MySQL before 8.0.20, a clause behind the table's name, with which the statement fails where there is none (error 1176).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dbtune.ddl.mysql_quoting import identifier
from dbtune.model.names import QualifiedName
from dbtune.sql.lexing_mysql import mysql_tokens
from dbtune.sql.mysql_edits import ColumnReference, references, spelled
from dbtune.sql.tokens import Token

_VERBS = frozenset({"select", "update", "delete"})
_BEFORE_TABLES = frozenset({"from", "join", "straight_join", "update", "using"})
_BEFORE_LISTS = frozenset({"from", "on", "update", "using"})
"""What a comma between tables follows: the list of them, or the condition of a join in it."""
_CLAUSES = _VERBS | _BEFORE_LISTS | {"where", "group", "order", "having", "set", "values", "limit", "window", "call"}
_NO_ALIASES = frozenset(
    "as cross except for force from group having ignore inner intersect join left limit lock natural on order "
    "partition procedure right set straight_join tablesample union use using values where window".split()
)
"""Words behind a table's name that begin what comes next."""
_COMMENT = re.compile(r"\s*/\*\+")


@dataclass(frozen=True)
class TableReference:
    """A table where a statement reads it."""

    alias: str
    end: int
    """Position in the text behind its name and alias."""
    verb_end: int
    """The same behind the SELECT, UPDATE or DELETE that it is read by."""


def without_by_comment(sql: str, table: QualifiedName, indexes: Sequence[str]) -> str | None:
    """With ``/*+ NO_INDEX(table index, …) */`` for each place that reads the table; None: there is none."""
    names = ", ".join(map(identifier, indexes))
    hints = {
        (reference.verb_end, f"NO_INDEX({identifier(reference.alias)} {names})")
        for reference in table_references(sql, table)
    }
    edited = sql
    for at, hint in sorted(hints, reverse=True):
        there = _COMMENT.match(edited, at)
        place, text = (there.end(), f" {hint}") if there is not None else (at, f" /*+ {hint} */")
        edited = f"{edited[:place]}{text}{edited[place:]}"
    return edited if hints else None


def without_by_clause(sql: str, table: QualifiedName, indexes: Sequence[str]) -> str | None:
    """With ``IGNORE INDEX (index, …)`` behind each place where the statement reads the table; None: it does not."""
    clause = f" IGNORE INDEX ({', '.join(map(identifier, indexes))})"
    ends = sorted((reference.end for reference in table_references(sql, table)), reverse=True)
    edited = sql
    for end in ends:
        edited = f"{edited[:end]}{clause}{edited[end:]}"
    return edited if ends else None


def table_references(sql: str, table: QualifiedName) -> Iterator[TableReference]:
    """Wherever the statement reads the table by its name, in order; names are compared without their case."""
    found = mysql_tokens(sql)
    for reference in references(found):
        if reference.name != table.name.lower() or reference.qualifier not in ("", table.schema.lower()):
            continue
        verb = _verb(found, reference.first)
        if verb is None or not _is_table(found, reference):
            continue
        behind = _partitions_end(found, reference.last)
        alias = _alias(found, behind)
        name = found[reference.last if alias is None else alias]
        yield TableReference(spelled(name), found[behind if alias is None else alias].end, found[verb].end)


def _is_table(found: Sequence[Token], reference: ColumnReference) -> bool:
    """Whether a table is named there, and no column."""
    if reference.first == 0:
        return False
    before = found[reference.first - 1]
    if before.word in _BEFORE_TABLES:
        return True
    return before.spelling in (",", "(") and _clause(found, reference.first) in _BEFORE_LISTS


def _clause(found: Sequence[Token], at: int) -> str:
    """The word that begins the clause which the position is in, whatever brackets are around it."""
    return next((found[i].word for i in _outwards(found, at) if found[i].word in _CLAUSES), "")


def _verb(found: Sequence[Token], at: int) -> int | None:
    """Position of the SELECT, UPDATE or DELETE that the position belongs to."""
    return next((i for i in _outwards(found, at) if found[i].word in _VERBS), None)


def _outwards(found: Sequence[Token], at: int) -> Iterator[int]:
    """Positions before it, backwards, without what stands in brackets that are closed again."""
    depth = 0
    for position in range(at - 1, -1, -1):
        spelling = found[position].spelling
        if spelling == ")":
            depth += 1
        elif spelling == "(":
            depth = max(0, depth - 1)
        elif depth == 0:
            yield position


def _partitions_end(found: Sequence[Token], last: int) -> int:
    """Position of the last token of the table's name with ``PARTITION (…)`` behind it."""
    if last + 2 < len(found) and found[last + 1].word == "partition" and found[last + 2].spelling == "(":
        return next((i for i in range(last + 3, len(found)) if found[i].spelling == ")"), last)
    return last


def _alias(found: Sequence[Token], last: int) -> int | None:
    """Position of the alias behind the table."""
    at = last + 1
    if at < len(found) and found[at].word == "as":
        at += 1
    if at < len(found) and (found[at].kind == "quoted" or (found[at].word and found[at].word not in _NO_ALIASES)):
        return at
    return None
