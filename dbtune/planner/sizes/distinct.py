"""How many distinct values columns really have, one by one and together.

What ANALYZE says is corrected where more is known: unique keys, ranges of whole numbers, references to another table's
key, extended statistics, and the sampling itself. Sources: ``src/backend/commands/analyze.c`` (Haas and Stokes' Duj1
estimator, two-stage sampling of 300 rows for each step of the statistics target).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import cached_property, lru_cache

from dbtune.model.names import QualifiedName
from dbtune.model.schema import Column, ColumnStatistics, Table
from dbtune.model.schema_objects import ExtendedStatistics
from dbtune.model.snapshot import Snapshot
from dbtune.planner.sizes.comparisons import USUAL_LAG_DAYS
from dbtune.planner.sizes.duj1 import duj1
from dbtune.planner.sizes.parents import CLUSTERED_CORRELATION, MOST_VALUES_OF_A_FLAG, most_by_parents, parent_key, stem
from dbtune.planner.sizes.skew import WHOLE_NUMBERS, Skew, skew_of

ROWS_A_TARGET_STEP = 300


class Counts:
    """Of a table of ``rows`` rows: how many values its columns have, each thing worked out once.

    Columns are known by name where they are the table's own; others (with the statistics of a part of the table, or
    standing for an expression) are worked out each time.
    """

    def __init__(self, table: Table, rows: float, snapshot: Snapshot) -> None:
        self.table, self.rows, self._snapshot = table, rows, snapshot
        self._distinct: dict[str, float] = {}
        self._skews: dict[str, Skew | None] = {}

    def distinct(self, column: Column) -> float:
        """Non-null values of a column (at least 1)."""
        if not self._is_own(column):
            return distinct_values(self.table, column, self.rows, self._snapshot)
        if column.name not in self._distinct:
            self._distinct[column.name] = distinct_values(self.table, column, self.rows, self._snapshot, self.skew)
        return self._distinct[column.name]

    def skew(self, column: Column) -> Skew | None:
        """How unevenly the rows go to the column's values, where its histogram tells."""
        if not self._is_own(column):
            return skew_seen(column, self.rows, self._snapshot)
        if column.name not in self._skews:
            self._skews[column.name] = skew_seen(column, self.rows, self._snapshot)
        return self._skews[column.name]

    def _is_own(self, column: Column) -> bool:
        return self.table.column(column.name) is column

    def unique_together(self, names: set[str]) -> bool:
        """Whether no two rows have the same values in these columns, NULLs aside."""
        return any(key <= names for key in self._unique_keys)

    def most_together(self, columns: Sequence[Column], distinct: Sequence[float], guessing: bool = True) -> float:
        """An upper bound of the distinct combinations of several columns, below independence where something says so.

        ``distinct``: the values of each column. ``guessing``: what is only likely counts too.
        """
        rows = self.rows
        names = {column.name for column in columns}
        if self.unique_together(names):
            return rows
        counts = [count for covered, count in self._counted_together if covered == names]
        counted = [float(count) if count > 0 else -float(count) * rows for count in counts]
        if counted:  # the server has counted these very columns: nothing else is as good
            return max(1.0, min(rows, *counted))
        bounds = [rows]
        bounds += _by_references(self._references, columns, distinct)
        if not guessing:
            return max(1.0, min(bounds))
        bounds += _by_physical_order(columns, distinct)
        bounds += _by_dates_that_follow(columns, distinct)
        bounds += _by_flags_of_neighbours(columns, distinct, rows)
        if self._parent is not None:
            parents = self.distinct(self._parent)
            bounds.append(most_by_parents(self.table, self._parent, parents, columns, distinct, rows))
        return max(1.0, min(bounds))

    @cached_property
    def _unique_keys(self) -> tuple[frozenset[str], ...]:
        return tuple(frozenset(key) for key in unique_keys(self.table))

    @cached_property
    def _counted_together(self) -> tuple[tuple[set[str], float], ...]:
        return tuple(_by_extended_statistics(self.table, self._snapshot.extended_statistics))

    @cached_property
    def _references(self) -> tuple[tuple[Table, tuple[str, ...]], ...]:
        return tuple(_references(self.table, self._snapshot))

    @cached_property
    def _parent(self) -> Column | None:
        return parent_key(self.table, self.rows, self._snapshot, self.distinct)


def distinct_values(
    table: Table,
    column: Column,
    rows: float,
    snapshot: Snapshot,
    skew_of_column: Callable[[Column], Skew | None] | None = None,
) -> float:
    """Distinct non-null values of a column in a table of ``rows`` rows (at least 1)."""
    statistics = column.statistics
    if any(set(key) <= {column.name} for key in unique_keys(table)):
        return max(1.0, rows)
    if statistics is None:
        return _guess(column, rows)
    present = max(1.0, rows * (1.0 - statistics.null_frac))
    known = min(present, statistics.distinct_values(rows))
    if statistics.n_distinct not in (-1.0, 0.0) and abs(statistics.correlation or 0.0) >= CLUSTERED_CORRELATION:
        known = max(known, present / _rows_side_by_side(known, present, table, column, snapshot))
    known = max(known, _least_by_unique_keys(table, column, rows))
    skew = skew_of_column(column) if skew_of_column is not None else skew_seen(column, rows, snapshot)
    if skew is not None:
        common = len(statistics.most_common_freqs)
        rest = present - rows * sum(statistics.most_common_freqs)
        known = max(known, common + skew.distinct(rest / len(skew.values)))
    return max(1.0, min(known, present, _most_by_range(column)))


def skew_seen(column: Column, rows: float, snapshot: Snapshot) -> Skew | None:
    """How unevenly the rows of a table of ``rows`` rows go to the column's values, where its histogram tells."""
    if column.statistics is None or abs(_correlation(column.statistics)) >= CLUSTERED_CORRELATION:
        return None
    return skew_of(column, rows, _sampled_rows(column, snapshot))


def unique_keys(table: Table) -> Iterable[tuple[str, ...]]:
    """Columns that no two rows have the same values in, NULLs aside."""
    for constraint in table.constraints:
        if constraint.kind in ("primary key", "unique"):
            yield constraint.columns
    for index in table.indexes:
        if index.unique and index.is_plain and (index.facts is None or index.facts.valid):
            yield index.columns


def _guess(column: Column, rows: float) -> float:
    """Without statistics all values count as different: an index then rather looks too large than too small."""
    return 2.0 if column.type_name.name == "bool" else max(1.0, rows)


def _least_by_unique_keys(table: Table, column: Column, rows: float) -> float:
    """Columns that are unique together have at least as many combinations as there are rows."""
    least = 1.0
    for key in unique_keys(table):
        if column.name not in key or len(key) < 2:
            continue
        others = [table.column(name) for name in key if name != column.name]
        known = [o.statistics.distinct_values(rows) for o in others if o is not None and o.statistics is not None]
        if len(known) == len(others):
            least = max(least, rows / max(1.0, math.prod(known)))
    return least


def _most_by_range(column: Column) -> float:
    """Whole numbers and dates have no more values than lie between the least and the greatest."""
    statistics = column.statistics
    if statistics is None or (statistics.most_common_freqs and not statistics.most_common_vals):
        return math.inf
    name = column.type_name.name
    try:
        if name in WHOLE_NUMBERS:
            values = [int(text) for text in (*statistics.most_common_vals, *statistics.histogram_bounds)]
        elif name == "date":
            texts = (*statistics.most_common_vals, *statistics.histogram_bounds)
            values = [date.fromisoformat(text).toordinal() for text in texts]
        else:
            return math.inf
    except ValueError:
        return math.inf
    if not values:
        return math.inf
    span = max(values) - min(values) + 1
    return span * 1.01 + 2  # the sample may have missed the outermost ones


def _rows_side_by_side(estimate: float, rows: float, table: Table, column: Column, snapshot: Snapshot) -> float:
    """Rows a value, where equal values lie on one page: the number that makes Duj1 answer ``estimate``.

    ANALYZE takes its rows from a choice of pages, so it meets neighbours far more often than chance would have it, and
    the estimator, which takes repetitions for a sign of few values, answers far too low (a third, in TPC-H's lineitem).
    """
    sampled = _sampled_rows(column, snapshot)
    pages = max(table.pages, table.file_pages, 1)
    if rows <= sampled * 1.5 or pages <= 1:
        return rows / estimate
    alike = _invert_duj1(round(estimate), round(rows), pages, sampled)
    # that is the number if every value had as many rows; where they vary by chance, a sampled row has as many
    # neighbours as in groups of one row less, Poisson distributed
    mean = max(1e-6, alike - 1.0)
    return mean / -math.expm1(-mean)


def _sampled_rows(column: Column, snapshot: Snapshot) -> int:
    target = column.statistics_target if column.statistics_target and column.statistics_target > 0 else None
    return ROWS_A_TARGET_STEP * (target or int(float(snapshot.settings.get("default_statistics_target", "100"))))


@lru_cache(maxsize=4096)
def _invert_duj1(estimate: int, rows: int, pages: int, sampled: int) -> float:
    rows_a_page = rows / pages
    chosen_rows = min(sampled, pages) * rows_a_page
    chance = min(1.0, sampled / chosen_rows)

    def answer(cluster: float) -> float:
        seen = chosen_rows / cluster * -math.expm1(cluster * math.log1p(-chance)) if chance < 1 else rows / cluster
        once = sampled * math.pow(1 - chance, cluster - 1)
        return duj1(rows, sampled, seen, once)

    low, high = 1.0, max(1.0, rows_a_page)
    if answer(high) > estimate:
        return rows / estimate
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if answer(middle) > estimate else (low, middle)
    return high


def _by_extended_statistics(table: Table, statistics: Iterable[ExtendedStatistics]) -> Iterator[tuple[set[str], float]]:
    """Columns and how many combinations they have, or, below zero, in what share of the rows.

    ``pg_stats_ext.n_distinct``: ``{"1, 2": 800000}``, by column numbers.
    """
    numbers = {str(column.position): column.name for column in table.columns}
    for object_ in statistics:
        if object_.table != table.name or not object_.n_distinct:
            continue
        try:
            items = dict(json.loads(object_.n_distinct))
        except (TypeError, ValueError):
            continue
        for key, count in items.items():
            covered = {numbers.get(number.strip(), "") for number in str(key).split(",")}
            yield covered, count


def _by_references(
    references: Iterable[tuple[Table, tuple[str, ...]]], columns: Sequence[Column], distinct: Sequence[float]
) -> list[float]:
    """Columns that refer to another table's key of several columns have no more combinations than it has rows."""
    found: list[float] = []
    known = dict(zip((c.name for c in columns), distinct, strict=True))
    for referenced, names in references:
        if not known.keys() >= set(names):
            continue
        rest = math.prod((count for name, count in known.items() if name not in names), start=1.0)
        found.append(max(1.0, referenced.rows) * rest)
    return found


def _references(table: Table, snapshot: Snapshot) -> Iterator[tuple[Table, tuple[str, ...]]]:
    """A reference counts where it is declared, and where it is as good as declared: columns named as the other table's
    key (a prefix like ``l_`` aside), of the same types."""
    for key in table.foreign_keys:
        referenced = snapshot.table(key.referenced_table) if key.referenced_table else None
        if referenced is not None and len(key.columns) > 1:
            yield referenced, key.columns
    by_stem = {stem(column.name, table): column for column in table.columns}
    for other, theirs in snapshot.derived(_keys_of_several):
        ours = [by_stem.get(name) for name, _ in theirs]
        same = [c.name for c, (_, type_) in zip(ours, theirs, strict=True) if c is not None and c.type_name == type_]
        if len(same) == len(theirs) and other.name != table.name:
            yield other, tuple(same)


def _keys_of_several(snapshot: Snapshot) -> Sequence[tuple[Table, Sequence[tuple[str, QualifiedName]]]]:
    """Tables with rows and a primary key of several columns: the columns' stems and types."""
    found: list[tuple[Table, Sequence[tuple[str, QualifiedName]]]] = []
    for table in snapshot.tables:
        primary = table.primary_key
        if primary is None or len(primary.columns) < 2 or table.rows < 1:
            continue
        columns = [table.column(name) for name in primary.columns]
        known = [(stem(column.name, table), column.type_name) for column in columns if column is not None]
        if len(known) == len(columns):
            found.append((table, known))
    return found


def _by_physical_order(columns: Sequence[Column], distinct: Sequence[float]) -> list[float]:
    """Columns that both follow the order of the rows change one after the other: their values add, not multiply."""
    ordered = [abs(_correlation(column.statistics)) >= CLUSTERED_CORRELATION for column in columns]
    if sum(ordered) < 2:
        return []
    added = sum(count for count, is_ordered in zip(distinct, ordered, strict=True) if is_ordered)
    rest = math.prod(count for count, is_ordered in zip(distinct, ordered, strict=True) if not is_ordered)
    return [added * rest]


def _by_dates_that_follow(columns: Sequence[Column], distinct: Sequence[float]) -> list[float]:
    """Dates of one row tell of one course of events (ordered, shipped, paid): where two date columns are spread over
    the years alike, one is taken to follow the other within a quarter of a year, so that not every pair occurs."""
    known = [(column, count) for column, count in zip(columns, distinct, strict=True)]
    dates = [(column, count) for column, count in known if column.type_name.name == "date"]
    bounds: list[float] = []
    for position, (earlier, count) in enumerate(dates):
        followers = [(c, n) for c, n in dates[position + 1 :] if n > USUAL_LAG_DAYS and _spread_alike(earlier, c)]
        if followers:
            names = {c.name for c, _ in followers}
            rest = math.prod((n for c, n in known if c.name not in names and c is not earlier), start=1.0)
            bounds.append(count * USUAL_LAG_DAYS ** len(followers) * rest)
    return bounds


def _by_flags_of_neighbours(columns: Sequence[Column], distinct: Sequence[float], rows: float) -> list[float]:
    """Rows of one parent that lie together (the lines of an order) often agree in flags of few values: half way between
    always and as often as by chance, which is off by no more than a fifth of the size either way."""
    known = list(zip(columns, distinct, strict=True))
    flags = [count for column, count in known if count <= MOST_VALUES_OF_A_FLAG]
    others = [(column, count) for column, count in known if count > MOST_VALUES_OF_A_FLAG]
    if not flags or len(others) != 1 or abs(_correlation(others[0][0].statistics)) < CLUSTERED_CORRELATION:
        return []
    parents = others[0][1]
    lines = rows / parents
    combinations = math.prod(flags)
    by_chance = combinations * -math.expm1(lines * math.log1p(-1.0 / combinations)) if combinations > 1 else 1.0
    return [parents * (1.0 + (by_chance - 1.0) / 2)]


def _spread_alike(left: Column, right: Column) -> bool:
    quantiles = [c.statistics.histogram_bounds if c.statistics is not None else () for c in (left, right)]
    if min(len(bounds) for bounds in quantiles) < 10:
        return False
    days = [_days(tuple(bounds[len(bounds) * tenth // 10] for tenth in range(1, 10))) for bounds in quantiles]
    return all(abs(a - b) <= USUAL_LAG_DAYS for a, b in zip(*days, strict=True)) if all(days) else False


@lru_cache(maxsize=1024)
def _days(texts: tuple[str, ...]) -> tuple[int, ...]:
    """Dates as numbers; none where one of them cannot be read."""
    try:
        return tuple(date.fromisoformat(text).toordinal() for text in texts)
    except ValueError:
        return ()


def _correlation(statistics: ColumnStatistics | None) -> float:
    return (statistics.correlation if statistics is not None else None) or 0.0
