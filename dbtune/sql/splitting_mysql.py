"""A file of SQL of MySQL or MariaDB cut into its statements, as mysql's client does it, DELIMITER understood."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from dbtune.sql.lexing_mysql import mysql_tokens

_DELIMITER = re.compile(r"^[ \t]*delimiter[ \t]+(\S+)[^\n]*(?:\n|\Z)", re.IGNORECASE | re.MULTILINE)

_PASSED = re.compile(
    r"""
      '(?:[^'\\]|\\.|'')*(?:'|\Z) | "(?:[^"\\]|\\.|"")*(?:"|\Z) | `[^`]*(?:`|\Z)
    | \#[^\n]* | --(?=\s|\Z)[^\n]* | /\*(?!M?!).*?(?:\*/|\Z)
    """,
    re.VERBOSE | re.DOTALL,
)
"""Where no delimiter counts: strings, names, comments."""


class Located(NamedTuple):
    """A statement without its semicolon, and the text between it and the former one: its comments."""

    text: str
    before: str
    start: int
    """Where the statement begins in the whole text."""


def mysql_statements(text: str) -> Iterator[Located]:
    """The statements with the comments that stand before them. ``\\G`` and ``\\g`` end one as well."""
    delimiter, at = ";", 0
    for line in _DELIMITER.finditer(text):
        if line.start() >= at:
            yield from _statements(text[at : line.start()], delimiter, at)
            delimiter, at = line[1], line.end()
    yield from _statements(text[at:], delimiter, at)


def _statements(text: str, delimiter: str, at: int) -> Iterator[Located]:
    start = 0
    for hit in re.finditer(f"{_PASSED.pattern}|(?P<end>{re.escape(delimiter)}|\\\\[gG])", text, _PASSED.flags):
        if hit.lastgroup == "end":
            yield from _statement(text[start : hit.start()], at + start)
            start = hit.end()
    yield from _statement(text[start:], at + start)


def _statement(piece: str, at: int) -> Iterator[Located]:
    found = mysql_tokens(piece)
    if found:
        yield Located(piece[found[0].start : found[-1].end], piece[: found[0].start], at + found[0].start)
