"""Pages that a nested loop's inner index scans read, which the planner expects in the cache more often than they are.

The planner spreads the pages of an inner index scan over as many executions as the *table* of the outer side has rows,
whatever a condition or a join leaves of them (``get_loop_count`` takes the rows of the outer base relation). With 800
executions in place of 10,000, what it charges for pages is a tenth of what it would charge knowing that. Such a plan is
cheap on paper only.

Source: ``src/backend/optimizer/path/indxpath.c`` (``get_loop_count``), ``costsize.c`` (``cost_index``,
``index_pages_fetched``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dbtune.planner.robustness.sizes import CPU_INDEX_ROW, DESCENT, Sizes, TableSize
from dbtune.planner.robustness.tree import Node, referenced

SCATTERED_PAGE = 1.5
"""Planner units for a page that is in memory, read out of order: measured on TPC-H, where ``random_page_cost`` (4)
calls plans risky that are twice as fast, and ``seq_page_cost`` (1) leaves no margin."""

_INDEX_SCANS = frozenset({"Index Scan", "Index Only Scan"})


@dataclass(frozen=True)
class ScatteredReads:
    """One inner index scan. ``excess`` is what its pages cost beyond what the plan charges, in planner units."""

    alias: str
    index: str
    loops: float
    excess: float
    driver: tuple[object, ...]
    """What gives the outer rows their order: two scans with the same one read their pages in the same order."""


def scattered_reads(tree: Node, sizes: Sizes) -> Iterator[ScatteredReads]:
    """Inner index scans whose pages cost more than the plan says."""
    for node in tree.walk():
        if node.source.type != "Nested Loop" or len(node.inputs) != 2:
            continue
        outer, inner = node.inputs
        size = sizes.of_node(inner.source)
        if inner.source.type not in _INDEX_SCANS or size is None or not inner.references & outer.aliases:
            continue
        loops = max(outer.source.rows, 1.0)
        fetched = _fetched(inner, size)
        charged = inner.source.total_cost * loops
        processor = loops * (DESCENT + fetched * CPU_INDEX_ROW)
        excess = processor + _pages(inner, size, loops, fetched) * SCATTERED_PAGE - max(charged, processor)
        if excess > 0:
            alias, index = inner.source.alias or "", inner.source.index or ""
            yield ScatteredReads(alias, index, loops, excess, _driver(outer))


def _fetched(inner: Node, size: TableSize) -> float:
    """Rows that one execution finds in the index, before it filters them."""
    share = 1.0
    for column in _equal_columns(inner):
        spread = size.columns.get(column)
        if spread is not None:
            share /= max(spread.distinct, 1.0)
    return max(inner.source.rows, min(size.rows * share, size.rows)) if share < 1 else inner.source.rows


def _equal_columns(inner: Node) -> list[str]:
    own = inner.source.alias or ""
    found = []
    for condition in inner.index_conditions:
        if " = " in condition and set(referenced(condition)) - {own}:
            match = re.search(rf'(?:"{re.escape(own)}"|\b{re.escape(own)})\.(?:"((?:[^"]|"")+)"|([\w$]+))', condition)
            if match is not None:
                found.append(match[1].replace('""', '"') if match[1] else match[2])
    return found


def _pages(inner: Node, size: TableSize, loops: float, fetched: float) -> float:
    """Heap pages of all executions together: between scattered and in order, as the planner interpolates."""
    scattered = _mackert_lohman(loops * fetched, size.pages)
    in_order = _mackert_lohman(loops * max(1.0, fetched / size.rows * size.pages), size.pages)
    first = next(iter(_equal_columns(inner)), "")
    spread = size.columns.get(first)
    correlation = spread.correlation if spread is not None else 0.0
    pages = scattered + correlation**2 * (min(in_order, scattered) - scattered)
    return pages * (1 - size.visible) if inner.source.type == "Index Only Scan" else pages


def _mackert_lohman(rows: float, pages: float) -> float:
    return min(pages, 2 * pages * rows / (2 * pages + rows))


def _driver(node: Node) -> tuple[object, ...]:
    """The scan that gives the rows their order, or what sorts them."""
    while node.inputs and node.source.type not in ("Sort", "Aggregate"):
        node = node.inputs[0]
    return (node.source.type, node.source.alias, node.source.index)
