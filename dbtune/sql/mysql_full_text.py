"""A search of MySQL or MariaDB for a part of a text (``LIKE '%word%'``) as one for words, in the statement's own text.

The two find different rows: MATCH finds words that begin so, LIKE any place.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from dbtune.sql.lexing_mysql import mysql_tokens
from dbtune.sql.mysql_edits import ColumnReference, references
from dbtune.sql.tokens import Token

STOPWORDS = frozenset(
    "a about an are as at be by com de en for from how i in is it la of on or that the this to was what when where who "
    "will with und the www".split()
)
"""Words that InnoDB leaves out of its indexes: INNODB_FT_DEFAULT_STOPWORD of MySQL 9.7 and MariaDB 11.8."""

_INFIX = re.compile(r"""(?P<quote>['"])%(?P<text>[^%_\\'"]+)%(?P=quote)""")
_CONCATENATED = re.compile(
    r"""like concat \( (?:'%'|"%") , (?P<quote>['"])(?P<text>[^%_\\'"]+)(?P=quote) , (?:'%'|"%") \)""", re.IGNORECASE
)
"""Its tokens, one blank between two of them."""
_CONCATENATED_TOKENS = 9
_WITHOUT_BLANKS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]")
"""Scripts that do not part their words, of which the built-in parser makes one word each."""
_CHANGES_IT = frozenset({"escape", "collate"})


def with_full_text(sql: str, names: Collection[str], column: str, shortest: int) -> str | None:
    """The statement with ``MATCH (column) AGAINST ('+word*' IN BOOLEAN MODE)`` for each ``column LIKE '%word%'``.

    ``names``: of the column's table, in lower case. ``shortest``: characters of the shortest word in the index. None
    where there is none, or what is looked for holds no word of the index.
    """
    found = mysql_tokens(sql)
    edits: list[tuple[int, int, str]] = []
    for reference in references(found):
        if not reference.is_of(names, column) or _is_operand(found, reference):
            continue
        searched = _searched(found, reference.last + 1)
        query = _query(searched[0], shortest) if searched is not None else ""
        if searched is None or not query:
            continue
        start, end = found[reference.first].start, found[searched[1]].end
        name = sql[start : found[reference.last].end]
        edits.append((start, end, f"MATCH ({name}) AGAINST ('{query}' IN BOOLEAN MODE)"))
    for start, end, text in reversed(edits):
        sql = f"{sql[:start]}{text}{sql[end:]}"
    return sql if edits else None


def _is_operand(found: Sequence[Token], reference: ColumnReference) -> bool:
    """Whether something is done to the column before it is compared."""
    before = found[reference.first - 1] if reference.first > 0 else None
    return before is not None and (before.kind == "operator" or before.word == "binary")


def _searched(found: Sequence[Token], at: int) -> tuple[str, int] | None:
    """What ``LIKE`` at this place looks for between its wildcards, and the position of the pattern's last token."""
    if at + 1 >= len(found) or found[at].word != "like":
        return None
    infix = _INFIX.fullmatch(found[at + 1].spelling)
    text, last = (infix["text"], at + 1) if infix is not None else _concatenated(found, at)
    after = found[last + 1] if last + 1 < len(found) else None
    if not text or (after is not None and (after.kind in ("operator", "string") or after.word in _CHANGES_IT)):
        return None
    return text, last


def _concatenated(found: Sequence[Token], at: int) -> tuple[str, int]:
    """The same of ``LIKE CONCAT('%', 'word', '%')``; nothing where it is no such thing."""
    tokens = found[at : at + _CONCATENATED_TOKENS]
    there = _CONCATENATED.fullmatch(" ".join(token.spelling for token in tokens))
    return (there["text"], at + len(tokens) - 1) if there is not None else ("", at)


def _query(text: str, shortest: int) -> str:
    """All the words, each of which must be there as the beginning of one; empty where the index has none of them."""
    if _WITHOUT_BLANKS.search(text):
        return ""
    words = [word for word in re.findall(r"\w+", text) if len(word) >= shortest and word.lower() not in STOPWORDS]
    return " ".join(f"+{word}*" for word in dict.fromkeys(words))
