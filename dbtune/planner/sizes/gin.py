"""Pages of a GIN index as CREATE INDEX builds it: a tree of keys, each with the rows that have it.

How many keys there are is in no statistics of documents and texts, but ANALYZE keeps some of them whole, as bounds of
the histogram: a hundred values from all over the column, from which the keys are taken as the operator class takes
them. The keys seen once among them stand for those not seen. How many these are is estimated in two ways, both rather
too low: by the square root of "rows for each value looked at" (Charikar and others, "Towards Estimation Error
Guarantees for Distinct Values", 2000: GEE), and by how many keys were seen twice (Chao, "Nonparametric Estimation of
the Number of Classes in a Population", 1984); the greater counts.

Sources: ``src/include/access/ginblock.h``, ``ginpostinglist.c`` (pointers as varying-length differences),
``ginentrypage.c`` (``GinFormTuple``, ``entrySplitPage``), ``gindatapage.c`` (a build fills the pages of long lists),
``ts_typanalyze.c``, ``array_typanalyze.c`` (which elements are listed),
``jsonb_gin.c``, ``contrib/pg_trgm/trgm_op.c``.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dbtune.model.schema import Column, ColumnStatistics, Table

BLOCK_SIZE = 8192
USABLE = BLOCK_SIZE - 24 - 8
ENTRY_FILL = 0.5
"""Of the pages of the tree of keys: they come in order, and each split leaves half behind."""
LONGEST_ENTRY = 2704
"""``GinMaxItemSize``: a key with a longer list of rows gets a tree of their own for them."""
LIST_PAGE_BYTES = 8150
ROW_NUMBERS_A_PAGE = 2**11
POINTER_BYTES_OF_A_LIST = 8
"""The first pointer stands whole, before it the list's length."""

FEWEST_SAMPLES = 20
LENGTH_OF_RARE_WORDS = 12.0
"""Bytes of a word or number that is not among the common ones; a guess."""
TARGET = 100
"""``default_statistics_target``; lists of elements are ten times as long."""


@dataclass(frozen=True)
class Keys:
    """Keys that as many rows have each, in a mean."""

    number: float
    rows: float
    bytes: float


def gin_pages(table: Table, column: Column | None, opclass: str, rows: float) -> int:
    """Pages of an index on one column of a table, ``rows`` of whose rows are indexed, the metapage included."""
    table_pages = max(1, table.file_pages, table.pages)
    entries = lists = 0.0
    for keys in _keys(column, opclass, max(1.0, rows)):
        pointers = (keys.rows - 1.0) * _pointer_bytes(keys.rows, table_pages)
        entry = _aligned(8 + keys.bytes + POINTER_BYTES_OF_A_LIST + pointers)
        if entry > LONGEST_ENTRY:
            leaves = max(1.0, pointers / LIST_PAGE_BYTES)
            lists += keys.number * (leaves + 1.0 if leaves > 1.0 else 1.0)
            entry = _aligned(8 + keys.bytes)
        # the entry in the middle of the page that is split stays on the full half
        entries += keys.number * (entry + 4) / (ENTRY_FILL + entry / 2 / USABLE)
    tree = max(1, math.ceil(entries / USABLE))
    return 1 + tree + math.ceil(tree * 0.01 if tree > 1 else 0) + math.ceil(lists)


def _pointer_bytes(rows: float, pages: int) -> float:
    """Mean bytes of the difference between two row pointers: 7 bits of it in each byte, the page in the upper bits."""
    apart = pages / max(1.0, rows)  # pages, exponentially distributed
    size = 1.0
    for number in (1, 2, 3):
        limit = 2.0 ** (7 * number) / ROW_NUMBERS_A_PAGE
        beyond = math.exp(-limit / apart) if number > 1 else math.exp(-limit / apart) * -math.expm1(-1.0 / limit)
        size += beyond
    return size


def _keys(column: Column | None, opclass: str, rows: float) -> Sequence[Keys]:
    statistics = column.statistics if column is not None else None
    if column is not None and statistics is not None:
        rows *= 1.0 - statistics.null_frac
        if statistics.most_common_elems or statistics.most_common_elem_freqs:
            return _of_elements(statistics, rows, column.type_name.name)
        sampled = _sampled(column, statistics, opclass)
        if sampled is not None:
            return _seen(sampled, rows, 4.0 if opclass in ("jsonb_path_ops", "gin_trgm_ops") else None)
    return [_unknown(column, opclass, rows)]


def _seen(sampled: Sequence[tuple[frozenset[str], float]], rows: float, key_bytes: float | None) -> list[Keys]:
    """From the keys of sampled values, each with its share of the rows; keys of one path of documents together."""
    shares: dict[str, float] = {}
    times: Counter[str] = Counter()
    for keys, share in sampled:
        times.update(keys)
        for key in keys:
            shares[key] = shares.get(key, 0.0) + share
    once: Counter[str] = Counter(_path(key) for key, number in times.items() if number == 1)
    twice: Counter[str] = Counter(_path(key) for key, number in times.items() if number == 2)
    by_sample = math.sqrt(max(1.0, rows / len(sampled)))
    found: list[Keys] = []
    for key, number in times.items():
        width = key_bytes if key_bytes is not None else 2.0 + len(key.encode())
        pointers, alike = max(1.0, shares[key] * rows), 1.0
        if number == 1:
            by_repetition = (once[_path(key)] - 1) / (2 * (twice[_path(key)] + 1))
            alike = min(pointers, max(by_sample, by_repetition))
        found.append(Keys(alike, pointers / alike, width))
    return found


def _path(key: str) -> str:
    return key.partition("\0\0")[0] if "\0\0" in key else ""


def _sampled(column: Column, statistics: ColumnStatistics, opclass: str) -> list[tuple[frozenset[str], float]] | None:
    """Keys of the values that ANALYZE kept, with their shares of the rows that are not NULL."""
    present = max(1e-9, 1.0 - statistics.null_frac)
    values = list(statistics.histogram_bounds)
    common = list(zip(statistics.most_common_vals, statistics.most_common_freqs, strict=False))
    if len(values) + len(common) < FEWEST_SAMPLES:
        return None
    rest = max(0.0, 1.0 - sum(share for _, share in common) / present)
    weighted = [(text, share / present) for text, share in common] + [(text, rest / len(values)) for text in values]
    found: list[tuple[frozenset[str], float]] = []
    for text, share in weighted:
        keys = _keys_of(text, column, opclass)
        if keys is None:
            return None
        found.append((keys, share))
    return found


def _keys_of(text: str, column: Column, opclass: str) -> frozenset[str] | None:
    if opclass == "gin_trgm_ops":
        return frozenset(_trigrams(text))
    if column.type_name.name == "jsonb":
        try:
            document = json.loads(text)
        except ValueError:
            return None
        return frozenset(_leaves(document, "") if opclass == "jsonb_path_ops" else _parts(document))
    return None


def _trigrams(text: str) -> Iterator[str]:
    for word in re.findall(r"\w+", text.lower()):
        padded = f"  {word} "
        yield from (padded[start : start + 3] for start in range(len(padded) - 2))


def _leaves(value: object, path: str) -> Iterator[str]:
    """A key for each path with its value; places in arrays are no part of the path."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}\0{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, path)
    else:
        yield f"{path}\0\0{value}"


def _parts(value: object) -> Iterator[str]:
    """A key for each name and each value, wherever they stand."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield str(name)
            yield from _parts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _parts(inner)
    else:
        yield str(value)


def _of_elements(statistics: ColumnStatistics, rows: float, type_name: str) -> list[Keys]:
    """Of arrays and text searches ANALYZE counts the elements: the most common are listed, with the share of each."""
    listed = len(statistics.most_common_elems) or max(0, len(statistics.most_common_elem_freqs) - 3)
    frequencies = statistics.most_common_elem_freqs[:listed]
    names = statistics.most_common_elems or ("",) * listed
    found = [Keys(1.0, max(1.0, f * rows), _element_bytes(n)) for n, f in zip(names, frequencies, strict=False)]
    width = sum(keys.bytes for keys in found) / len(found) if found else 8.0
    if statistics.elem_count_histogram:
        others = statistics.elem_count_histogram[-1] - sum(frequencies)
    elif type_name == "tsvector":
        # an entry of 4 bytes, the letters, and about 4 of where in the text
        known = sum(f * (8.0 + keys.bytes) for f, keys in zip(frequencies, found, strict=False))
        others, width = (statistics.avg_width - 8 - known) / (8.0 + LENGTH_OF_RARE_WORDS), LENGTH_OF_RARE_WORDS
    else:
        others = 0.0
    if others > 0.02 * (others + sum(frequencies)):
        # what is seen less often than in 9 of 1,000/7 words for each one that fits the list is not listed
        seldom = 9 * 7 / 1000 / 10 / TARGET * (others + sum(frequencies))
        # a long tail begins among those listed; where few of them are rare, the others are ids, of one row each
        near = sum(f for f in frequencies if f < 4 * seldom)
        rows_a_key = 1.0 if others > 10 * near else max(1.0, math.sqrt(seldom * rows))
        found.append(Keys(max(1.0, others * rows / rows_a_key), rows_a_key, width))
    return found


def _element_bytes(text: str) -> float:
    return 1.0 + len(text.encode()) if text else 8.0


def _unknown(column: Column | None, opclass: str, rows: float) -> Keys:
    """Without statistics, or with values withheld."""
    statistics = column.statistics if column is not None else None
    width = float(statistics.avg_width) if statistics is not None and statistics.avg_width > 0 else 60.0
    name = column.type_name.name if column is not None else ""
    documents = rows if statistics is None else min(rows, statistics.distinct_values(rows))
    if opclass == "gin_trgm_ops":
        a_row, distinct, size = max(1.0, width * 0.9), 20_000.0, 4.0
    elif opclass == "jsonb_path_ops":
        a_row, distinct, size = max(1.0, width / 24), 20.0 + documents, 4.0
    elif opclass == "jsonb_ops" or name == "jsonb":
        a_row, distinct, size = max(2.0, width / 11), 20.0 + documents, 12.0
    else:
        a_row, distinct, size = max(1.0, width / 10), min(rows * width / 40, 100_000.0), 8.0
    distinct = max(1.0, min(distinct, rows * a_row))
    return Keys(distinct, rows * a_row / distinct, size)


def _aligned(size: float) -> float:
    return math.ceil(size / 8) * 8.0
