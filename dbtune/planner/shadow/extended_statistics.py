"""Values of extended statistics: numbers of distinct combinations and functional dependencies.

No version up to 18 can restore them, and their types refuse input; but a superuser may declare that ``bytea`` is read
as them without conversion, and their stored form is simple. Lists of most common combinations stay missing.

Sources: ``src/backend/statistics/mvdistinct.c`` (``statext_ndistinct_serialize``), ``dependencies.c``
(``statext_dependencies_serialize``), ``include/statistics/statistics.h``; the same in Postgres 12 to 18.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence

import psycopg

from dbtune.connect.refusals import first_line
from dbtune.ddl.quoting import literal
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Table
from dbtune.model.schema_objects import ExtendedStatistics
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Limit
from dbtune.planner.shadow.catalog import Attribute, Relation
from dbtune.planner.shadow.ddl_runner import Connection

DISTINCT_MAGIC, DEPENDENCIES_MAGIC = 0xA352BFA4, 0xB4549A2C
STORED_TYPE = 1
"""``STATS_NDISTINCT_TYPE_BASIC``, ``STATS_DEPS_TYPE_BASIC``."""
WITH_INHERITED_VALUES = 15
"""From this major version on, the values tell whether they are of the whole tree."""

BINARY_TYPES = ("pg_ndistinct", "pg_dependencies")


def write_extended_statistics(
    connection: Connection,
    snapshot: Snapshot,
    relations: Mapping[QualifiedName, Relation],
    attributes: Mapping[int, tuple[Attribute, ...]],
    major: int,
) -> tuple[Limit, ...]:
    """Write the values that the snapshot holds; Limits for what it does not hold or the server refuses."""
    if not snapshot.extended_statistics:
        return ()
    for name in BINARY_TYPES:
        connection.execute(f"CREATE CAST (bytea AS pg_catalog.{name}) WITHOUT FUNCTION".encode())
    limits: list[Limit] = []
    for statistics in snapshot.extended_statistics:
        limits += _missing(statistics)
        table, relation = snapshot.table(statistics.table), relations.get(statistics.table)
        if table is None or relation is None or (statistics.n_distinct is None and statistics.dependencies is None):
            continue
        numbers = _shadow_numbers(table, attributes.get(relation.oid, ()))
        try:
            connection.execute(_upsert(statistics, numbers, table, major))
        except (psycopg.Error, ValueError, KeyError) as error:
            why = first_line(error) if isinstance(error, psycopg.Error) else str(error)
            limits.append(Limit(f"extended statistics {statistics.name}", f"values are not in the shadow: {why}"))
    return tuple(limits)


def distinct_bytes(text: str, numbers: Mapping[int, int]) -> bytes:
    """Stored form of what ``pg_ndistinct`` prints: ``{"1, 2": 100, …}``.

    ``numbers``: production's column numbers to the shadow's; expressions are negative in both.
    """
    items = [(_numbers(key, ",", numbers), float(value)) for key, value in json.loads(text).items()]
    body = b"".join(struct.pack(f"=di{len(columns)}h", value, len(columns), *columns) for columns, value in items)
    return struct.pack("=III", DISTINCT_MAGIC, STORED_TYPE, len(items)) + body


def dependencies_bytes(text: str, numbers: Mapping[int, int]) -> bytes:
    """Stored form of what ``pg_dependencies`` prints: ``{"1 => 2": 1.000000, …}``, the implied column last."""
    items = [(_numbers(key.replace("=>", ","), ",", numbers), float(value)) for key, value in json.loads(text).items()]
    body = b"".join(struct.pack(f"=dh{len(columns)}h", degree, len(columns), *columns) for columns, degree in items)
    return struct.pack("=III", DEPENDENCIES_MAGIC, STORED_TYPE, len(items)) + body


def _numbers(text: str, separator: str, numbers: Mapping[int, int]) -> Sequence[int]:
    given = [int(part) for part in text.split(separator)]
    return [number if number < 0 else numbers[number] for number in given]


def _shadow_numbers(table: Table, attributes: Sequence[Attribute]) -> dict[int, int]:
    by_name = {attribute.name: attribute.number for attribute in attributes}
    return {column.position: by_name[column.name] for column in table.columns if column.name in by_name}


def _upsert(statistics: ExtendedStatistics, numbers: Mapping[int, int], table: Table, major: int) -> bytes:
    name = statistics.name
    oid = (
        "(SELECT s.oid FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace"
        f" WHERE s.stxname = {literal(name.name)} AND n.nspname = {literal(name.schema)})"
    )
    values = {
        "stxdndistinct": _value(statistics.n_distinct, "pg_ndistinct", distinct_bytes, numbers),
        "stxddependencies": _value(statistics.dependencies, "pg_dependencies", dependencies_bytes, numbers),
    }
    if major < WITH_INHERITED_VALUES:  # the row is there since CREATE STATISTICS
        changes = ", ".join(f"{name} = {value}" for name, value in values.items())
        return f"UPDATE pg_catalog.pg_statistic_ext_data SET {changes} WHERE stxoid = {oid}".encode()
    inherited = "true" if table.kind == "partitioned" else "false"
    return (
        f"INSERT INTO pg_catalog.pg_statistic_ext_data (stxoid, stxdinherit, {', '.join(values)})"
        f" VALUES ({oid}, {inherited}, {', '.join(values.values())})"
    ).encode()


def _value(
    text: str | None, type_: str, stored: Callable[[str, Mapping[int, int]], bytes], numbers: Mapping[int, int]
) -> str:
    if text is None:
        return "NULL"
    return f"'\\x{stored(text, numbers).hex()}'::bytea::pg_catalog.{type_}"


def _missing(statistics: ExtendedStatistics) -> Iterator[Limit]:
    what = f"extended statistics {statistics.name}"
    if statistics.has_most_common_values:
        yield Limit(what, "its list of most common combinations cannot be reproduced: estimates of them differ")
    if statistics.expressions:
        yield Limit(what, "its statistics of expressions cannot be reproduced")
