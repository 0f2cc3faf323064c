"""How high an existing B-tree is, from its length: the server tells the height to superusers with pageinspect only."""

from __future__ import annotations

from dbtune.model.schema import Column, Index, Table
from dbtune.planner.sizes.btree import height_of
from dbtune.planner.sizes.tuples import attribute_of, entry_bytes

ROW_POINTER_BYTES = 8
DIFFERENT_ENOUGH = 3.0
"""Distinct keys for each page from which on neighbouring pages hardly ever end and begin with equal keys."""


def existing_height(index: Index, table: Table, pages: int) -> int:
    """Levels above the leaves of a B-tree of that many pages.

    Between two pages an inner page keeps only as many leading columns as tell them apart, and the row pointer where
    none does (``_bt_truncate`` in ``nbtutils.c``), so a page's children follow from the widths of those columns.
    """
    return height_of(pages, _pivot_bytes(index, table, pages))


def _pivot_bytes(index: Index, table: Table, pages: int) -> int:
    attributes, widths, distinct = [], [], 1.0
    for key in index.keys:
        column = table.column(key.column) if key.column is not None else None
        if column is None:
            column = Column(key.text, "text", 0, length=-1)
        attribute = attribute_of(column)
        attributes.append(attribute)
        widths.append(_width(column, attribute.usual_width))
        distinct *= _distinct(column, table.rows)
        if distinct >= DIFFERENT_ENOUGH * pages:
            return entry_bytes(attributes, tuple(widths))
    by_rows = 0 if index.unique else ROW_POINTER_BYTES
    return entry_bytes(attributes, tuple(widths)) + by_rows


def _width(column: Column, usual: int) -> int:
    if column.length > 0 or column.statistics is None or column.statistics.avg_width <= 0:
        return usual
    return column.statistics.avg_width


def _distinct(column: Column, rows: float) -> float:
    return 1.0 if column.statistics is None else column.statistics.distinct_values(rows)
