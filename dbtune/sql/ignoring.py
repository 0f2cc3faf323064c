"""Comments ``-- dbtune: ignore RULE[, RULE] [reason]`` in a text of SQL, and which lines each is about.

Only comments between statements count: a string or the body of a function may hold the same words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dbtune.model.snapshot import Dialect
from dbtune.sql.splitting import located_statements

_COMMENT = re.compile(r"--[ \t]*dbtune[ \t]*:[ \t]*ignore\b[ \t]*(?P<words>[^\n]*)", re.IGNORECASE)
_RULES = re.compile(r"[a-z][\w.-]*(?:[ \t]*,[ \t]*[a-z][\w.-]*)*", re.IGNORECASE)
_REASON_SIGNS = " \t\r:–—-"
"""What people write between the rules and the reason."""


@dataclass(frozen=True)
class IgnoredPart:
    """One such comment."""

    line: int
    """Its own, from 1 on."""
    rules: tuple[str, ...]
    reason: str
    covered: tuple[int, int] | None
    """First and last line of the statement that it is about; None where it is about the file, or about nothing."""
    whole_file: bool = False


def ignored_parts(text: str, dialect: Dialect = "postgres") -> Iterator[IgnoredPart]:
    """The comments in order."""
    if _COMMENT.search(text) is None:
        return
    spans = [(one.start, one.start + len(one.text)) for one in located_statements(text, dialect)]
    ends = [0, *(end for _, end in spans)]
    for number, end in enumerate(ends):
        until = spans[number][0] if number < len(spans) else len(text)
        for comment in _COMMENT.finditer(text, end, until):
            yield _part(text, comment, spans, number)


def _part(text: str, comment: re.Match[str], spans: list[tuple[int, int]], number: int) -> IgnoredPart:
    """``number``: how many statements stand before it."""
    named = _RULES.match(comment["words"])
    rules = tuple(name.strip() for name in named[0].split(",")) if named else ()
    reason = comment["words"][named.end() if named else 0 :].strip(_REASON_SIGNS)
    covered: tuple[int, int] | None = None
    whole_file = False
    if number and "\n" not in text[spans[number - 1][1] : comment.start()]:
        covered = _lines(text, spans[number - 1])
    elif number == 0 and spans and re.search(r"\n[ \t]*\r?\n", text[comment.end() : spans[0][0]]):
        whole_file = True
    elif number < len(spans):
        covered = _lines(text, spans[number])
    return IgnoredPart(_line(text, comment.start()), rules, reason, covered, whole_file)


def _lines(text: str, span: tuple[int, int]) -> tuple[int, int]:
    return _line(text, span[0]), _line(text, span[1])


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
