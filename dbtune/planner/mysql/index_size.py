"""How large an InnoDB index will be once ALTER TABLE has built it.

A secondary index holds its key columns and those of the primary key that are not among them. It is built from sorted
entries, each page filled to 15/16 (the measured fill; ``innodb_fill_factor`` below 100 leaves more free).

Source: ``storage/innobase/btr/btr0load.cc`` (``Page_load``), ``rem/rec.h`` (COMPACT and DYNAMIC records),
``fsp/fsp0fsp.cc`` (extents); MySQL manual, "InnoDB Row Formats", "Data Type Storage Requirements".
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dbtune.model.schema import Column, Index, Table

PAGE_OVERHEAD = 38 + 56 + 26 + 8
"""File header, page header, the infimum and supremum records, file trailer (bytes)."""
KEPT_FREE = 1 / 16
"""Share of a page that a sorted build leaves free."""
SLOT_BYTES = 2
RECORDS_A_SLOT = 4
"""Of the page directory, as a bulk load fills it."""
RECORD_HEADER = 5
NODE_POINTER = 4
ROW_ID = 6
"""Of a table without a primary key."""
FRAGMENT_PAGES = 32
"""So many pages of a segment are taken one by one, before whole extents are."""
EXTENT_BYTES = 1 << 20
LARGE_SEGMENT_EXTENTS = 40
EXTENTS_AHEAD = 4
"""A segment of so many extents (FSEG_FREE_LIST_LIMIT) takes up to this many ahead of need."""

_DIGITS = (0, 1, 1, 2, 2, 3, 3, 4, 4)
"""Bytes of so many decimal digits beyond groups of nine, which take four."""
_LENGTH = re.compile(r"\((\d+)(?:,\s*(\d+))?\)")
_MOST_BYTES = {
    "utf8mb4": 4,
    "utf8mb3": 3,
    "utf8": 3,
    "ucs2": 2,
    "utf16": 4,
    "utf32": 4,
    "gbk": 2,
    "gb18030": 4,
    "ujis": 3,
}
_VARIABLE = frozenset(
    {
        "varchar",
        "varbinary",
        "tinytext",
        "text",
        "mediumtext",
        "longtext",
        "tinyblob",
        "blob",
        "mediumblob",
        "longblob",
        "json",
    }
)
_USUAL_FILL = 0.5
"""Share of a text's declared length that is used, where nothing is known of its values."""
_MOST_GUESSED = 60.0


@dataclass(frozen=True)
class Measured:
    """Of a column's values, or a sample of them."""

    width: float | None
    """Mean bytes of those that are not NULL; None: of a type of one length."""
    null_fraction: float


@dataclass(frozen=True)
class InnodbSize:
    """Of an index: pages in its leaves, and pages taken from the file (both of ``page_bytes``)."""

    leaf_pages: int
    pages: int
    page_bytes: int = 16384

    @property
    def bytes(self) -> int:
        return self.pages * self.page_bytes


def innodb_size(
    index: Index,
    table: Table,
    rows: float,
    *,
    measured: Mapping[str, Measured] | None = None,
    page_bytes: int = 16384,
    fill_factor: float = 100.0,
) -> InnodbSize:
    """The size of the index of ``rows`` entries. ``measured``: what is known from their values of columns, by name, and
    of expressions, by their text."""
    entry = _entry_bytes(index, table, measured or {})
    usable = page_bytes - PAGE_OVERHEAD - page_bytes * max(KEPT_FREE, (100 - fill_factor) / 100)
    fanout = max(2.0, usable // (entry + SLOT_BYTES / RECORDS_A_SLOT))
    leaves = max(1, math.ceil(rows / fanout))
    inner_fanout = max(2.0, usable // (entry + NODE_POINTER + SLOT_BYTES / RECORDS_A_SLOT))
    inner, level = 0, leaves
    while level > 1:
        level = math.ceil(level / inner_fanout)
        inner += level
    return InnodbSize(
        leaves, _taken(leaves, page_bytes) + _taken(max(1, inner) if leaves > 1 else 0, page_bytes), page_bytes
    )


def _taken(pages: int, page_bytes: int) -> int:
    """Pages that a segment takes for so many in use."""
    if pages <= FRAGMENT_PAGES:
        return pages
    extent = max(64, EXTENT_BYTES // page_bytes)
    extents = math.ceil((pages - FRAGMENT_PAGES) / extent)
    if extents >= LARGE_SEGMENT_EXTENTS:
        extents += EXTENTS_AHEAD // 2
    return FRAGMENT_PAGES + extents * extent


def _entry_bytes(index: Index, table: Table, measured: Mapping[str, Measured]) -> float:
    """Mean bytes of a leaf entry."""
    total, nullable = float(RECORD_HEADER), 0
    held: set[str] = set()
    for key in index.keys:
        column = table.column(key.column) if key.column is not None else None
        if column is None:
            told = measured.get(key.expression or "")
            # of an expression nothing else is known: a number, or a short text
            total += 9.0 if told is None or told.width is None else (told.width + 1) * (1 - told.null_fraction)
            nullable += 1
            continue
        total += _column_bytes(column, measured, key.prefix_length)
        nullable += not column.not_null
        if key.prefix_length is None:
            held.add(column.name)
    clustered = [column for column in clustered_columns(table) if column.name not in held]
    total += sum(_column_bytes(column, measured, None) for column in clustered)
    if not clustered_columns(table):
        total += ROW_ID
    return total + math.ceil(nullable / 8)


def clustered_columns(table: Table) -> tuple[Column, ...]:
    """Of the index that the rows themselves lie in: the primary key, else the first unique one without NULLs."""
    for index in sorted(table.indexes, key=lambda i: not i.primary):
        columns = [table.column(key.column or "") for key in index.keys]
        if index.primary or (index.unique and all(c is not None and c.not_null for c in columns)):
            return tuple(column for column in columns if column is not None)
    return ()


def _column_bytes(column: Column, measured: Mapping[str, Measured], prefix: int | None) -> float:
    """Mean bytes of a column's value in an index entry, the bytes of its length among them."""
    kind = column.type_name.name
    fixed = fixed_bytes(column)
    told = measured.get(column.name)
    nulls = column.statistics.null_frac if column.statistics is not None else 0.0
    nulls = nulls if told is None else told.null_fraction
    if fixed is not None:
        return fixed * (1 - nulls)
    declared = _LENGTH.search(column.type)
    length = int(declared[1]) if declared is not None else 255
    most = _MOST_BYTES.get(column.mysql.charset or "" if column.mysql else "", 1)
    known = told.width if told is not None else None
    if known is None and column.statistics is not None and column.statistics.avg_width:
        known = float(column.statistics.avg_width)
    if known is None:
        known = min(length * _USUAL_FILL, _MOST_GUESSED)
    if kind in ("char", "binary"):
        known = max(known, float(length))  # padded to as many bytes as it has characters
    if prefix is not None:
        known = min(known, float(prefix * most))
    of_length = (
        2 if (length * most > 255 and known > 127) or kind not in ("char", "varchar", "binary", "varbinary") else 1
    )
    return (known + of_length) * (1 - nulls)


def fixed_bytes(column: Column) -> float | None:
    """Bytes of a type whose values are all of one length; None for the others."""
    kind = column.type_name.name
    found = _LENGTH.search(column.type)
    if column.length > 0 and kind not in ("enum", "char", "binary"):
        return float(column.length)
    if kind in ("decimal", "numeric"):
        digits, scale = (int(found[1]), int(found[2] or 0)) if found is not None else (10, 0)
        return float(sum(part // 9 * 4 + _DIGITS[part % 9] for part in (digits - scale, scale)))
    if kind == "enum":
        return 1.0 if column.type.count("','") < 255 else 2.0
    if kind == "set":
        return float(next(size for size in (1, 2, 3, 4, 8) if size * 8 >= min(64, column.type.count("','") + 1)))
    if kind == "bit":
        return float(math.ceil(int(found[1] if found is not None else 1) / 8))
    single = _MOST_BYTES.get((column.mysql.charset if column.mysql else None) or "", 1) == 1
    if kind in ("char", "binary") and single:
        return float(int(found[1]) if found is not None else 1)
    return None


def unmeasured(table: Table, names: Iterable[str], measured: Mapping[str, Measured]) -> tuple[Column, ...]:
    """Those of the columns whose entries differ in length, of which nothing is known."""
    found = (table.column(name) for name in dict.fromkeys(names) if name not in measured)
    return tuple(c for c in found if c is not None and (fixed_bytes(c) is None or not c.not_null))
