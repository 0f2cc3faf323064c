"""How much space a FULLTEXT index of InnoDB takes: its auxiliary tables, and the column that the first one adds.

Fitted to the files of 100,000 to 400,000 rows of prose of 5 words, and of fewer rows of 40 and 400, with the built-in
parser, on MySQL 9.7 and MariaDB 11.8. Of texts in which each word is another one (keys, hashes) an index takes several
times as much.
"""

from __future__ import annotations

from dataclasses import dataclass

from dbtune.connect.mysql_abilities import Family

FIRST_ROW_BYTES = 35.0
"""Of each row: FTS_DOC_ID in the table, and the unique index on it."""


@dataclass(frozen=True)
class _Space:
    """Bytes: of the auxiliary tables with hardly anything in them, and of each byte of text."""

    empty: float
    text_byte: float


_SPACE: dict[Family, _Space] = {"mysql": _Space(7e6, 0.63), "mariadb": _Space(2e6, 0.57)}


def full_text_bytes(family: Family, rows: float, text_bytes: float, *, first: bool) -> int:
    """Bytes that the index takes once it is built over ``rows`` rows with ``text_bytes`` of text in each.

    ``first``: the table has no FULLTEXT index yet.
    """
    space = _SPACE[family]
    return round(space.empty + rows * (space.text_byte * text_bytes + (FIRST_ROW_BYTES if first else 0.0)))
