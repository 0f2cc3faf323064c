"""Pages of a B-tree as CREATE INDEX builds it: leaves filled in key order, equal keys put together, inner pages above.

Source: ``src/backend/access/nbtree/nbtsort.c`` (``_bt_buildadd``, ``_bt_load``, ``_bt_sort_dedup_finish_pending``),
``nbtdedup.c`` (``_bt_dedup_save_htid``), ``nbtutils.c`` (``_bt_truncate``) of Postgres 13 to 18;
12 has no deduplication.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from dbtune.planner.sizes.classes import Classes, Groups, distinct_keys, groups, one_a_row
from dbtune.planner.sizes.tuples import Integers

BLOCK_SIZE = 8192
LINE_POINTER_BYTES = 4
ROW_POINTER_BYTES = 6
EMPTY_PAGE_ROOM = BLOCK_SIZE - 24 - 16 - 2 * LINE_POINTER_BYTES
"""Less the header, the special area, the high key's line pointer and that of the entry to be added."""
LEAF_FILLFACTOR = 90
INNER_FILLFACTOR = 70
LONGEST_POSTING_LIST = BLOCK_SIZE * 10 // 100 // 8 * 8 - LINE_POINTER_BYTES
"""Bytes of one entry with the pointers of many rows: in a build, a tenth of the page."""
LONGEST_ENTRY = 2704
"""``BTMaxItemSize``: a longer key is an error."""

SIMULATED_KEYS = 1000
SIMULATED_ENTRIES = 4000
"""What is put on pages one by one; the rest of the index is like it."""
MANY_POSTING_LISTS = 60
"""A key with more of them fills pages of its own."""
GOLDEN_RATIO = 0.6180339887498949


@dataclass(frozen=True)
class BtreePages:
    """Pages of the main fork, the metapage included, and levels above the leaves."""

    pages: int
    height: int


def btree_pages(
    classes: Classes,
    prefixes: Sequence[Classes],
    rows: float,
    *,
    deduplicate: bool,
    fillfactor: int = LEAF_FILLFACTOR,
) -> BtreePages:
    """Pages of a B-tree over ``rows`` rows.

    ``classes`` are the classes of whole entries (included columns too), ``prefixes`` those of the first key column, the
    first two, … : what an inner page must hold to tell two leaves apart.
    """
    if rows < 0.5:
        return BtreePages(1, 0)
    leaves, items = _leaves(classes, groups(classes, rows) if deduplicate else one_a_row(classes, rows), fillfactor)
    whole = max(1, math.ceil(leaves - 0.02))
    fanout = _fanout(_pivot_bytes(prefixes, rows, items))
    pages, level, height = 1 + whole, whole, 0
    while level > 1:
        level = math.ceil(level / fanout)
        pages += level
        height += 1
    return BtreePages(pages, height)


def height_of(pages: int, pivot_bytes: int = 16) -> int:
    """Levels above the leaves of a B-tree known to have that many pages."""
    fanout, level, height = _fanout(pivot_bytes), max(1, pages - 1), 0
    while level > 1:
        level = math.ceil(level / fanout)
        height += 1
    return height


def _leaves(classes: Classes, keys: Groups, fillfactor: int) -> tuple[float, float]:
    """Leaf pages (a fraction of the last one included) and entries on them."""
    bases = np.minimum(classes.sizes, LONGEST_ENTRY)
    first = bases[classes.starts][keys.classes]
    full = _rows_a_posting_list(first)
    many = keys.rows > MANY_POSTING_LISTS * full
    pages = entries = 0.0
    if many.any():
        few = ~many
        with_many = zip(keys.rows[many].tolist(), keys.counts[many].tolist(), first[many].tolist(), strict=True)
        for size, count, base in with_many:
            # many full posting lists one after the other: they fill pages of their own
            held = MANY_POSTING_LISTS * _rows_a_list(base)
            pages += count * size / held * _pages_of_one_key(held, base, fillfactor)
            entries += count * size / _rows_a_list(base)
        keys, full = keys.where(few), full[few]
    total = sum(keys.counts.tolist())
    if total > 0:
        entries_a_key = sum((keys.counts * (1 + keys.rows / full)).tolist()) / total
        wanted = max(1, min(SIMULATED_KEYS, math.ceil(total), int(SIMULATED_ENTRIES / entries_a_key)))
        factor = total / wanted
        if bases.min() == bases.max() and keys.rows.max() == 1:
            filled, number = _pages_of_alike(wanted, int(bases[0]), fillfactor), wanted
        else:
            sequence = _entries_of(*_sample(classes, bases, keys, total, wanted))
            filled, number = _fill(*sequence, fillfactor), len(sequence[0])
        pages += filled * factor
        entries += number * factor
    return pages, entries


def _sample(classes: Classes, bases: Integers, keys: Groups, total: float, wanted: int) -> tuple[Integers, Integers]:
    """Rows and bytes of ``wanted`` keys, as frequent among them as among all, in an order without pattern."""
    middles = (np.arange(wanted) + 0.5) * total / wanted
    ends: Integers = middles.searchsorted(keys.counts.cumsum(), side="right")
    drawn = ends.copy()
    drawn[1:] -= ends[:-1]
    order = _without_pattern(int(ends[-1]))
    key = np.arange(len(drawn)).repeat(drawn).take(order)
    begins: Integers = ends - drawn
    turn = order - begins.take(key)
    place = classes.starts[keys.classes].take(key) + turn % classes.lengths[keys.classes].take(key)
    return keys.rows.take(key), bases.take(place)


@lru_cache(maxsize=256)
def _without_pattern(number: int) -> Integers:
    """The first ``number`` places in an order without pattern."""
    return np.array(sorted(range(number), key=lambda i: i * GOLDEN_RATIO % 1.0), dtype=np.int64)


def _rows_a_posting_list(bases: Integers) -> Integers:
    return np.maximum(1, (LONGEST_POSTING_LIST // 8 * 8 - bases) // ROW_POINTER_BYTES)


def _rows_a_list(base: int) -> int:
    return max(1, (LONGEST_POSTING_LIST // 8 * 8 - base) // ROW_POINTER_BYTES)


@lru_cache(maxsize=1024)
def _pages_of_alike(number: int, size: int, fillfactor: int) -> float:
    """Pages of so many entries of one size, none of which holds several rows."""
    sizes = np.full(number, size)
    return _fill(sizes, np.zeros_like(sizes), fillfactor)


@lru_cache(maxsize=1024)
def _pages_of_one_key(rows: int, base: int, fillfactor: int) -> float:
    return _fill(*_entries_of(np.array([rows]), np.array([base])), fillfactor)


def _entries_of(rows: Integers, bases: Integers) -> tuple[Integers, Integers]:
    """Bytes of the entries of keys with so many rows each, and how many of these are row pointers."""
    full = _rows_a_posting_list(bases)
    if (rows > full).any():
        lists = -(-rows // full)
        last = np.cumsum(lists) - 1
        left = rows - (lists - 1) * full
        bases = np.repeat(bases, lists)
        rows = np.repeat(full, lists)
        rows[last] = left
    sizes = np.where(rows == 1, bases, (bases + rows * ROW_POINTER_BYTES + 7) & -8)
    return sizes, sizes - bases


def _fill(sizes: Integers, pointers: Integers, fillfactor: int) -> float:
    """Pages that these entries fill, the last one as a fraction of a usual one (``_bt_buildadd``).

    A page ends before the first entry that does not fit, or, from the third on, where the page is as full as it shall
    be without the row pointers of the entry before; that one then moves to the next page, and its key stays behind as
    the high key. Both places are looked up in sums of sizes, which only grow.
    """
    spare = BLOCK_SIZE * (100 - fillfactor) // 100
    number = len(sizes)
    before = np.zeros(number + 1, dtype=np.int64)  # bytes of the entries before each, with their line pointers
    (sizes + LINE_POINTER_BYTES).cumsum(out=before[1:])
    used = kept = before.tolist()
    if pointers.any():
        before[1:] -= pointers
        kept = before.tolist()
    start, finished, checked = 0, 0, 1
    while True:
        room = EMPTY_PAGE_ROOM + used[start]
        # the entry needs its line pointer, and another one is kept free
        fits_not = bisect_right(used, room - LINE_POINTER_BYTES, checked + 1) - 1
        is_full = bisect_right(kept, room - spare, max(checked, start + 2), number)
        end = min(fits_not, is_full)
        if end >= number:
            break
        finished += 1
        moves = end - start > 1
        start = end - moves
        checked = end + 1
    last = used[number] - used[start]
    if not finished:
        return min(1.0, last / (EMPTY_PAGE_ROOM - spare))
    return finished + last * finished / used[start]


def _pivot_bytes(prefixes: Sequence[Classes], rows: float, entries: float) -> float:
    """Mean size of an entry of an inner page: the first columns, as many as tell two neighbouring leaves apart."""
    size, undecided = 0.0, 1.0
    width = 0
    for prefix in prefixes:
        width = prefix.typical_size
        apart = min(1.0, distinct_keys(prefix, rows) / max(1.0, entries))
        decided = undecided * apart
        size, undecided = size + decided * width, undecided - decided
    return size + undecided * (width + 8)  # equal keys on both sides: the row pointer decides


def _fanout(pivot_bytes: float) -> int:
    """Children of an inner page; its first entry stands for "minus infinity" and has no key."""
    room = EMPTY_PAGE_ROOM - BLOCK_SIZE * (100 - INNER_FILLFACTOR) // 100 - 8 - LINE_POINTER_BYTES
    return max(2, 1 + int(room / (pivot_bytes + LINE_POINTER_BYTES)))
