"""Rows for the scratch server: a random sample of each table, read in a session that the target keeps read-only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pymysql.err import MySQLError

from dbtune.connect.mysql import MySQLSession, Row
from dbtune.connect.mysql_refusals import first_line
from dbtune.ddl.mysql_quoting import identifier, qualified
from dbtune.model.schema import Column, Table

MOST_ROWS = 20_000
"""Of one table, where nobody says otherwise. Building an index on so many takes some hundredths of a second."""

OVERSAMPLED = 1.1
"""A random share of rows comes out larger or smaller than asked for; what is too much is cut off."""

_BATCH = 500


def stored_columns(table: Table) -> tuple[Column, ...]:
    """Those that INSERT may name."""
    return tuple(column for column in table.columns if not column.generated)


@dataclass(frozen=True)
class Sample:
    """Rows of one table."""

    rows: Sequence[Sequence[object]]
    columns: Sequence[str]
    """Whose values a row holds, in order."""
    of: float
    """Rows that the table has, as drawing them has shown: statistics can be off by a third."""
    refusal: str | None = None
    """The server's words where it gave none."""


def sample(target: MySQLSession, table: Table, rows: float, most: int) -> Sample:
    """At most ``most`` rows of the table, of which statistics believe that it has ``rows``; each with the same chance.

    The server reads the whole table for it, within the session's time limit.
    """
    names = [column.name for column in stored_columns(table)]
    query = f"SELECT {', '.join(map(identifier, names))} FROM {qualified(table.name)}"
    share = most * OVERSAMPLED / rows if rows > most else 1.0
    if share != 1.0:
        query += f" WHERE RAND() < {share:.9f}"
    try:
        found: list[Row] = target.rows(f"{query} LIMIT {most}" if rows <= most else query)
    except MySQLError as error:
        return Sample((), names, rows, first_line(error))
    step = max(1.0, len(found) / most)  # what is too much is left out evenly: a LIMIT would leave out the end
    kept = [found[int(place * step)] for place in range(min(len(found), most))]
    of = max(len(kept), len(found) / min(1.0, share))
    return Sample([[row[name] for name in names] for row in kept], names, of)


def fill(session: MySQLSession, table: Table, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Put the rows into the scratch server's table; rows that a unique key refuses are left out."""
    if not columns:
        return
    names = ", ".join(map(identifier, columns))
    one = f"({', '.join(['%s'] * len(columns))})"
    batch = max(1, min(_BATCH, math.floor(30_000 / len(columns))))
    for start in range(0, len(rows), batch):
        part = rows[start : start + batch]
        values = [value for row in part for value in row]
        into = f"INSERT IGNORE INTO {qualified(table.name)} ({names}) VALUES {', '.join([one] * len(part))}"
        session.run(into, values)


def count(session: MySQLSession, table: Table, partition: str = "") -> int:
    """Rows that are there, or in that partition or subpartition."""
    part = f" PARTITION ({identifier(partition)})" if partition else ""
    return int(session.rows(f"SELECT COUNT(*) AS n FROM {qualified(table.name)}{part}")[0]["n"])
