"""Production's column statistics, as rows of ``pg_stats``, into the shadow's ``pg_statistic``.

Postgres 18 has ``pg_restore_attribute_stats`` for this; writing the rows is the one way that is the same from 12 to 18,
and as the superuser of a server of our own we may.

Sources: ``src/backend/commands/analyze.c``, ``utils/adt/array_typanalyze.c``, ``rangetypes_typanalyze.c``,
``tsearch/ts_typanalyze.c`` for what is kept in which slot; ``catalog/pg_statistic.h`` for the kinds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import psycopg

from dbtune.connect.refusals import first_line
from dbtune.model.names import QualifiedName
from dbtune.model.schema import ColumnStatistics, Index
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Limit
from dbtune.planner.shadow.catalog import (
    DEFAULT_COLLATION,
    FLOAT8_LESS,
    FLOAT8_TYPE,
    Attribute,
    ColumnOperators,
    Relation,
    TypeCatalog,
)
from dbtune.planner.shadow.ddl_runner import Connection

SLOTS = 5
BATCH = 400
"""Rows of ``pg_statistic`` in one statement."""

(
    MOST_COMMON_VALUES,
    HISTOGRAM,
    CORRELATION,
    MOST_COMMON_ELEMENTS,
    ELEMENT_COUNTS,
    RANGE_LENGTHS,
    RANGE_BOUNDS,
) = range(1, 8)
"""``STATISTIC_KIND_…``"""


@dataclass(frozen=True)
class Slot:
    """One of the five slots of a row of ``pg_statistic``."""

    kind: int
    operator: int
    collation: int
    numbers: tuple[float, ...] = ()
    values: tuple[str, ...] = ()
    value_type: int = 0


@dataclass(frozen=True)
class StatisticRow:
    """One row of ``pg_statistic``: an attribute's own statistics, or those over the tree below its table."""

    what: str
    attribute: Attribute
    inherited: bool
    statistics: ColumnStatistics
    slots: tuple[Slot, ...]


def write_statistics(
    connection: Connection,
    snapshot: Snapshot,
    relations: Mapping[QualifiedName, Relation],
    attributes: Mapping[int, tuple[Attribute, ...]],
    *,
    by_bytes: bool = False,
) -> tuple[Limit, ...]:
    """Write the statistics of every column and index expression; Limits for those whose values the server refuses.

    ``by_bytes``: the shadow orders text by bytes and production does not: histograms of text are put in that order,
    for in any other one the planner would read nonsense from them.
    """
    rows: Sequence[StatisticRow] = tuple(_rows(snapshot, relations, attributes, TypeCatalog(connection)))
    if by_bytes:
        rows = tuple(map(_ordered_by_bytes, rows))
    limits: list[Limit] = []
    for start in range(0, len(rows), BATCH):
        limits += _insert(connection, rows[start : start + BATCH])
    return tuple(limits)


def _rows(
    snapshot: Snapshot,
    relations: Mapping[QualifiedName, Relation],
    attributes: Mapping[int, tuple[Attribute, ...]],
    types: TypeCatalog,
) -> Iterator[StatisticRow]:
    for table in snapshot.tables:
        relation = relations.get(table.name)
        if relation is None:
            continue
        by_name = {attribute.name: attribute for attribute in attributes.get(relation.oid, ())}
        for column in table.columns:
            attribute = by_name.get(column.name)
            if attribute is None:
                continue
            what = f"{table.name}.{column.name}"
            for statistics, inherited in ((column.statistics, False), (column.inherited_statistics, True)):
                if statistics is not None:
                    yield statistic_row(what, attribute, inherited, statistics, types.operators(attribute))
        for index in table.indexes:
            found = relations.get(index.qualified_name)
            if found is not None:
                yield from _index_rows(index, attributes.get(found.oid, ()), types)


def _index_rows(index: Index, keys: Sequence[Attribute], types: TypeCatalog) -> Iterator[StatisticRow]:
    key_statistics = index.facts.key_statistics if index.facts is not None else ()
    for position, (attribute, statistics) in enumerate(zip(keys, key_statistics, strict=False), start=1):
        if statistics is not None:
            what = f"key {position} of index {index.qualified_name}"
            yield statistic_row(what, attribute, False, statistics, types.operators(attribute))


def statistic_row(
    what: str, attribute: Attribute, inherited: bool, statistics: ColumnStatistics, operators: ColumnOperators
) -> StatisticRow:
    """The row that ANALYZE would have written; slots stand in any order, the planner looks for their kind."""
    slots = (*_scalar_slots(attribute, statistics, operators), *_element_slots(attribute, statistics, operators))
    if operators.is_range:
        slots += tuple(_range_slots(statistics, operators))
    return StatisticRow(what, attribute, inherited, statistics, slots[:SLOTS])


def _scalar_slots(attribute: Attribute, statistics: ColumnStatistics, operators: ColumnOperators) -> Iterator[Slot]:
    type_, collation = attribute.type, attribute.collation
    if statistics.most_common_vals and operators.equal:
        freqs, values = statistics.most_common_freqs, statistics.most_common_vals
        yield Slot(MOST_COMMON_VALUES, operators.equal, collation, freqs, values, type_)
    if statistics.histogram_bounds and operators.less:
        yield Slot(HISTOGRAM, operators.less, collation, (), statistics.histogram_bounds, type_)
    if statistics.correlation is not None and operators.less:
        yield Slot(CORRELATION, operators.less, collation, (statistics.correlation,))


def _element_slots(attribute: Attribute, statistics: ColumnStatistics, operators: ColumnOperators) -> Iterator[Slot]:
    if not operators.element_equal:
        return
    operator, collation = operators.element_equal, operators.element_collation or attribute.collation
    if statistics.most_common_elems:
        freqs, values = statistics.most_common_elem_freqs, statistics.most_common_elems
        yield Slot(MOST_COMMON_ELEMENTS, operator, collation, freqs, values, operators.element)
    if statistics.elem_count_histogram:
        yield Slot(ELEMENT_COUNTS, operator, collation, statistics.elem_count_histogram)


def _range_slots(statistics: ColumnStatistics, operators: ColumnOperators) -> Iterator[Slot]:
    if statistics.range_bounds_histogram:
        yield Slot(RANGE_BOUNDS, 0, 0, (), statistics.range_bounds_histogram, operators.range_type)
    if statistics.range_length_histogram or statistics.range_empty_frac is not None:
        empty = () if statistics.range_empty_frac is None else (statistics.range_empty_frac,)
        yield Slot(RANGE_LENGTHS, FLOAT8_LESS, 0, empty, statistics.range_length_histogram, FLOAT8_TYPE)


def _ordered_by_bytes(row: StatisticRow) -> StatisticRow:
    if row.attribute.collation != DEFAULT_COLLATION:
        return row
    slots = (replace(slot, values=tuple(sorted(slot.values))) if slot.kind == HISTOGRAM else slot for slot in row.slots)
    return replace(row, slots=tuple(slots))


def array_literal(values: Sequence[str]) -> str:
    """Texts as an array's input syntax, each of them quoted."""
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{value}"' for value in quoted) + "}"


def _insert(connection: Connection, rows: Sequence[StatisticRow]) -> Iterator[Limit]:
    """All rows at once; where the server refuses, halves, down to the one row it refuses."""
    try:
        connection.execute(INSERT_SQL, [json.dumps([_record(row, row.slots) for row in rows])])
    except psycopg.Error as error:
        if len(rows) > 1:
            middle = len(rows) // 2
            yield from _insert(connection, rows[:middle])
            yield from _insert(connection, rows[middle:])
        else:
            yield from _insert_without_values(connection, rows[0], first_line(error))


def _insert_without_values(connection: Connection, row: StatisticRow, why: str) -> Iterator[Limit]:
    without_values = tuple(slot for slot in row.slots if not slot.values)
    yield Limit(f"statistics of {row.what}", f"common values and histogram are missing in the shadow: {why}")
    try:
        connection.execute(INSERT_SQL, [json.dumps([_record(row, without_values)])])
    except psycopg.Error as error:
        yield Limit(f"statistics of {row.what}", f"not in the shadow: {first_line(error)}")


def _record(row: StatisticRow, slots: Sequence[Slot]) -> dict[str, object]:
    record: dict[str, object] = {
        "relation": row.attribute.relation,
        "number": row.attribute.number,
        "inherited": row.inherited,
        "null_frac": row.statistics.null_frac,
        "width": row.statistics.avg_width,
        "n_distinct": row.statistics.n_distinct,
    }
    for position, slot in enumerate(slots, start=1):
        record[f"kind{position}"] = slot.kind
        record[f"operator{position}"] = slot.operator
        record[f"collation{position}"] = slot.collation
        if slot.numbers:
            record[f"numbers{position}"] = "{" + ",".join(map(repr, slot.numbers)) + "}"
        if slot.values:
            record[f"values{position}"] = array_literal(slot.values)
            record[f"type{position}"] = slot.value_type
    return record


def _insert_sql() -> bytes:
    slots = range(1, SLOTS + 1)
    columns = ["starelid", "staattnum", "stainherit", "stanullfrac", "stawidth", "stadistinct"]
    fields = ["relation int8", "number int2", "inherited bool", "null_frac real", "width int", "n_distinct real"]
    values = ["relation::oid", "number", "inherited", "null_frac", "width", "n_distinct"]
    for name, field_type, value in (
        ("kind", "int2", "coalesce(kind{0}, 0::int2)"),
        ("op", "int8", "coalesce(operator{0}, 0)::oid"),
        ("coll", "int8", "coalesce(collation{0}, 0)::oid"),
        ("numbers", "text", "numbers{0}::real[]"),
        # array_in's result is anyarray, the only expression that pg_statistic takes
        ("values", "text", "CASE WHEN values{0} IS NOT NULL THEN array_in(values{0}::cstring, type{0}::oid, -1) END"),
    ):
        field = {"op": "operator", "coll": "collation"}.get(name, name)
        columns += [f"sta{name}{slot}" for slot in slots]
        fields += [f"{field}{slot} {field_type}" for slot in slots]
        values += [value.format(slot) for slot in slots]
    fields += [f"type{slot} int8" for slot in slots]
    return (
        f"INSERT INTO pg_catalog.pg_statistic ({', '.join(columns)}) SELECT {', '.join(values)} "
        f"FROM json_to_recordset(%s::json) AS r({', '.join(fields)})"
    ).encode()


INSERT_SQL = _insert_sql()
