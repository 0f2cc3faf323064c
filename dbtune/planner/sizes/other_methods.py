"""Pages of indexes that are no B-trees: BRIN exactly, hash closely, GIN, GiST and SP-GiST roughly.

Sources: ``src/include/access/brin_page.h``, ``hash.h`` and ``hashpage.c`` (``_hash_init_metabuffer``), ``ginblock.h``
and ``ginpostinglist.c`` (row pointers of one key, kept as varying-length differences).
"""

from __future__ import annotations

import math

from dbtune.model.schema import Column, Table

BLOCK_SIZE = 8192
USABLE = 8192 - 24 - 16

BRIN_REVMAP_ITEMS = 1360
BRIN_PAGES_PER_RANGE = 128
HASH_FILLFACTOR = 75
HASH_ENTRY_BYTES = 20
GIST_FILL = 0.63
"""Of pages that were split at random, as builds without sorting do."""

GIN_ENTRY_FILL = 0.5
"""Of the pages of the tree of keys: they are inserted in order, and each split leaves half behind."""
GIN_POSTING_PAGE_BYTES = 8000
GIN_LONGEST_INLINE_POSTING_BYTES = 2700
"""``GinMaxItemSize``: longer lists of rows get a tree of their own."""
ROW_POINTER_OFFSET_BITS = 11


def brin_pages(table_pages: int, key_bytes: int, pages_per_range: int = BRIN_PAGES_PER_RANGE) -> int:
    """Metapage, range map and summaries (minimum and maximum of each key)."""
    ranges = max(1, math.ceil(table_pages / pages_per_range))
    summary = -(-(8 + 2 * key_bytes) // 8) * 8 + 4
    return 1 + math.ceil(ranges / BRIN_REVMAP_ITEMS) + math.ceil(ranges * summary / USABLE)


def hash_pages(rows: float, distinct: float, fillfactor: int = HASH_FILLFACTOR) -> int:
    """Metapage, bitmap, and the buckets with their overflow pages.

    Entries hold a hash code only (20 bytes with the line pointer). The number of buckets is a power of two, from 1,024
    on with quarters between; where it lies between two powers, some buckets are split and the others twice as full.
    """
    wanted = max(2.0, rows / (BLOCK_SIZE * fillfactor // 100 // HASH_ENTRY_BYTES))
    power = 2.0 ** math.ceil(math.log2(wanted))
    buckets = power if power <= 512 else next(power * s for s in (0.625, 0.75, 0.875, 1.0) if power * s >= wanted)
    split = 2 * (buckets - power / 2)  # the split ones and what they were split into
    pages = split * _pages_a_bucket(rows / power, distinct / power)
    if buckets > split:
        pages += (buckets - split) * _pages_a_bucket(2 * rows / power, 2 * distinct / power)
    return int(2 + pages)


def _pages_a_bucket(rows: float, keys: float) -> float:
    """Mean pages of a bucket in which ``keys`` keys with ``rows`` rows are expected: how many come is up to chance."""
    per_page = USABLE // HASH_ENTRY_BYTES
    rows_a_key = max(1.0, rows / max(keys, 1e-9))
    most = int(keys + 8 * math.sqrt(keys)) + 8
    log_chance, pages = -keys, 0.0
    for number in range(most):
        pages += math.exp(log_chance) * max(1, math.ceil(number * rows_a_key / per_page))
        log_chance += math.log(keys / (number + 1))
    return pages


def gist_pages(rows: float, key_bytes: int) -> int:
    """Entries in leaves that were split at random, and the pages above."""
    entry = -(-(8 + key_bytes) // 8) * 8 + 4
    leaves = math.ceil(rows * entry / (USABLE * GIST_FILL))
    return leaves + math.ceil(leaves * (entry + 8) / USABLE) + 1


def gin_pages(table: Table, column: Column | None, opclass: str, rows: float) -> int:
    """Metapage, tree of keys, row pointers of each."""
    per_row, distinct, key_bytes = _gin_keys(column, opclass, rows)
    pointers = rows * per_row
    mean = pointers / max(1.0, distinct)
    # rows of a key lie this many pages apart: that is what the differences between their pointers must hold
    pages = max(1, table.file_pages, table.pages)
    apart = max(1.0, pages / max(1.0, mean)) * 2**ROW_POINTER_OFFSET_BITS if mean > 1 else 1.0
    pointer_bytes = max(1.0, math.ceil(math.log2(apart) / 7)) if mean > 1 else 6.0
    frequent = _share_of_frequent(column, rows)
    inline = pointers * (1 - frequent) * pointer_bytes
    dense = max(1.0, math.ceil((math.log2(max(1.0, pages / max(1.0, rows))) + ROW_POINTER_OFFSET_BITS) / 7))
    trees = pointers * frequent * min(dense, pointer_bytes) / GIN_POSTING_PAGE_BYTES
    if mean * pointer_bytes > GIN_LONGEST_INLINE_POSTING_BYTES:
        trees, inline = trees + inline / GIN_POSTING_PAGE_BYTES, 0.0
    entry = -(-(8 + key_bytes + 2) // 8) * 8 + 4
    keys = (distinct * entry + inline) / (USABLE * GIN_ENTRY_FILL)
    return 2 + math.ceil(keys * 1.01) + math.ceil(trees)


def _gin_keys(column: Column | None, opclass: str, rows: float) -> tuple[float, float, float]:
    """(keys a row, distinct keys, bytes a key)."""
    statistics = column.statistics if column is not None else None
    width = float(statistics.avg_width) if statistics is not None and statistics.avg_width > 0 else 60.0
    present = 1.0 - statistics.null_frac if statistics is not None else 1.0
    if opclass == "gin_trgm_ops":
        per_row = max(1.0, width * 0.9)
        return per_row * present, min(rows * per_row, 20_000.0), 4.0
    if opclass == "jsonb_path_ops":
        per_row = max(1.0, width / 24)
        return per_row * present, _distinct_parts(column, rows), 4.0
    if opclass == "jsonb_ops" or (column is not None and column.type_name.name == "jsonb"):
        per_row = max(2.0, width / 11)
        return per_row * present, _distinct_parts(column, rows), 12.0
    if statistics is not None and statistics.elem_count_histogram:
        per_row = max(0.01, statistics.elem_count_histogram[-1])
        return per_row * present, _distinct_elements(column, rows * per_row), min(12.0, width / per_row)
    per_row = max(1.0, width / 10)
    return per_row * present, max(1.0, min(rows * per_row / 4, 100_000.0)), 8.0


def _distinct_parts(column: Column | None, rows: float) -> float:
    """Keys and values of documents: one value of its own for each distinct document, the others in common."""
    statistics = column.statistics if column is not None else None
    return 20.0 + (rows if statistics is None else min(rows, statistics.distinct_values(rows)))


def _distinct_elements(column: Column | None, pointers: float) -> float:
    """Common elements are listed; where the rarest of them is rare, there are more, of about its frequency and less."""
    statistics = column.statistics if column is not None else None
    if statistics is None or not statistics.most_common_elem_freqs:
        return max(1.0, min(pointers / 10, 100_000.0))
    listed = len(statistics.most_common_elems) or len(statistics.most_common_elem_freqs) - 3
    frequencies = statistics.most_common_elem_freqs[:listed]
    per_row = statistics.elem_count_histogram[-1] if statistics.elem_count_histogram else 1.0
    uncovered = max(0.0, per_row - sum(frequencies))
    rarest = max(min(frequencies, default=0.01), 1e-6)
    return listed + (uncovered / rarest * 3 if uncovered > 0.02 * per_row else 0.0)


def _share_of_frequent(column: Column | None, rows: float) -> float:
    """Share of row pointers under keys with so many rows that they get a tree of their own."""
    statistics = column.statistics if column is not None else None
    if statistics is None or not statistics.elem_count_histogram:
        return 0.3
    listed = len(statistics.most_common_elems) or len(statistics.most_common_elem_freqs) - 3
    enough = GIN_LONGEST_INLINE_POSTING_BYTES / 2 / max(1.0, rows)
    total = sum(f for f in statistics.most_common_elem_freqs[:listed] if f >= enough)
    return min(1.0, total / max(0.01, statistics.elem_count_histogram[-1]))
