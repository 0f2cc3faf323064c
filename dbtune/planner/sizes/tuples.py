"""Bytes of an index entry: the header, the null bitmap, each value with its alignment.

Sources: ``src/backend/access/common/indextuple.c`` (``index_form_tuple``), ``heaptuple.c``
(``heap_compute_data_size``), ``src/include/varatt.h`` (short headers), ``utils/adt/numeric.c`` (``NumericShort``),
``lsyscache.c`` (``get_typavgwidth``: widths without statistics).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dbtune.model.schema import Column

MAXIMUM_ALIGNMENT = 8
ENTRY_HEADER_BYTES = 8
ENTRY_HEADER_WITH_NULLS_BYTES = 16
"""8 bytes, a bitmap for 32 attributes, padding."""
LONGEST_SHORT_VARLENA = 127
"""A varlena of up to 126 bytes has a header of 1 byte and needs no alignment."""
COMPRESSED_FROM_BYTES = 508
"""``TOAST_INDEX_TARGET``: longer values are compressed where the column's storage allows it."""
COMPRESSION_RATIO = 0.6
"""Of natural text under pglz; a guess."""

Layout = tuple[int | None, ...]
"""Bytes of each value of an entry, header of a varlena included, padding not; None for NULL."""

Integers = NDArray[np.int64]

NULL = -1
"""In place of a width, in arrays."""


@dataclass(frozen=True)
class Attribute:
    """How the values of one key or included column are stored. ``length`` is ``attlen``, ``align`` in bytes."""

    length: int
    align: int
    type_name: str = ""
    usual_width: int = 0
    """Bytes of a value where there are no statistics."""


def align(size: int, alignment: int) -> int:
    """``size`` rounded up."""
    return -(-size // alignment) * alignment


def entry_bytes(attributes: Sequence[Attribute], layout: Layout) -> int:
    """Size of an index entry, without its line pointer, rounded up as on the page."""
    size = 0
    for attribute, width in zip(attributes, layout, strict=False):
        if width is None:
            continue
        if attribute.length != -1 or width > LONGEST_SHORT_VARLENA:
            size = align(size, attribute.align)
        size += width
    header = ENTRY_HEADER_WITH_NULLS_BYTES if None in layout else ENTRY_HEADER_BYTES
    return align(header + size, MAXIMUM_ALIGNMENT)


def appended(filled: Integers, attribute: Attribute, widths: Integers) -> Integers:
    """Entries with one more value each, of that width or ``NULL``.

    A number stands for a whole entry: the bytes of its values with their padding, times two, and 1 more where one of
    them is NULL. An entry without values is 0.
    """
    size = filled >> 1
    aligned = (size + attribute.align - 1) & -attribute.align  # alignments are powers of two
    if attribute.length == -1:
        aligned = np.where(widths > LONGEST_SHORT_VARLENA, aligned, size)
    longer = (aligned + widths) << 1 | filled & 1
    return np.where(widths == NULL, filled | 1, longer)


def entry_sizes(filled: Integers) -> Integers:
    """``entry_bytes`` of what ``appended`` has made."""
    header: Integers = np.where(filled & 1, ENTRY_HEADER_WITH_NULLS_BYTES, ENTRY_HEADER_BYTES)
    return (header + (filled >> 1) + MAXIMUM_ALIGNMENT - 1) & -MAXIMUM_ALIGNMENT


def attribute_of(column: Column) -> Attribute:
    """How an index stores a column's values."""
    if column.type_name.name == "name":  # name_ops keeps a cstring, not the 64 bytes
        return Attribute(-2, 1, "name", 16)
    return Attribute(column.length, column.align, column.type_name.name, _usual_width(column))


def value_width(attribute: Attribute, text: str) -> int | None:
    """Bytes of the value with this text form, or None where the text does not tell."""
    if attribute.length > 0:
        return attribute.length
    if attribute.type_name in ("text", "varchar", "bpchar", "citext"):
        size = len(text.encode())
        return _stored(size + (1 if size <= 126 else 4))
    if attribute.type_name == "name":
        return len(text.encode()) + 1
    if attribute.type_name == "numeric":
        return _numeric_width(text)
    return None


def _stored(size: int) -> int:
    return size if size <= COMPRESSED_FROM_BYTES else int(size * COMPRESSION_RATIO)


def _numeric_width(text: str) -> int | None:
    """Short header, 2 bytes of sign, scale and weight, 2 bytes for each base-10000 digit; outer zeros are not kept."""
    found = re.fullmatch(r"-?(\d+)(?:\.(\d+))?", text)
    if found is None:
        return None
    whole, fraction = found[1], found[2] or ""
    whole = whole.zfill(align(len(whole), 4))
    fraction = fraction.ljust(align(len(fraction), 4), "0")
    digits = whole + fraction
    groups = [digits[start : start + 4] for start in range(0, len(digits), 4)]
    while groups and groups[-1] == "0000":
        groups.pop()
    while groups and groups[0] == "0000":
        groups.pop(0)
    return 3 + 2 * len(groups)


def _usual_width(column: Column) -> int:
    if column.length > 0:
        return column.length
    declared = re.search(r"\((\d+)", column.type)
    name = column.type_name.name
    if name == "bpchar" and declared:
        return int(declared[1]) + 1
    if name == "varchar" and declared:
        maximum = int(declared[1])
        if maximum <= 32:
            return maximum
        return 32 + (maximum - 32) // 2 if maximum < 1000 else 32 + (1000 - 32) // 2
    return {"numeric": 8, "inet": 7, "cidr": 7}.get(name, 32)
