"""A file of SQL of MySQL or MariaDB cut into its statements, as mysql's client does it, DELIMITER understood."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from dbtune.sql.lexing_mysql import mysql_tokens

_DELIMITER = re.compile(r"^[ \t]*delimiter[ \t]+(\S+)[^\n]*(?:\n|\Z)", re.IGNORECASE | re.MULTILINE)


class Located(NamedTuple):
    """A statement without its semicolon, and the text between it and the former one: its comments."""

    text: str
    before: str


def mysql_statements(text: str) -> Iterator[Located]:
    """The statements with the comments that stand before them. ``\\G`` and ``\\g`` end one as well."""
    delimiter, at = ";", 0
    for line in _DELIMITER.finditer(text):
        if line.start() >= at:
            yield from _statements(text[at : line.start()], delimiter)
            delimiter, at = line[1], line.end()
    yield from _statements(text[at:], delimiter)


def _statements(text: str, delimiter: str) -> Iterator[Located]:
    found = mysql_tokens(text)
    start, first, last = 0, -1, -1
    position = 0
    while position < len(found):
        token = found[position]
        length = _delimiter_length(text, token.start, delimiter) if token.kind in ("punctuation", "operator") else 0
        if length:
            if first >= 0:
                yield Located(text[first:last], text[start:first])
            start, first = token.start + length, -1
            while position < len(found) and found[position].start < start:
                position += 1
            continue
        if first < 0:
            first = token.start
        last = token.end
        position += 1
    if first >= 0:
        yield Located(text[first:last], text[start:first])


def _delimiter_length(text: str, at: int, delimiter: str) -> int:
    if text.startswith(delimiter, at):
        return len(delimiter)
    return 2 if text.startswith(("\\G", "\\g"), at) else 0
