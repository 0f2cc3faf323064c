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
from functools import lru_cache

from dbtune.model.names import QualifiedName
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
    table: Table, parent: Column, parents: float, columns: Sequence[Column], distinct: Sequence[float], rows: float
) -> float:
    """Combinations that the columns have if each parent brings its own once; infinite where they are not the parent's.

    ``parents``: how many there are, ``distinct``: the values of each column.
    """
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


def parent_key(table: Table, rows: float, snapshot: Snapshot, count: Distinct) -> Column | None:
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
    keyed = snapshot.derived(_tables_by_key)
    return any(keyed.get(name, set()) - {table.name} for name in (stem(column.name, table), column.name))


def _tables_by_key(snapshot: Snapshot) -> dict[str, set[QualifiedName]]:
    """By what columns that refer to it are called: the tables with a primary key of one column."""
    found: dict[str, set[QualifiedName]] = {}
    for table in snapshot.tables:
        primary = table.primary_key
        if primary is not None and len(primary.columns) == 1:
            (name,) = primary.columns
            for called in (stem(name, table), f"{table.name.name.removesuffix('s')}_{name}"):
                found.setdefault(called, set()).add(table.name)
    return found


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


def _deciles(column: Column) -> tuple[float, ...] | None:
    """The nine inner ones; of whole numbers and dates only."""
    bounds = column.statistics.histogram_bounds if column.statistics is not None else ()
    if len(bounds) <= DECILES or column.type_name.name not in ("int2", "int4", "int8", "date"):
        return None
    texts = tuple(bounds[(len(bounds) - 1) * tenth // DECILES] for tenth in range(1, DECILES))
    return _numbers(texts, column.type_name.name == "date")


@lru_cache(maxsize=1024)
def _numbers(texts: tuple[str, ...], are_dates: bool) -> tuple[float, ...] | None:
    try:
        return tuple(float(date.fromisoformat(text).toordinal() if are_dates else int(text)) for text in texts)
    except ValueError:
        return None


def stem(name: str, table: Table) -> str:
    """The column's name without the short prefix that all columns of the table share."""
    prefix = name.split("_", 1)[0] + "_"
    shared = len(prefix) <= 4 and all(column.name.startswith(prefix) for column in table.columns)
    return name[len(prefix) :] if shared else name
