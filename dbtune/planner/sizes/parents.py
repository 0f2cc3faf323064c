"""Rows of one parent that share the parent's columns, because the parent has no table of its own.

The lines of an order in a table of facts: its key is (item, order number), no table is keyed by the order number, so
what belongs to the order (the customer, the day, the shop) stands in each of its lines. Statistics describe columns one
by one, by which a customer and a day meet by chance; they meet once an order. A guess from the schema alone: it is not
used where a size must not be too low.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date

from dbtune.model.schema import Column, Table
from dbtune.model.snapshot import Snapshot

FEWEST_LINES = 3.0
"""Rows a parent; with fewer, what they share hardly matters."""
CLUSTERED_CORRELATION = 0.98
"""From here on, equal values are taken to lie side by side."""
MOST_VALUES_OF_A_FLAG = 10
FEWEST_VALUES = 1000
"""Of a column whose values, equal in two lines of one parent, are taken for the parent's and not for chance."""
LAST_WORDS = frozenset({"id", "sk", "key", "fk", "ref", "uuid"})
"""A column whose name ends so refers to something."""
REFERENCE_TYPES = frozenset({"int2", "int4", "int8", "uuid", "date", "timestamp", "timestamptz"})
DECILES = 10
LEAST_LAG, MOST_LAG = 0.005, 0.1
"""Of the column's spread: less may be the sample's doing (a quantile is off by 0.003), more is no reaction."""

Distinct = Callable[[Column], float]


def most_by_parents(
    table: Table, columns: Sequence[Column], distinct: Sequence[float], rows: float, snapshot: Snapshot, count: Distinct
) -> float:
    """Combinations that the columns have if each parent brings its own once; infinite where no parent is seen.

    ``distinct`` are the values of each column, ``count`` answers the same for any column of the table.
    """
    parent = _parent_key(table, rows, snapshot, count)
    if parent is None:
        return math.inf
    parents = count(parent)
    lines = rows / parents
    key = set(table.primary_key.columns if table.primary_key is not None else ())
    of_parent, factor = 0, 1.0
    for column, values in zip(columns, distinct, strict=True):
        by_chance = values * -math.expm1(lines * math.log1p(-1.0 / values)) if values > 1 else 1.0
        refers = column.name not in key and _refers(table, column) and not _follows_another(table, column)
        if column.name == parent.name or (refers and values >= FEWEST_VALUES):
            of_parent += 1
        elif refers and values <= MOST_VALUES_OF_A_FLAG:  # the parent's or the line's own: half way
            factor *= 1.0 + (by_chance - 1.0) / 2
        else:
            factor *= by_chance
    return parents * factor if of_parent else math.inf


def _parent_key(table: Table, rows: float, snapshot: Snapshot, count: Distinct) -> Column | None:
    """The part of the primary key that names the parent: lines of a parent lie together, and it has no table."""
    primary = table.primary_key
    if primary is None or len(primary.columns) < 2:
        return None
    for name in primary.columns:
        column = table.column(name)
        if column is None or column.statistics is None or _has_table(table, column, snapshot):
            continue
        if abs(column.statistics.correlation or 0.0) < CLUSTERED_CORRELATION:
            continue
        if rows / count(column) >= FEWEST_LINES:
            return column
    return None


def _has_table(table: Table, column: Column, snapshot: Snapshot) -> bool:
    if any(column.name in key.columns for key in table.foreign_keys):
        return True
    for other in snapshot.tables:
        primary = other.primary_key
        if other.name == table.name or primary is None or len(primary.columns) != 1:
            continue
        named = {stem(primary.columns[0], other), f"{other.name.name.removesuffix('s')}_{primary.columns[0]}"}
        if stem(column.name, table) in named or column.name in named:
            return True
    return False


def _refers(table: Table, column: Column) -> bool:
    if any(column.name in key.columns for key in table.foreign_keys):
        return True
    name = column.type_name.name
    if name not in REFERENCE_TYPES:
        return False
    return name in ("date", "timestamp", "timestamptz") or column.name.rsplit("_", 1)[-1].lower() in LAST_WORDS


def _follows_another(table: Table, column: Column) -> bool:
    """Whether it is later than another column by little, all along: a line's own event, after the parent's."""
    own = _deciles(column)
    if own is None:
        return False
    spread = max(1.0, own[-1] - own[0])
    for other in table.columns:
        theirs = _deciles(other) if other.name != column.name and other.type_name == column.type_name else None
        if theirs is not None and all(
            LEAST_LAG <= (mine - its) / spread <= MOST_LAG for mine, its in zip(own, theirs, strict=True)
        ):
            return True
    return False


def _deciles(column: Column) -> list[float] | None:
    """The nine inner ones; of whole numbers and dates only."""
    bounds = column.statistics.histogram_bounds if column.statistics is not None else ()
    if len(bounds) <= DECILES or column.type_name.name not in ("int2", "int4", "int8", "date"):
        return None
    try:
        texts = [bounds[(len(bounds) - 1) * tenth // DECILES] for tenth in range(1, DECILES)]
        is_date = column.type_name.name == "date"
        return [float(date.fromisoformat(text).toordinal() if is_date else int(text)) for text in texts]
    except ValueError:
        return None


def stem(name: str, table: Table) -> str:
    """The column's name without the short prefix that all columns of the table share."""
    prefix = name.split("_", 1)[0] + "_"
    shared = len(prefix) <= 4 and all(column.name.startswith(prefix) for column in table.columns)
    return name[len(prefix) :] if shared else name
