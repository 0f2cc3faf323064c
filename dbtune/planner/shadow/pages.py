"""First pages of index files, as the planner reads them: B-tree metapage and height, BRIN metapage.

The planner opens an index and asks its metapage how high the tree is (``btcostestimate``) or how long its range map is
(``brincostestimate``). These pages tell it what production's would; all pages after them may be zeros, which every
access method takes for empty. A GIN index's metapage counts its entries, which no catalog tells: there the planner
falls back on its own assumption (``gincostestimate``), as it does for an index that was never vacuumed.

Sources: ``src/include/storage/bufpage.h``, ``access/nbtree.h``, ``access/brin_page.h`` of Postgres
12 to 18 (the layouts are the same in all of them).
"""

from __future__ import annotations

import math
import struct

BLOCK_SIZE = 8192
HEADER_BYTES = 24
LAYOUT_VERSION = 4

BTREE_MAGIC = 0x053162
BTREE_VERSION = 4
BTREE_SPECIAL_BYTES = 16
BTREE_LEAF, BTREE_ROOT, BTREE_META = 1, 2, 8
PIVOT_TUPLE_FLAG = 0x2000
LINE_POINTER_NORMAL = 1

BRIN_MAGIC = 0xA8109CFA
BRIN_VERSION = 1
BRIN_META = 0xF091
REVMAP_ITEMS_PER_PAGE = 1360
"""``REVMAP_PAGE_MAXITEMS``: 6-byte item pointers on a page of 8 kB."""


def btree_head(height: int, pages: int) -> bytes:
    """The first pages of a B-tree of that height (levels above the leaf) with no entry in it.

    A metapage, then one page a level from the root down: inner pages hold only the "minus infinity" pivot that leads
    one level down, the leaf is empty. The leaf must be there: the planner probes the index for the column's present
    extremes, and finding none it falls back on the histogram. An index of at most one page has no root yet.
    """
    if pages <= 1:
        return _btree_metapage(root=0, level=0)
    levels = [_btree_page(block, height - block + 1, height) for block in range(1, height + 2)]
    return _btree_metapage(root=1, level=height) + b"".join(levels)


def brin_head(pages_per_range: int, heap_pages: int) -> bytes:
    """The metapage of a BRIN index over a table of that many pages."""
    ranges = math.ceil(heap_pages / pages_per_range)
    last_revmap_page = max(1, math.ceil(ranges / REVMAP_ITEMS_PER_PAGE))
    meta = struct.pack("=IIII", BRIN_MAGIC, BRIN_VERSION, pages_per_range, last_revmap_page)
    return _page(meta, struct.pack("=HHHH", 0, 0, 0, BRIN_META))


def _btree_metapage(root: int, level: int) -> bytes:
    meta = struct.pack("=IIIIIII4xd?7x", BTREE_MAGIC, BTREE_VERSION, root, level, root, level, 0, -1.0, False)
    return _page(meta, _btree_special(0, BTREE_META))


def _btree_page(block: int, level: int, height: int) -> bytes:
    flags = (BTREE_LEAF if level == 0 else 0) | (BTREE_ROOT if level == height else 0)
    special = _btree_special(level, flags)
    if level == 0:
        return _page(b"", special)
    downlink = block + 1
    pivot = struct.pack("=HHHH", downlink >> 16, downlink & 0xFFFF, 0, PIVOT_TUPLE_FLAG | 8)
    return _page(b"", special, pivot)


def _btree_special(level: int, flags: int) -> bytes:
    return struct.pack("=IIIHH", 0, 0, level, flags, 0)


def _page(content: bytes, special: bytes, item: bytes = b"") -> bytes:
    """A page with ``content`` after the header, or with one item, and the special area at its end."""
    special_at = BLOCK_SIZE - len(special)
    upper = special_at - len(item)
    if item:
        content = struct.pack("=I", upper | LINE_POINTER_NORMAL << 15 | len(item) << 17)
    lower = HEADER_BYTES + len(content)
    header = struct.pack("=QHHHHHHI", 0, 0, 0, lower, upper, special_at, BLOCK_SIZE | LAYOUT_VERSION, 0)
    return header + content + bytes(upper - lower) + item + special
