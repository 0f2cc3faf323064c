"""Whether a statement of MySQL or MariaDB does anything but read, by its words."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from dbtune.sql.lexing_mysql import mysql_tokens
from dbtune.sql.tokens import Token

_READS = frozenset({"select", "table", "values"})
_WRITES = frozenset({"insert", "update", "delete", "replace"})
_LOCKS = frozenset({("for", "update"), ("for", "share"), ("lock", "in")})


def only_reads(text: str) -> bool:
    """Whether it is a query that takes no lock on rows and has no INTO, which writes files and variables.

    What functions do that it calls, only the server knows.

    >>> only_reads("WITH t AS (SELECT 1) SELECT REPLACE(a, 'x', 'y') FROM t"), only_reads("SELECT 1 FOR UPDATE")
    (True, False)
    """
    tokens = mysql_tokens(text)
    words = [token.word for token in tokens]
    first = next((token.word for token in tokens if token.spelling != "("), "")
    if first == "with":
        first = next((word for word in _outside_brackets(tokens) if word in _READS | _WRITES), "select")
    locks = any(pair in _LOCKS for pair in pairwise(words))
    return first in _READS and not locks and "into" not in words


def _outside_brackets(tokens: list[Token]) -> Iterator[str]:
    depth = 0
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token.spelling, 0)
        if depth == 0:
            yield token.word
