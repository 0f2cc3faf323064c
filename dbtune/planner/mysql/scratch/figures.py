"""What the optimiser will count with for an index that production does not have: distinct values, pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dbtune.connect.mysql import MySQLSession
from dbtune.ddl.mysql_indexes import key_expression
from dbtune.ddl.mysql_quoting import identifier, qualified
from dbtune.model.schema import Column, Index, IndexKey, Table
from dbtune.planner.mysql.distinct import estimated_distinct
from dbtune.planner.mysql.index_size import (
    InnodbSize,
    Measured,
    clustered_columns,
    fixed_bytes,
    innodb_size,
    unmeasured,
)
from dbtune.planner.mysql.scratch.statistics import IndexFigures, believed_rows

TELLING = 100.0
"""Values that one row of the sample has, from which on their number tells something."""


@dataclass
class SampledTable:
    """A table on the scratch server: how many of its rows are there, and what was measured on them."""

    table: Table
    rows: float
    """In production."""
    sampled: int
    """On the scratch server."""
    there: float
    """In production, as reading them has shown; the statistics, which the optimiser goes by, may be off."""
    drawn: bool
    """Whether they are rows of production's, not made ones."""
    measured: dict[str, Measured] = field(default_factory=dict)
    distinct: dict[tuple[str, ...], float] = field(default_factory=dict)
    rare: dict[tuple[str, ...], float | None] = field(default_factory=dict)

    @property
    def scale(self) -> float:
        """Rows in production for each one here."""
        return max(1.0, self.there / self.sampled) if self.sampled else 1.0


class Figures:
    """Answers from the snapshot where it knows, else from the rows on the scratch server."""

    def __init__(self, session: MySQLSession, page_bytes: int) -> None:
        self._session = session
        self._page_bytes = page_bytes

    def size(self, index: Index, sampled: SampledTable, rows: float | None = None) -> InnodbSize:
        """Leaves and pages of the index once built in production, or over so many rows."""
        columns = [key.column for key in index.keys if key.column is not None]
        columns += [column.name for column in clustered_columns(sampled.table)]
        if sampled.drawn and sampled.sampled:
            self._measure(sampled, unmeasured(sampled.table, columns, sampled.measured))
        return innodb_size(
            index,
            sampled.table,
            sampled.rows if rows is None else rows,
            measured=sampled.measured,
            page_bytes=self._page_bytes,
        )

    def _measure(self, sampled: SampledTable, columns: Sequence[Column]) -> None:
        if not columns:
            return
        means = ", ".join(
            f"AVG(OCTET_LENGTH({identifier(c.name)})) AS w{n}, AVG({identifier(c.name)} IS NULL) AS n{n}"
            for n, c in enumerate(columns)
        )
        row = self._session.rows(f"SELECT {means} FROM {qualified(sampled.table.name)}")[0]
        for n, column in enumerate(columns):
            width = None if fixed_bytes(column) is not None else float(row[f"w{n}"] or 0.0)
            sampled.measured[column.name] = Measured(width, float(row[f"n{n}"]))

    def of(self, index: Index, sampled: SampledTable) -> IndexFigures:
        """Distinct values for each number of leading columns, those of the primary key after the index's own."""
        size = self.size(index, sampled)
        counts: list[float] = []
        for length in range(1, len(index.keys) + 1):
            known = self._distinct(index.keys[:length], sampled)
            counts.append(max(known, counts[-1] if counts else 1.0))
        appended = [c.name for c in clustered_columns(sampled.table) if c.name not in index.columns]
        counts += [sampled.rows] * len(appended)
        if index.unique or not appended:
            counts[-1] = sampled.rows
        return IndexFigures(tuple(min(count, max(1.0, sampled.rows)) for count in counts), size.leaf_pages, size.pages)

    def _distinct(self, keys: Sequence[IndexKey], sampled: SampledTable) -> float:
        texts = tuple(key_expression(key) for key in keys)
        names = frozenset(key.column for key in keys if key.column is not None and key.prefix_length is None)
        if len(names) == len(keys):
            counted = _counted(sampled.table).get(names)
            if counted is not None:
                return counted
        if texts not in sampled.distinct:
            sampled.distinct[texts] = self._estimated(texts, sampled)
        estimate = sampled.distinct[texts]
        if len(keys) > 1:  # no more than every combination of its columns
            estimate = min(estimate, self._distinct(keys[:-1], sampled) * self._distinct(keys[-1:], sampled))
        return estimate

    def rare(self, keys: Sequence[IndexKey], sampled: SampledTable) -> float | None:
        """Rows in the sample to be expected of a value that one of its rows has, or none (EXPLAIN says 1 for both).

        Values that one row of the sample has, f1 in number, would on average have 2 f2 / f1 rows in another sample
        (H. Robbins, An Empirical Bayes Approach to Statistics, 1956). With Chao's number of those that none has,
        f1² / 2 f2, both together have as many. None where the sample has too few such values to tell.
        """
        texts = tuple(key_expression(key) for key in keys)
        if texts not in sampled.rare:
            row = self._session.rows(
                "SELECT COALESCE(SUM(c = 1), 0) AS one, COALESCE(SUM(c = 2), 0) AS two FROM"
                f" (SELECT COUNT(*) AS c FROM {qualified(sampled.table.name)} GROUP BY {', '.join(texts)}) AS counted"
            )[0]
            one, two = float(row["one"]), float(row["two"])
            sampled.rare[texts] = 2 * two / one if one >= TELLING else None
        return sampled.rare[texts]

    def _estimated(self, texts: Sequence[str], sampled: SampledTable) -> float:
        grouped = ", ".join(texts)
        row = self._session.rows(
            "SELECT COUNT(*) AS d, COALESCE(SUM(c = 1), 0) AS f, COALESCE(SUM(c), 0) AS n FROM"
            f" (SELECT COUNT(*) AS c FROM {qualified(sampled.table.name)} GROUP BY {grouped}) AS counted"
        )[0]
        return estimated_distinct(sampled.rows, float(row["n"]), float(row["d"]), float(row["f"]))


def _counted(table: Table) -> Mapping[frozenset[str | None], float]:
    """Distinct values of sets of columns, as the server has counted them for the indexes there are."""
    found: dict[frozenset[str | None], float] = {}
    for index in table.indexes:
        mysql = index.facts.mysql if index.facts is not None else None
        if mysql is None or any(key.prefix_length is not None or key.column is None for key in index.keys):
            continue
        for length, value in enumerate(mysql.n_diff, start=1):
            columns = frozenset[str | None](mysql.n_diff_columns[:length])
            if len(columns) == length:
                found.setdefault(columns, float(max(1, value)))
    clustered = frozenset[str | None](column.name for column in clustered_columns(table))
    if clustered:
        found[clustered] = max(1.0, believed_rows(table))
    return found
