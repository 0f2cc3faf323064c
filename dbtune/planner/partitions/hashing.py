"""Which partition of a hash a value lies in, as Postgres reckons it, so that common values are counted where they are.

Sources: ``hash_bytes_extended`` and ``hash_bytes_uint32_extended`` in ``src/common/hashfn.c`` (Jenkins, lookup3),
``hashint8extended`` in ``src/backend/access/hash/hashfunc.c``, ``compute_partition_hash_value`` in
``src/backend/partitioning/partbounds.c``, ``hash_combine64`` in ``src/include/common/hashfn.h``. As machines reckon
that keep the lowest byte first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from dbtune.model.schema import Column
from dbtune.planner.partitions.axis import WHOLE_NUMBERS

SEED = 0x7A5B22367996DCFD
"""``HASH_PARTITION_SEED`` in ``src/include/catalog/partition.h``."""

WORD, LONG = 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF


def is_hashable(column: Column) -> bool:
    """Whether the hash of the column's type is known here. A collation of its own may hold different texts equal."""
    return column.collation is None and column.type_name.schema == "pg_catalog" and column.type_name.name in _HASHES


def remainder_of(column: Column, value: str, modulus: int) -> int | None:
    """Of the partition that holds a value, which is the server's text of it; None where that is not known.

    MySQL and MariaDB take whole numbers as they are, without their sign; of all else (``KEY``) they alone know.
    """
    if column.mysql is not None:
        return abs(int(value)) % modulus if column.type_name.name in WHOLE_NUMBERS else None
    if not is_hashable(column):
        return None
    own = _HASHES[column.type_name.name](value)
    return ((own + 0x49A0F4DD15E5A8E3) & LONG) % modulus


def _int4(value: str) -> int:
    return _hash_word(int(value) & WORD)


def _int8(value: str) -> int:
    number = int(value)
    low, high = number & WORD, (number >> 32) & WORD
    return _hash_word(low ^ (high if number >= 0 else ~high & WORD))


def _text(value: str) -> int:
    return _hash_bytes(value.encode())


def _uuid(value: str) -> int:
    return _hash_bytes(UUID(value).bytes)


_HASHES: Mapping[str, Callable[[str], int]] = {
    "int2": _int4,
    "int4": _int4,
    "int8": _int8,
    "text": _text,
    "varchar": _text,
    "uuid": _uuid,
}


def _hash_word(key: int) -> int:
    a, b, c = _begun(4)
    return _ended((a + key) & WORD, b, c)


def _hash_bytes(key: bytes) -> int:
    a, b, c = _begun(len(key))
    while len(key) >= 12:
        words = [int.from_bytes(key[at : at + 4], "little") for at in (0, 4, 8)]
        a, b, c = _mixed((a + words[0]) & WORD, (b + words[1]) & WORD, (c + words[2]) & WORD)
        key = key[12:]
    a += int.from_bytes(key[:4], "little")
    b += int.from_bytes(key[4:8], "little")
    c += int.from_bytes(key[8:], "little") << 8  # its lowest byte is the length's
    return _ended(a & WORD, b & WORD, c & WORD)


def _begun(length: int) -> tuple[int, int, int]:
    start = (0x9E3779B9 + length + 3923095) & WORD
    return _mixed((start + (SEED >> 32)) & WORD, (start + (SEED & WORD)) & WORD, start)


def _mixed(a: int, b: int, c: int) -> tuple[int, int, int]:
    for turn in (4, 6, 8, 16, 19, 4):
        a = ((a - c) & WORD) ^ _turned(c, turn)
        c = (c + b) & WORD
        a, b, c = b, c, a
    return a, b, c


def _ended(a: int, b: int, c: int) -> int:
    for turn in (14, 11, 25, 16, 4, 14, 24):
        c = ((c ^ b) - _turned(b, turn)) & WORD
        a, b, c = b, c, a
    return (a << 32 | b) & LONG


def _turned(word: int, by: int) -> int:
    return (word << by | word >> (32 - by)) & WORD
