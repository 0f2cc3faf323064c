"""Pages of a B-tree as CREATE INDEX builds it: leaves filled in key order, equal keys put together, inner pages above.

Source: ``src/backend/access/nbtree/nbtsort.c`` (``_bt_buildadd``, ``_bt_load``, ``_bt_sort_dedup_finish_pending``),
``nbtdedup.c`` (``_bt_dedup_save_htid``), ``nbtutils.c`` (``_bt_truncate``) of Postgres 13 to 18;
12 has no deduplication.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from dbtune.planner.sizes.frequencies import KeyClass, distinct_keys, groups
from dbtune.planner.sizes.tuples import Attribute, Layout, align, entry_bytes

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


@dataclass(frozen=True)
class Entry:
    """One index entry: its size, and how much of it would be cut off if it became the page's high key."""

    size: int
    pointers: int = 0


def btree_pages(
    attributes: Sequence[Attribute],
    classes: Sequence[KeyClass],
    prefixes: Sequence[Sequence[KeyClass]],
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
    entries = groups(classes, rows) if deduplicate else _one_a_row(classes, rows)
    leaves, items = _leaves(attributes, list(entries), fillfactor)
    whole = max(1, math.ceil(leaves - 0.02))
    fanout = _fanout(_pivot_bytes(attributes, prefixes, rows, items))
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


def _one_a_row(classes: Iterable[KeyClass], rows: float) -> Iterator[tuple[int, float, tuple[Layout, ...]]]:
    for c in classes:
        yield 1, c.share * rows, c.layouts


def _leaves(
    attributes: Sequence[Attribute], keys: Sequence[tuple[int, float, tuple[Layout, ...]]], fillfactor: int
) -> tuple[float, float]:
    """Leaf pages (a fraction of the last one included) and entries on them."""
    pages = entries = 0.0
    few: list[tuple[int, float, tuple[int, ...]]] = []
    known: dict[int, tuple[int, ...]] = {}  # all keys of a class share one tuple of layouts
    for size, count, layouts in keys:
        bases = known.get(id(layouts))
        if bases is None:
            bases = tuple(min(LONGEST_ENTRY, entry_bytes(attributes, layout)) for layout in layouts)
            known[id(layouts)] = bases
        full = _rows_a_posting_list(bases[0])
        if size <= MANY_POSTING_LISTS * full:
            few.append((size, count, bases))
            continue
        # many full posting lists one after the other: they fill pages of their own
        lists = _entries_of(MANY_POSTING_LISTS * full, bases[0])
        pages += count * size / (MANY_POSTING_LISTS * full) * _fill(lists, fillfactor)
        entries += count * size / full
    total = sum(count for _, count, _ in few)
    if total > 0:
        entries_a_key = sum(count * (1 + size / _rows_a_posting_list(bases[0])) for size, count, bases in few) / total
        wanted = max(1, min(SIMULATED_KEYS, math.ceil(total), int(SIMULATED_ENTRIES / entries_a_key)))
        sequence = [entry for size, base in _sample(few, total, wanted) for entry in _entries_of(size, base)]
        factor = total / wanted
        pages += _fill(sequence, fillfactor) * factor
        entries += len(sequence) * factor
    return pages, entries


def _sample(keys: Sequence[tuple[int, float, tuple[int, ...]]], total: float, wanted: int) -> Iterator[tuple[int, int]]:
    """``wanted`` keys as (rows, bytes), as frequent among them as among all, in an order without pattern."""
    drawn: list[tuple[int, int]] = []
    cumulated, position = 0.0, 0
    for size, count, bases in keys:
        cumulated += count
        turn = 0
        while position < wanted and (position + 0.5) * total / wanted <= cumulated:
            drawn.append((size, bases[turn % len(bases)]))
            position, turn = position + 1, turn + 1
    order = sorted(range(len(drawn)), key=lambda i: i * GOLDEN_RATIO % 1.0)
    return (drawn[i] for i in order)


def _rows_a_posting_list(base: int) -> int:
    return max(1, (LONGEST_POSTING_LIST // 8 * 8 - base) // ROW_POINTER_BYTES)


@lru_cache(maxsize=8192)
def _entries_of(rows: int, base: int) -> tuple[Entry, ...]:
    """Entries of one key with that many rows."""
    full = _rows_a_posting_list(base)
    lists, left = divmod(rows, full)
    entries = [_entry(full, base)] * lists
    return tuple([*entries, _entry(left, base)] if left else entries)


def _entry(rows: int, base: int) -> Entry:
    size = base if rows == 1 else align(base + rows * ROW_POINTER_BYTES, 8)
    return Entry(size, size - base)


def _fill(entries: Sequence[Entry], fillfactor: int) -> float:
    """Pages that these entries fill, the last one as a fraction of a usual one (``_bt_buildadd``)."""
    spare = BLOCK_SIZE * (100 - fillfactor) // 100
    finished, on_page, room, used = 0, 0, EMPTY_PAGE_ROOM, 0
    last = Entry(0)
    for entry in entries:
        if on_page and (room < entry.size + 8 or (on_page > 1 and room + last.pointers < spare)):
            # the last entry moves to the next page, and its key stays behind as the high key
            moved = last.size + LINE_POINTER_BYTES if on_page > 1 else 0
            used += EMPTY_PAGE_ROOM - room - moved
            finished += 1
            room, on_page = EMPTY_PAGE_ROOM - moved, int(on_page > 1)
        room -= entry.size + LINE_POINTER_BYTES
        on_page += 1
        last = entry
    if not finished:
        return min(1.0, (EMPTY_PAGE_ROOM - room) / (EMPTY_PAGE_ROOM - spare))
    return finished + (EMPTY_PAGE_ROOM - room) * finished / used


def _pivot_bytes(
    attributes: Sequence[Attribute], prefixes: Sequence[Sequence[KeyClass]], rows: float, entries: float
) -> float:
    """Mean size of an entry of an inner page: the first columns, as many as tell two neighbouring leaves apart."""
    size, undecided = 0.0, 1.0
    width = 0
    for number, prefix in enumerate(prefixes, start=1):
        widths = [entry_bytes(attributes[:number], layout) for c in prefix for layout in c.layouts[:4]]
        width = sum(widths) // max(1, len(widths))
        apart = min(1.0, distinct_keys(prefix, rows) / max(1.0, entries))
        decided = undecided * apart
        size, undecided = size + decided * width, undecided - decided
    return size + undecided * (width + 8)  # equal keys on both sides: the row pointer decides


def _fanout(pivot_bytes: float) -> int:
    """Children of an inner page; its first entry stands for "minus infinity" and has no key."""
    room = EMPTY_PAGE_ROOM - BLOCK_SIZE * (100 - INNER_FILLFACTOR) // 100 - 8 - LINE_POINTER_BYTES
    return max(2, 1 + int(room / (pivot_bytes + LINE_POINTER_BYTES)))
