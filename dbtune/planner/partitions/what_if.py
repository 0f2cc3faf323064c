"""The snapshot with one of its tables partitioned: what a collector would find after the conversion and an ANALYZE.

The shadow plans on any snapshot, so that this is all there is to what-if partitioning. Each partition has its share of
the rows and pages, the key's statistics cut to its bounds, the other columns' with fewer distinct values, and indexes
of its own; the partitioned table has the whole's as inherited statistics.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from dbtune.ddl.indexes import create_index
from dbtune.ddl.partitions import KEYS, partition_bound, partition_key, widened_constraint, widened_index
from dbtune.model.names import QualifiedName
from dbtune.model.partitioning import Part, PartitionScheme
from dbtune.model.schema import Column, ColumnStatistics, Constraint, Index, IndexFacts, Table
from dbtune.model.snapshot import Snapshot
from dbtune.planner.index_size import BLOCK_SIZE, index_pages
from dbtune.planner.partitions.axis import Axis, axis_of
from dbtune.planner.partitions.distribution import Distribution, as_kept, in_part
from dbtune.planner.partitions.evening import even_out, sampled_rows
from dbtune.planner.partitions.hashing import remainder_of
from dbtune.planner.sizes.distinct import Counts
from dbtune.planner.sizes.parents import CLUSTERED_CORRELATION

IN_STEP = 0.95
"""Columns whose rows lie in their order to at least this degree (``correlation``) grow together."""


@dataclass(frozen=True)
class _Share:
    """What a part holds: a share of the rows, and, of a range, which stretch of the rows in the key's order."""

    rows: float
    begin: float = 0.0
    end: float = 1.0
    key: ColumnStatistics | None = None


def partitioned(snapshot: Snapshot, scheme: PartitionScheme) -> Snapshot:
    """The snapshot with the scheme's table partitioned. Raises ValueError for a table that is no ordinary one."""
    table = snapshot.table(scheme.table)
    if table is None or table.kind != "table" or table.parents or snapshot.children(table.name):
        raise ValueError(f"{scheme.table} is not an ordinary table")
    counts = Counts(table, table.rows, snapshot)
    parent = _parent(counts, scheme)
    shares = part_shares(table, scheme)
    children = [_child(counts, parent, scheme, part, share) for part, share in zip(scheme.parts, shares, strict=True)]
    others = [one for one in snapshot.tables if one.name != table.name]
    changed = replace(snapshot, tables=(*others, parent, *children))
    sized = [_with_index_sizes(child, table, snapshot, changed) for child in children]
    return replace(changed, tables=(*others, parent, *sized))


def part_shares(table: Table, scheme: PartitionScheme) -> tuple[_Share, ...]:
    """What each part holds, in the scheme's order. Without statistics of the key the rows are spread evenly."""
    column = table.column(scheme.column)
    statistics = column.statistics if column is not None else None
    if column is None or statistics is None:
        filled = [part for part in scheme.parts if not part.is_default]
        return tuple(_Share(0.0 if part.is_default else 1.0 / len(filled)) for part in scheme.parts)
    if scheme.kind == "list":
        return tuple(_list_shares(scheme, statistics))
    if scheme.kind == "hash":
        return tuple(_hash_shares(column, scheme, statistics, table.rows))
    return tuple(_range_shares(column, scheme, statistics, table.rows))


def _list_shares(scheme: PartitionScheme, statistics: ColumnStatistics) -> Iterator[_Share]:
    frequency = dict(zip(statistics.most_common_vals, statistics.most_common_freqs, strict=False))
    rest = 1.0 - sum(frequency.get(value, 0.0) for part in scheme.parts for value in part.values)
    for part in scheme.parts:
        rows = max(0.0, rest) if part.is_default else sum(frequency.get(value, 0.0) for value in part.values)
        kept = [value for value in frequency if value in part.values] if not part.is_default else []
        own = replace(
            statistics,
            null_frac=0.0,
            n_distinct=float(max(1, len(part.values))),
            most_common_vals=tuple(kept),
            most_common_freqs=tuple(frequency[value] / rows for value in kept) if rows > 0 else (),
            histogram_bounds=(),
        )
        yield _Share(rows, key=own)


def _hash_shares(
    column: Column, scheme: PartitionScheme, statistics: ColumnStatistics, rows: float
) -> Iterator[_Share]:
    """A common value is in one partition, with all its rows; the others are spread evenly."""
    modulus = len(scheme.parts)
    held: list[list[tuple[str, float]]] = [[] for _ in scheme.parts]
    for value, frequency in zip(statistics.most_common_vals, statistics.most_common_freqs, strict=False):
        remainder = remainder_of(column, value, modulus)
        if remainder is not None:
            held[remainder].append((value, frequency))
    placed = [frequency for part in held for _, frequency in part]
    others = max(0.0, 1.0 - statistics.null_frac - sum(placed)) / modulus
    distinct = max(0.0, statistics.distinct_values(rows) - len(placed)) / modulus
    for part in scheme.parts:
        assert part.remainder is not None
        own = held[part.remainder]
        nulls = statistics.null_frac if part.remainder == 0 else 0.0
        share = nulls + others + sum(frequency for _, frequency in own)
        kept = as_kept(max(1.0, distinct + len(own)), share * rows)
        key = replace(
            statistics,
            null_frac=nulls / share if share > 0 else 0.0,
            n_distinct=-1.0 if statistics.n_distinct == -1.0 else kept,
            most_common_vals=tuple(value for value, _ in own),
            most_common_freqs=tuple(frequency / share for _, frequency in own),
        )
        yield _Share(share, key=key)


def _range_shares(
    column: Column, scheme: PartitionScheme, statistics: ColumnStatistics, rows: float
) -> Iterator[_Share]:
    axis = axis_of(column)
    if axis is None:
        raise ValueError(f"{column.name}: no ranges of {column.type}")
    distribution = Distribution.of(axis, statistics)
    edges = [_edges(axis, part) for part in scheme.parts]
    ends = distribution.ends or (0.0, 0.0)
    evened = even_out(
        [distribution.share(*edge) for edge in edges],
        [max(0.0, min(high, ends[1]) - max(low, ends[0])) for low, high in edges],
        sampled_rows(len(distribution.bounds), rows),
    )
    taken = 0.0
    for edge, share in zip(edges, evened, strict=True):
        yield _Share(share, taken, min(1.0, taken + share), distribution.cut(*edge, rows))
        taken += share


def _edges(axis: Axis, part: Part) -> tuple[float, float]:
    """Points where a range begins and ends; nothing lies in the default."""
    if part.is_default:
        return math.inf, math.inf
    low = -math.inf if part.lower is None else axis.point(part.lower)
    high = math.inf if part.upper is None else axis.point(part.upper)
    if low is None or high is None:
        raise ValueError(f"{part.name}: its bounds are no values of the column")
    return low, high


def _parent(counts: Counts, scheme: PartitionScheme) -> Table:
    table = counts.table
    return replace(
        table,
        kind="partitioned",
        partition_key=partition_key(scheme),
        columns=tuple(_whole_column(column, counts, scheme) for column in table.columns),
        constraints=tuple(widened_constraint(c, table, scheme.column) for c in table.constraints if _can_be(c)),
        indexes=tuple(_parent_index(index, scheme) for index in table.indexes if _is_kept(index)),
        pages=0,
        all_visible_pages=0,
        file_pages=0,
        total_bytes=0,
        toast_bytes=0,
        options=(),
        activity=None,
    )


def _can_be(constraint: Constraint) -> bool:
    return constraint.kind != "exclusion"


def _is_kept(index: Index) -> bool:
    return not index.exclusion and (index.facts is None or index.facts.valid)


def _parent_index(index: Index, scheme: PartitionScheme) -> Index:
    wide = widened_index(index, scheme.column)
    facts = index.facts or IndexFacts("")
    facts = replace(
        facts,
        definition=create_index(wide, concurrently=False, only=True),
        pages=0,
        tuples=0.0,
        bytes=0,
        tree_height=None,
        key_statistics=(),
        partition_of=None,
    )
    return replace(wide, facts=facts)


def _child(counts: Counts, parent: Table, scheme: PartitionScheme, part: Part, share: _Share) -> Table:
    table = counts.table
    name = QualifiedName(table.name.schema, part.name)
    rows = share.rows * table.rows
    pages = math.ceil(share.rows * table.file_pages) if rows >= 1 else 0
    return replace(
        table,
        name=name,
        kind="table",
        partition_bound=partition_bound(scheme, part),
        parents=(table.name,),
        columns=tuple(_column(column, counts, scheme, share) for column in table.columns),
        constraints=tuple(_own_constraint(c, name) for c in parent.constraints),
        indexes=tuple(_own_index(index, name, scheme) for index in parent.indexes),
        tuples=rows,
        pages=pages,
        file_pages=pages,
        all_visible_pages=min(pages, int(share.rows * table.all_visible_pages)),
        total_bytes=int(share.rows * table.total_bytes),
        toast_bytes=int(share.rows * table.toast_bytes),
        activity=None,
        comment=None,
    )


def _own_constraint(constraint: Constraint, table: QualifiedName) -> Constraint:
    """A key is made on each partition under a name of its own and attached; the others come down from the parent."""
    if constraint.kind not in KEYS or constraint.index is None:
        return replace(constraint, inherited=True)
    name = child_index_name(constraint.index, table)
    return replace(constraint, name=name, index=name, inherited=True)


def _own_index(index: Index, table: QualifiedName, scheme: PartitionScheme) -> Index:
    own = replace(index, name=child_index_name(index.name, table), table=table)
    assert index.facts is not None
    constraint = None if index.facts.constraint is None else own.name
    facts = replace(
        index.facts,
        definition=create_index(own, concurrently=False),
        partition_of=QualifiedName(scheme.table.schema, index.name),
        constraint=constraint,
    )
    return replace(own, facts=facts)


def child_index_name(index: str, table: QualifiedName) -> str:
    """Within 63 bytes: the partition tells them apart, so that the index's name is what is cut."""
    return f"{table.name}_{index}".encode()[:63].decode(errors="ignore")


def _column(column: Column, counts: Counts, scheme: PartitionScheme, share: _Share) -> Column:
    statistics = column.statistics
    if statistics is None:
        return column
    if column.name == scheme.column and share.key is not None:
        return replace(column, statistics=share.key, inherited_statistics=None)
    key = counts.table.column(scheme.column)
    return replace(column, statistics=_own_statistics(column, statistics, key, counts, share))


def _own_statistics(
    column: Column, statistics: ColumnStatistics, key: Column | None, counts: Counts, share: _Share
) -> ColumnStatistics:
    """Of a column that is not the key: a stretch of it where it grows with the key, else a part of its values."""
    whole = counts.rows
    axis = axis_of(column)
    if axis is not None and key is not None and 0.0 < share.end - share.begin < 1.0:
        direction = _in_step(key, column)
        if direction and not statistics.most_common_vals and len(statistics.histogram_bounds) > 1:
            begin, end = (share.begin, share.end) if direction > 0 else (1.0 - share.end, 1.0 - share.begin)
            distribution = Distribution.of(axis, statistics)
            cut = distribution.cut(distribution.at(begin), distribution.at(end, past_end=True), whole)
            return replace(cut, n_distinct=statistics.n_distinct) if statistics.n_distinct < 0 else cut
    if statistics.n_distinct == -1.0:
        return statistics
    rows = whole * share.rows
    kept = as_kept(_values_in_part(column, key, counts, share), rows) if rows >= 1 else 0.0
    return replace(statistics, n_distinct=max(kept, float(len(statistics.most_common_vals))) if kept > 0 else kept)


def _values_in_part(column: Column, key: Column | None, counts: Counts, share: _Share) -> float:
    """Distinct values of a column in a part.

    Rows with equal values that lie side by side are one parent's and were made together. Where the key has the order
    of the rows, a parent's are all in one part. Where it is a time of another order, they are near each other in time,
    nobody knows how near: half way between all in one part and anywhere.
    """
    distinct = counts.distinct(column)
    anywhere = in_part(distinct, share.rows, counts.rows)
    axis = axis_of(key) if key is not None else None
    if not _lies_side_by_side(column) or key is None or axis is None or share.key is None:
        return anywhere
    together = distinct * share.rows
    if _correlation(key) >= IN_STEP:
        return together
    return (together + anywhere) / 2 if axis.is_time else anywhere


def _lies_side_by_side(column: Column) -> bool:
    return _correlation(column) >= CLUSTERED_CORRELATION


def _correlation(column: Column) -> float:
    return abs(column.statistics.correlation or 0.0) if column.statistics is not None else 0.0


def _whole_column(column: Column, counts: Counts, scheme: PartitionScheme) -> Column:
    """A column of the partitioned table: its statistics are those of all partitions together.

    Equal values that lie side by side are found on the same pages, so that ANALYZE sees too few of the values; spread
    over partitions they are seen more nearly as they are.
    """
    statistics = column.statistics
    key = counts.table.column(scheme.column)
    spread = key is not None and key is not column and _correlation(key) < IN_STEP
    if statistics is not None and spread and _lies_side_by_side(column) and statistics.n_distinct != -1.0:
        part = _Share(1.0 / sum(not part.is_default for part in scheme.parts), key=statistics)
        side_by_side = counts.rows * part.rows / _values_in_part(column, key, counts, part)
        seen = seen_by_analyze(counts.distinct(column), counts.table, side_by_side, statistics)
        statistics = replace(statistics, n_distinct=as_kept(seen, counts.rows))
    return replace(column, statistics=None, inherited_statistics=statistics)


def seen_by_analyze(distinct: float, table: Table, side_by_side: float, statistics: ColumnStatistics) -> float:
    """How many distinct values ANALYZE makes of ``distinct`` where so many equal ones lie on one page.

    It draws pages, and rows from these: a row's neighbour is drawn far more often than a row elsewhere. The number of
    values it finds goes down as that of equal rows in the sample goes up.
    """
    rows, pages = table.rows, max(table.file_pages, 1)
    sampled = sampled_rows(len(statistics.histogram_bounds), rows)
    anywhere = sampled / rows
    on_its_page = min(1.0, sampled / (min(sampled, pages) * rows / pages))
    equal = rows / distinct
    met = (side_by_side - 1.0) * on_its_page + (equal - side_by_side) * anywhere
    by_chance = (equal - 1.0) * anywhere
    return distinct * min(1.0, by_chance / met) if met > 0 else distinct


def _in_step(key: Column, column: Column) -> int:
    """1 where both columns grow together, -1 where one falls as the other grows, 0 where nothing is known."""
    if key.statistics is None or column.statistics is None:
        return 0
    one, other = key.statistics.correlation or 0.0, column.statistics.correlation or 0.0
    if min(abs(one), abs(other)) < IN_STEP:
        return 0
    return 1 if one * other > 0 else -1


def _with_index_sizes(child: Table, table: Table, before: Snapshot, after: Snapshot) -> Table:
    """The partition's indexes as large as the model says, times what the whole's is larger or smaller than it says."""
    return replace(child, indexes=tuple(_sized(index, child, table, before, after) for index in child.indexes))


def _sized(index: Index, child: Table, table: Table, before: Snapshot, after: Snapshot) -> Index:
    assert index.facts is not None and index.facts.partition_of is not None
    whole = table.index(index.facts.partition_of.name)
    if whole is None or whole.facts is None:
        return index
    size = index_pages(index, child, after)
    model = index_pages(replace(whole, facts=None), table, before)
    factor = whole.facts.bytes / model.bytes if model.bytes and whole.facts.bytes and not whole.unique else 1.0
    pages = max(1, round(size.pages * factor)) if child.file_pages else 1
    facts = replace(
        index.facts,
        pages=pages,
        bytes=pages * BLOCK_SIZE,
        tuples=size.tuples,
        tree_height=size.height if factor == 1.0 and index.method == "btree" else None,
        key_statistics=whole.facts.key_statistics,
    )
    return replace(index, facts=facts)
