"""The log of Postgres as CSV (``log_destination = csvlog``): 23 columns in 9.0 to 12, 24 in 13, 26 from 14 on."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from io import StringIO

from dbtune.logs.postgres.records import Record
from dbtune.logs.postgres.times import epoch
from dbtune.logs.postgres.whole_records import WholeRecordReader, host_of
from dbtune.logs.registry import LayoutOptions, Reader, Sniffed, log_format

csv.field_size_limit(1 << 30)
"""Of the whole process: a statement is longer than the 128 KB that the module allows by itself."""

_TIME = rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [A-Za-z+\-][\w+\-:]{0,9}"
_QUOTED = rb'"(?:[^"]++|"")*+"'
_BOUNDARY = re.compile(rb"^(?=" + _TIME + rb',(?:|"[^"\n]*"),(?:|"[^"\n]*"),\d*,)', re.MULTILINE)

_ROW = re.compile(
    rb"(" + _TIME + rb"),(" + _QUOTED + rb"|),(" + _QUOTED + rb"|),(\d*+),(" + _QUOTED + rb"|),"
    # session, its line, what the process title says, start, virtual and real transaction
    rb"[0-9a-f.]*+,\d*+,(?:" + _QUOTED + rb"|),[^,\n]*+,[^,\n]*+,\d*+,"
    rb'LOG,00000,"duration: (\d++\.\d++) ms  (statement|execute|parse|bind)(?: [^:"\n]*+)?+: ((?:[^"]++|"")*+)",'
    rb"(" + _QUOTED + rb'|)(?:[^"\n]++|' + _QUOTED + rb")*+\n"
    rb'|((?:[^"\n]++|' + _QUOTED + rb")++\n|[^\n]*+\n)"
)

_COLUMNS = 23
"""The fewest that a record has."""


@dataclass(frozen=True)
class CsvLayout:
    """Columns stand in the order in which the server writes them; later versions add some at the end."""

    @property
    def boundary(self) -> re.Pattern[bytes]:
        return _BOUNDARY

    def reader(self) -> Reader:
        return WholeRecordReader(_ROW, _decoded, _record)


@log_format("postgres-csv", title="log of Postgres as CSV", dialect="postgres")
def sniff(head: bytes, options: LayoutOptions) -> Sniffed | None:
    """A record begins with a time and its zone, and has so many columns."""
    starts = _BOUNDARY.search(head)
    if starts is None:
        return None
    layout = CsvLayout()
    rows = [row for row in _ROW.findall(head[starts.start() :]) if row[-1].strip() or not row[-1]]
    records = sum(row[-1] == b"" or _record(row[-1]) is not None for row in rows)
    # a text log has some too, of when the server did not have its CSV file yet
    return Sniffed(0.97 if 2 * records >= len(rows) and records else 0.4, layout)


def _decoded(cell: bytes) -> bytes:
    """A cell without its quotes; one that the expression has taken out of them already only has doubled ones."""
    if cell[:1] == b'"' and cell[-1:] == b'"' and len(cell) > 1:
        cell = cell[1:-1]
    return cell.replace(b'""', b'"') if b'""' in cell else cell


def _record(row: bytes) -> Record | None:
    # latin-1 takes every byte as it is, and gives it back
    try:
        cells = next(csv.reader(StringIO(row.decode("latin-1"), newline="")), [])
    except csv.Error:
        return None
    if len(cells) < _COLUMNS:
        return None
    values = [cell.encode("latin-1") for cell in cells]
    return Record(
        time=epoch(values[0]),
        session=values[3],
        user=values[1],
        database=values[2],
        host=host_of(values[4]),
        severity=values[11],
        message=values[13],
        detail=values[14],
        statement=values[19],
    )
