"""What the optimiser will count with for an index that production does not have: distinct values, pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dbtune.connect.mysql import MySQLSession
from dbtune.ddl.mysql_indexes import key_expression
from dbtune.ddl.mysql_multi_valued import multi_valued
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
from dbtune.planner.mysql.scratch.entries import grouped, source, value_expression
from dbtune.planner.mysql.scratch.production_counts import ProductionCounts
from dbtune.planner.mysql.scratch.statistics import IndexFigures, believed_rows

TELLING = 100.0
"""Values that one row of the sample has, from which on their number tells something."""

UNSURE = 1.2
"""Distinct values estimated, by those seen in the sample, from which on they are counted in production."""


NUMBER_BYTES = 8.0
"""Of a member of an array that is a number."""


@dataclass(frozen=True)
class Seen:
    """Of some columns in the rows of a sample."""

    rows: float
    distinct: float
    once: float
    """Values that one row has."""
    twice: float

    def estimate(self, rows: float) -> float:
        """Distinct values in a table of so many rows."""
        return estimated_distinct(rows, self.rows, self.distinct, self.once)


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
    seen: dict[tuple[str, ...], Seen] = field(default_factory=dict)

    @property
    def scale(self) -> float:
        """Rows in production for each one here."""
        return max(1.0, self.there / self.sampled) if self.sampled else 1.0


class Figures:
    """Answers from the snapshot where it knows, else from the rows on the scratch server."""

    def __init__(self, session: MySQLSession, page_bytes: int, counts: ProductionCounts | None = None) -> None:
        self._session = session
        self._page_bytes = page_bytes
        self._counts = counts

    def size(self, index: Index, sampled: SampledTable, rows: float | None = None) -> InnodbSize:
        """Leaves and pages of the index once built in production, or over so many rows."""
        columns = [key.column for key in index.keys if key.column is not None]
        columns += [column.name for column in clustered_columns(sampled.table)]
        if sampled.drawn and sampled.sampled:
            self._measure(sampled, unmeasured(sampled.table, columns, sampled.measured))
            self._measure_members(sampled, index)
        return innodb_size(
            index,
            sampled.table,
            (sampled.rows if rows is None else rows) * self.entries_a_row(index.keys, sampled),
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

    def _measure_members(self, sampled: SampledTable, index: Index) -> None:
        for key in index.keys:
            array = multi_valued(key)
            if array is None or key.expression is None or key.expression in sampled.measured:
                continue
            value = value_expression(key)
            query = f"SELECT AVG(OCTET_LENGTH({value})) AS w, AVG({value} IS NULL) AS n"
            row = self._session.rows(f"{query} FROM {source(sampled.table, (key,))}")[0]
            width = float(row["w"] or 0.0) if array.is_text else NUMBER_BYTES
            sampled.measured[key.expression] = Measured(width, float(row["n"] or 0.0))

    def entries_a_row(self, keys: Sequence[IndexKey], sampled: SampledTable) -> float:
        """Entries that an index of these keys has for each row of the table: 1, unless it is multi-valued."""
        arrays = [key for key in keys if multi_valued(key) is not None]
        if not arrays or not sampled.sampled:
            return 1.0
        return self._seen(arrays, sampled).rows / sampled.sampled

    def of(self, index: Index, sampled: SampledTable) -> IndexFigures:
        """Distinct values for each number of leading columns, those of the primary key after the index's own."""
        size = self.size(index, sampled)
        entries = max(1.0, sampled.rows * self.entries_a_row(index.keys, sampled))
        counts: list[float] = []
        for length in range(1, len(index.keys) + 1):
            known = self._distinct(index.keys[:length], sampled)
            counts.append(max(known, counts[-1] if counts else 1.0))
        appended = [c.name for c in clustered_columns(sampled.table) if c.name not in index.columns]
        counts += [entries] * len(appended)
        if index.unique or not appended:
            counts[-1] = entries
        return IndexFigures(tuple(min(count, entries) for count in counts), size.leaf_pages, size.pages)

    def count(self, indexes: Sequence[Index], sampled: SampledTable) -> None:
        """Have production count the distinct values of these indexes that the sample does not tell, in one scan."""
        if self._counts is None or not sampled.drawn or sampled.scale <= 1.0:
            return
        lists = {tuple(index.keys[:length]): None for index in indexes for length in range(1, len(index.keys) + 1)}
        unsure = [keys for keys in lists if self._is_unsure(keys, sampled)]
        for keys, found in zip(unsure, self._counts.distinct(sampled.table, unsure, sampled.there), strict=True):
            if found is not None:
                entries = sampled.rows * self.entries_a_row(keys, sampled)
                sampled.distinct[_texts(keys)] = max(self._seen(keys, sampled).distinct, min(found, entries))

    def _is_unsure(self, keys: Sequence[IndexKey], sampled: SampledTable) -> bool:
        if _known(keys, sampled) is not None or _texts(keys) in sampled.distinct:
            return False
        seen = self._seen(keys, sampled)
        return seen.once < seen.rows and self._estimate(keys, sampled) > UNSURE * seen.distinct

    def _estimate(self, keys: Sequence[IndexKey], sampled: SampledTable) -> float:
        return self._seen(keys, sampled).estimate(sampled.rows * self.entries_a_row(keys, sampled))

    def _distinct(self, keys: Sequence[IndexKey], sampled: SampledTable) -> float:
        texts = _texts(keys)
        counted = _known(keys, sampled)
        if counted is not None:
            return counted
        if texts not in sampled.distinct:
            sampled.distinct[texts] = self._estimate(keys, sampled)
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
        seen = self._seen(keys, sampled)
        return 2 * seen.twice / seen.once if seen.once >= TELLING else None

    def _seen(self, keys: Sequence[IndexKey], sampled: SampledTable) -> Seen:
        texts = _texts(keys)
        if texts not in sampled.seen:
            row = self._session.rows(
                "SELECT COALESCE(SUM(c), 0) AS n, COUNT(*) AS d, COALESCE(SUM(c = 1), 0) AS one,"
                " COALESCE(SUM(c = 2), 0) AS two FROM"
                f" ({grouped(sampled.table, keys, 'COUNT(*) AS c')}) AS counted"
            )[0]
            sampled.seen[texts] = Seen(*(float(row[name]) for name in ("n", "d", "one", "two")))
        return sampled.seen[texts]


def _texts(keys: Sequence[IndexKey]) -> tuple[str, ...]:
    return tuple(key_expression(key) for key in keys)


def _known(keys: Sequence[IndexKey], sampled: SampledTable) -> float | None:
    names = frozenset(key.column for key in keys if key.column is not None and key.prefix_length is None)
    return _counted(sampled.table).get(names) if len(names) == len(keys) else None


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
