"""Small changes to a statement of MySQL or MariaDB, made in its own text: a number quoted, a column converted.

What is changed is found by tokens, all else stays as it was written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from dbtune.ddl.mysql_quoting import unquoted
from dbtune.sql.lexing_mysql import mysql_tokens
from dbtune.sql.tokens import Token

_NAMES = ("word", "quoted")


@dataclass(frozen=True)
class ColumnReference:
    """A column as the text names it; ``first`` and ``last`` are positions of its tokens."""

    qualifier: str
    """In lower case; empty where there is none."""
    name: str
    first: int
    last: int

    def is_of(self, names: Collection[str], column: str) -> bool:
        """Whether it can be the column of a table with one of these names (its alias, its name), in lower case."""
        return self.name == column.lower() and (not self.qualifier or self.qualifier in names)


def with_quoted_numbers(sql: str, names: Collection[str], column: str) -> str | None:
    """The statement with each number that the column is compared with (``=``, IN) as a string; None: there is none.

    ``names``: of the column's table, in lower case.
    """
    found = mysql_tokens(sql)
    numbers: set[int] = set()
    for reference in references(found):
        if reference.is_of(names, column):
            numbers.update(_compared_numbers(found, reference))
    return _quoted(sql, found, sorted(numbers)) if numbers else None


def with_converted_column(
    sql: str, one: tuple[Collection[str], str], other: tuple[Collection[str], str], template: str
) -> str | None:
    """The statement with ``other`` put into ``template`` (``CONVERT({} USING latin1)``) wherever it equals ``one``.

    Each side is the names of its table, in lower case, and its column. None where they are not compared.
    """
    found = mysql_tokens(sql)
    by_first = {reference.first: reference for reference in references(found)}
    edits: list[ColumnReference] = []
    for left in by_first.values():
        after = left.last + 1
        if after + 1 >= len(found) or found[after].spelling != "=" or after + 1 not in by_first:
            continue
        right = by_first[after + 1]
        if left.is_of(*one) and right.is_of(*other):
            edits.append(right)
        elif right.is_of(*one) and left.is_of(*other):
            edits.append(left)
    for reference in sorted(edits, key=lambda each: -each.first):
        start, end = found[reference.first].start, found[reference.last].end
        sql = f"{sql[:start]}{template.format(sql[start:end])}{sql[end:]}"
    return sql if edits else None


def references(found: Sequence[Token]) -> Iterator[ColumnReference]:
    """Every name in the text that can be a column's, in order."""
    position = 0
    while position < len(found):
        if found[position].kind not in _NAMES:
            position += 1
            continue
        last = position
        while last + 2 < len(found) and found[last + 1].spelling == "." and found[last + 2].kind in _NAMES:
            last += 2
        qualifier = spelled(found[last - 2]).lower() if last > position else ""
        yield ColumnReference(qualifier, spelled(found[last]).lower(), position, last)
        position = last + 1


def spelled(token: Token) -> str:
    """The name as it is written, without backticks."""
    return unquoted(token.spelling) if token.kind == "quoted" else token.spelling


def _compared_numbers(found: Sequence[Token], reference: ColumnReference) -> Iterator[int]:
    """Positions of the numbers that the reference is compared with for equality."""
    after = reference.last + 1
    if after + 1 < len(found) and found[after].spelling == "=" and _is_whole(found, after + 1):
        yield after + 1
    before = reference.first - 1
    if before > 0 and found[before].spelling == "=" and _is_whole(found, before - 1, backwards=True):
        yield before - 1
    if after + 1 < len(found) and found[after].word == "in" and found[after + 1].spelling == "(":
        position = after + 2
        while position + 1 < len(found) and found[position].kind in ("number", "string"):
            if found[position].kind == "number":
                yield position
            if found[position + 1].spelling != ",":
                break
            position += 2


def _is_whole(found: Sequence[Token], position: int, *, backwards: bool = False) -> bool:
    """Whether a plain number stands there and is no part of a sum."""
    if found[position].kind != "number" or found[position].spelling.lower().startswith("0x"):
        return False
    beside = position - 1 if backwards else position + 1
    return not 0 <= beside < len(found) or found[beside].kind != "operator"


def _quoted(sql: str, found: Sequence[Token], positions: Sequence[int]) -> str:
    for position in reversed(positions):
        token = found[position]
        sql = f"{sql[: token.start]}'{token.spelling}'{sql[token.end :]}"
    return sql
