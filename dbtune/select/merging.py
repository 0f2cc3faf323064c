"""Indexes that do the work of two: of one table, the keys of one beginning with those of the other, INCLUDE of both.

Source: Chaudhuri and Narasayya, "Index Merging", ICDE 1999.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import permutations

from dbtune.candidates.covering import MAXIMUM_INCLUDED, MAXIMUM_INCLUDED_WIDTH, included_width
from dbtune.ddl.indexes import index_name
from dbtune.ddl.partitioned import taken_names
from dbtune.model.schema import Index
from dbtune.model.snapshot import Snapshot

MOST_MERGED = 60


def merged(gains: Mapping[Index, float], known: Collection[Index], snapshot: Snapshot) -> dict[Index, float]:
    """New indexes, each with a bound of its net gain: what its two parts gain, each alone.

    ``gains``: net gain of each useful index alone. ``known``: all candidates, none of which is made again.
    """
    shapes = {index.shape for index in known}
    names = {index.name for index in known}
    found: dict[Index, float] = {}
    for index, gain in sorted(_pairs(gains, snapshot), key=lambda pair: (-pair[1], repr(pair[0].shape))):
        if len(found) >= MOST_MERGED:
            break
        if index.shape not in shapes:
            shapes.add(index.shape)
            taken = names | taken_names(snapshot, index.table.schema)
            named = replace(index, name=index_name(index, taken))
            names.add(named.name)
            found[named] = gain
    return found


def _pairs(gains: Mapping[Index, float], snapshot: Snapshot) -> Iterator[tuple[Index, float]]:
    alike: dict[tuple[object, ...], list[Index]] = {}
    for index in gains:
        alike.setdefault((index.table, index.method, index.keys[0], index.predicate), []).append(index)
    for group in alike.values():
        for short, long in permutations(group, 2):
            both = _both(short, long, snapshot)
            if both is not None:
                yield both, gains[short] + gains[long]


def _both(short: Index, long: Index, snapshot: Snapshot) -> Index | None:
    """The longer one with what the shorter one includes; None where that is nothing new, or too wide."""
    table = snapshot.table(long.table)
    if table is None or short.method != "btree" or long.keys[: len(short.keys)] != short.keys:
        return None
    keys = {key.column for key in long.keys}
    include = sorted((set(short.include) | set(long.include)) - keys)
    if set(include) == set(long.include) or len(include) > MAXIMUM_INCLUDED:
        return None
    if included_width(table, include) > MAXIMUM_INCLUDED_WIDTH:
        return None
    return replace(long, name="", include=tuple(include))
