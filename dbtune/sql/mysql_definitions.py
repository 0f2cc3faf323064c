"""SHOW CREATE TABLE and what its parts say: each column, index and constraint as the server makes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from dbtune.ddl.mysql_quoting import identifier, unquoted
from dbtune.sql.lexing_mysql import mysql_tokens
from dbtune.sql.tokens import Token

INDEX_WORDS = frozenset({"primary", "unique", "key", "index", "fulltext", "spatial", "vector"})


@dataclass(frozen=True)
class Definition:
    """The statement that makes a table."""

    text: str = ""

    @cached_property
    def clauses(self) -> tuple[str, ...]:
        """Columns, indexes and constraints: what stands between the outer parentheses, one by one."""
        return tuple(_clauses(self.text))

    @cached_property
    def columns(self) -> dict[str, str]:
        """Column name to its clause: ``"id" bigint unsigned NOT NULL AUTO_INCREMENT`` (the name in backticks)."""
        found = ((mysql_tokens(clause)[:1], clause) for clause in self.clauses)
        return {unquoted(first[0].spelling): clause for first, clause in found if first and first[0].kind == "quoted"}

    @cached_property
    def indexes(self) -> dict[str, str]:
        """Index name to its clause: ``UNIQUE KEY `a` (`x`(10),`y` DESC)``."""
        return {name: clause for clause in self.clauses if (name := _index_name(clause)) is not None}

    @cached_property
    def checks(self) -> dict[str, str]:
        """Constraint name to its clause: CONSTRAINT `c` CHECK (...)."""
        return {name: clause for clause in self.clauses if (name := _constraint_name(clause)) is not None}


def with_type(clause: str, type_: str) -> str:
    """The column's clause with another type, and all else as it was.

    A character set goes with the old type; signs (``unsigned``, ``zerofill``) do too.
    """
    found = mysql_tokens(clause)
    end = _without(clause, found, _end_of_type(found))
    return f"{clause[: found[0].end]} {type_}{end}"


def with_collation(clause: str, charset: str, collation: str) -> str:
    """The column's clause with another character set and collation."""
    found = mysql_tokens(clause)
    last = _end_of_type(found)
    wanted = f" CHARACTER SET {identifier(charset)} COLLATE {identifier(collation)}"
    return f"{clause[: found[last - 1].end]}{wanted}{_without(clause, found, last)}"


def _end_of_type(found: list[Token]) -> int:
    """Position of the first token behind the column's name and its type with length, labels and sign."""
    position, depth = 2, 0
    while position < len(found):
        token = found[position]
        if token.spelling == "(":
            depth += 1
        elif token.spelling == ")":
            depth -= 1
        elif depth == 0 and token.word not in ("unsigned", "zerofill"):
            break
        position += 1
    return position


def _without(clause: str, found: list[Token], position: int) -> str:
    """What follows the type, without its character set and collation."""
    end = found[position - 1].end
    while position < len(found):
        words = [token.word for token in found[position : position + 2]]
        if words == ["character", "set"] and position + 2 < len(found):
            position += 3
        elif words[:1] in (["charset"], ["collate"]) and position + 1 < len(found):
            position += 2
        else:
            break
        end = found[position - 1].end
    return clause[end:]


def _clauses(text: str) -> Iterator[str]:
    found = mysql_tokens(text)
    depth = 0
    start: int | None = None
    for token in found:
        if token.kind != "punctuation":
            continue
        spelling = token.spelling
        if spelling == "(":
            depth += 1
            if depth == 1 and start is None:
                start = token.end
        elif spelling == ")":
            depth -= 1
            if depth == 0 and start is not None:
                yield text[start : token.start].strip()
                return
        elif spelling == "," and depth == 1 and start is not None:
            yield text[start : token.start].strip()
            start = token.end


def _index_name(clause: str) -> str | None:
    words = _first(clause)
    if not words or words[0].kind != "word" or words[0].word not in INDEX_WORDS:
        return None
    if words[0].word == "primary":
        return "PRIMARY"
    return next((unquoted(token.spelling) for token in words if token.kind == "quoted"), None)


def _constraint_name(clause: str) -> str | None:
    words = _first(clause)
    if len(words) > 2 and words[0].word == "constraint" and words[2].word == "check":
        return unquoted(words[1].spelling)
    return None


def _first(clause: str) -> list[Token]:
    """The tokens before the first parenthesis."""
    found: list[Token] = []
    for token in mysql_tokens(clause):
        if token.spelling == "(":
            break
        found.append(token)
    return found
