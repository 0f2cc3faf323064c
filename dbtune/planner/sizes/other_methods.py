"""Pages of BRIN indexes (exactly), hash indexes (closely), GiST and SP-GiST indexes (roughly).

Sources: ``src/include/access/brin_page.h``, ``hash.h`` and ``hashpage.c`` (``_hash_init_metabuffer``).
"""

from __future__ import annotations

import math

BLOCK_SIZE = 8192
USABLE = 8192 - 24 - 16

BRIN_REVMAP_ITEMS = 1360
BRIN_PAGES_PER_RANGE = 128
HASH_FILLFACTOR = 75
HASH_ENTRY_BYTES = 20
GIST_FILL = 0.63
"""Of pages that were split at random, as builds without sorting do."""

MARGINS = {"gin": 1.5, "gist": 1.5, "spgist": 1.5}
"""What to allow for, by method, where statistics say too little of what is inside the values; a guess for GiST."""


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
