"""A table in any of the forms in which people export one: CSV, TSV, JSON, with any columns in any order."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO

from dbtune.logs.batch import Batch

Row = Mapping[str, str]

LARGEST = 256 << 20
"""In bytes: a table is read with all of it in memory."""

TOO_LARGE = "the rest of a table of more than 256 MB"
UNREADABLE = "a table that cannot be read to its end"

_DELIMITERS = (",", ";", "\t", "|")
_QUOTED_CELL = re.compile(r'(?:\A|[\t\n])"')
_LINE_START = re.compile(rb"^", re.MULTILINE)


def column_names(head: bytes) -> frozenset[str]:
    """The names of the table's columns in lower case, by its first bytes; none where it is no table."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text[:1] in (b"[", b"{"):
        return frozenset(name.decode("utf-8", "replace").lower() for name in re.findall(rb'"(\w+)" ?:', text[:65536]))
    first = text.partition(b"\n")[0].decode("utf-8", "replace").strip()
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        cells = next(csv.reader([first], delimiter=delimiter), [])
    except csv.Error:  # a cell beyond the limit, a lone carriage return: no header line
        return frozenset()
    return frozenset(_name(cell) for cell in cells) if len(cells) > 1 else frozenset()


def _name(cell: str) -> str:
    return cell.strip().strip('"`').rpartition(".")[2].lower()


def table_rows(content: bytes) -> tuple[list[Row], bool]:
    """The rows with their columns in lower case, NULL as an empty text; and whether all of it could be read."""
    text = content.decode("utf-8-sig", "replace").lstrip()
    if text[:1] in ("[", "{"):
        return _json_rows(text)
    delimiter = max(_DELIMITERS, key=text.partition("\n")[0].count)
    # it never puts a cell in quotes, and no statement begins with one
    is_mysql_batch = delimiter == "\t" and not _QUOTED_CELL.search(text)
    csv.field_size_limit(1 << 30)
    lines = StringIO(text, newline="")
    if is_mysql_batch:
        reader = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    else:
        reader = csv.reader(lines, delimiter=delimiter)
    names = [_name(cell) for cell in next(reader, [])]
    rows: list[Row] = []
    try:
        for cells in reader:
            if len(cells) >= len(names) > 1:
                values = [_unescaped(cell) if is_mysql_batch else cell for cell in cells]
                rows.append(
                    {
                        name: "" if value in ("NULL", "\\N") else value
                        for name, value in zip(names, values, strict=False)
                    }
                )
    except csv.Error:
        return rows, False
    return rows, True


def _unescaped(cell: str) -> str:
    """``mysql --batch`` writes line breaks, tabs and backslashes as escapes."""
    if "\\" not in cell or cell == "\\N":
        return cell
    return re.sub(r"\\(.)", lambda hit: {"n": "\n", "t": "\t", "0": "\0"}.get(hit[1], hit[1]), cell)


def _json_rows(text: str) -> tuple[list[Row], bool]:
    decoder = json.JSONDecoder(strict=False)
    found: list[object] = []
    at, whole = 0, True
    while at < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except ValueError:
            whole = False
            break
        found += value if isinstance(value, list) else [value]
        at += len(text[at:]) - len(text[at:].lstrip(" \t\r\n,"))
    rows: list[Row] = [
        {str(name).lower(): "" if value is None else str(value) for name, value in one.items()}
        for one in found
        if isinstance(one, dict)
    ]
    return rows, whole


def number(row: Row, *names: str) -> float | None:
    """The first of the columns that has a number."""
    for name in names:
        try:
            return float(row.get(name, "").replace(",", "") or "x")
        except ValueError:
            continue
    return None


@dataclass(frozen=True)
class TableLayout:
    """A table; ``events`` makes a batch of its rows."""

    events: Callable[[Sequence[Row]], Batch]

    @property
    def boundary(self) -> re.Pattern[bytes]:
        return _LINE_START

    def reader(self) -> TableReader:
        return TableReader(self.events)


class TableReader:
    """Takes all and gives it at the end."""

    def __init__(self, events: Callable[[Sequence[Row]], Batch]) -> None:
        self._events = events
        self._content: list[bytes] = []
        self._size = 0
        self._cut = False

    def read(self, block: bytes) -> Batch:
        """Nothing yet."""
        if self._size + len(block) > LARGEST:
            self._cut = True
        else:
            self._content.append(block)
            self._size += len(block)
        return Batch()

    def finish(self) -> Batch:
        """All rows that could be read."""
        rows, whole = table_rows(b"".join(self._content))
        batch = self._events(rows)
        batch.totals = True
        if self._cut:
            batch.skipped[TOO_LARGE] += 1
        elif not whole:
            batch.skipped[UNREADABLE] += 1
        return batch
