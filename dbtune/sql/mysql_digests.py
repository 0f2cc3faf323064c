"""Statements as ``performance_schema`` of MySQL and MariaDB keeps them: digests, and samples with their literals."""

from __future__ import annotations

import re

from dbtune.sql.lexing_mysql import mysql_tokens

PICOSECONDS = 1e9
"""Of a millisecond: the unit of the timers."""

CUT = "..."
"""At the end of a sample that the server has cut, at ``performance_schema_max_sql_text_length`` bytes."""

TOKEN_BYTES = 2
"""What a token takes in the server's memory of a digest; a name takes twice as much and its own bytes
(``sql/sql_digest.cc``)."""

_FOLDED = re.compile(r"\( ?\.\.\. ?\)")
_FOLDED_BARE = re.compile(r"\? ?, ?\.\.\.")
"""How the server writes a list that it has folded, in parentheses and without (``LIMIT ?, ...``)."""

_PREPARED = re.compile(r"(PREPARE|EXECUTE|DEALLOCATE) (?!PREPARE\b|IMMEDIATE\b)(?=[A-Z(])")
"""How MySQL 9 counts what is done with a prepared statement: the command, then the statement itself."""

_UNIT = re.compile(r"\bSQL_TSI_(?=[A-Z]+\b)")
"""How it writes the units of INTERVAL, which takes them without the prefix only."""

_PLANNED = frozenset("select insert update delete replace with values table".split())
_SYSTEM = re.compile(
    r"\b(?:from|join|into|update)\s*\(*\s*`?(?:information_schema|performance_schema|sys|mysql)`?\s*\.", re.IGNORECASE
)


def digest_statement(digest: str) -> str:
    """The digest's text as a statement with ``?`` for its values: lists unfolded, without what was done to it."""
    return _UNIT.sub("", _FOLDED_BARE.sub("?", _FOLDED.sub("(?)", _PREPARED.sub("", digest, count=1))))


def is_preparation(digest: str) -> bool:
    """PREPARE or DEALLOCATE of a statement whose executions are counted as well."""
    prepared = _PREPARED.match(digest)
    return prepared is not None and prepared[1] != "EXECUTE"


def is_cut(digest: str, max_digest_length: int = 1024) -> bool:
    """Whether the server has cut the digest's text, which bears no mark.

    It stops at the first token that finds no room any more. So the text is taken to be cut where another name, as long
    as the longest in it, would not have found any.
    """
    if digest.rstrip().endswith(CUT):
        return True
    taken = longest = 0
    for token in mysql_tokens(digest):
        taken += TOKEN_BYTES
        if token.kind == "quoted":
            name = len(token.spelling.encode("utf-8", "replace")) - 2
            taken += TOKEN_BYTES + name
            longest = max(longest, name)
    return taken + 2 * TOKEN_BYTES + longest > max_digest_length


def whole_sample(sample: str | None) -> str | None:
    """The sample where there is one and all of it."""
    return sample if sample and not sample.endswith(CUT) else None


def reads_catalogs(text: str) -> bool:
    """Whether the statement reads or writes a system database, as monitoring and tools do."""
    return _SYSTEM.search(text) is not None


def is_application_statement(text: str, *, whole: bool = True) -> bool:
    """Whether the statement is one to plan and advise on: no DDL, no SHOW, nothing that reads the catalogs, no SELECT
    without a table (which the end of one that is not ``whole`` may have)."""
    found = mysql_tokens(text[:65536])
    words = [token.word for token in found]
    first = next((word for word, token in zip(words, found, strict=True) if token.spelling != "("), "")
    if first not in _PLANNED or reads_catalogs(text):
        return False
    return first not in ("select", "values") or "from" in words or not whole
