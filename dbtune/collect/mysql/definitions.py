"""SHOW CREATE TABLE and what its parts say: each index and constraint as the server itself would make it again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from dbtune.collect.mysql.catalog import Catalog
from dbtune.ddl.mysql_quoting import qualified
from dbtune.model.names import QualifiedName
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
    def indexes(self) -> dict[str, str]:
        """Index name to its clause: ``UNIQUE KEY `a` (`x`(10),`y` DESC)``."""
        return {name: clause for clause in self.clauses if (name := _index_name(clause)) is not None}

    @cached_property
    def checks(self) -> dict[str, str]:
        """Constraint name to its clause: CONSTRAINT `c` CHECK (...)."""
        return {name: clause for clause in self.clauses if (name := _constraint_name(clause)) is not None}


def read_definition(catalog: Catalog, name: QualifiedName) -> Definition:
    """Empty where the account may not read it."""
    rows = catalog.probe(f"SHOW CREATE TABLE {qualified(name)}")
    text = rows[0].get("Create Table") if rows else None
    return Definition(text or "")


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
    return next((_unquoted(token.spelling) for token in words if token.kind == "quoted"), None)


def _constraint_name(clause: str) -> str | None:
    words = _first(clause)
    if len(words) > 2 and words[0].word == "constraint" and words[2].word == "check":
        return _unquoted(words[1].spelling)
    return None


def _first(clause: str) -> list[Token]:
    """The tokens before the first parenthesis."""
    found: list[Token] = []
    for token in mysql_tokens(clause):
        if token.spelling == "(":
            break
        found.append(token)
    return found


def _unquoted(name: str) -> str:
    return name[1:-1].replace("``", "`") if name.startswith("`") else name
