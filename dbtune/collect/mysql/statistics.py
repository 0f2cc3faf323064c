"""What the optimiser's statistics say of each column: MySQL's histograms, MariaDB's engine-independent statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dbtune.collect.mysql.catalog import Catalog, Row, placeholders
from dbtune.collect.mysql.histograms import encoding_of, mariadb_histogram, mysql_histogram
from dbtune.collect.mysql.tables import name_of
from dbtune.connect.mysql_abilities import MySQLAbility
from dbtune.model.mysql import Histogram
from dbtune.model.names import QualifiedName
from dbtune.model.schema import ColumnStatistics
from dbtune.sql.lexing_mysql import mysql_tokens

WHAT = "column statistics"
"""How a limit names them."""

HISTOGRAMS = """
    SELECT SCHEMA_NAME AS `schema`, TABLE_NAME AS name, COLUMN_NAME AS `column`, HISTOGRAM AS histogram
    FROM information_schema.COLUMN_STATISTICS
    WHERE SCHEMA_NAME IN ({schemas})
"""

COLUMN_STATS = """
    SELECT db_name AS `schema`, table_name AS name, column_name AS `column`, min_value, max_value, nulls_ratio,
           avg_length, avg_frequency, hist_type, histogram
    FROM mysql.column_stats
    WHERE db_name IN ({schemas})
"""

TABLE_STATS = """
    SELECT db_name AS `schema`, table_name AS name, cardinality FROM mysql.table_stats WHERE db_name IN ({schemas})
"""

INDEX_STATS = """
    SELECT db_name AS `schema`, table_name AS name, index_name AS `index`, prefix_arity AS arity, avg_frequency
    FROM mysql.index_stats
    WHERE db_name IN ({schemas})
    ORDER BY db_name, table_name, index_name, prefix_arity
"""

BINARY = 63
"""The number of the collation ``binary``."""

HEAVY = 2.0
"""A bucket of one value that holds so many times the rows of an average one is a common value."""


@dataclass(frozen=True)
class ColumnFacts:
    """What was found of one column."""

    statistics: ColumnStatistics | None = None
    histogram: Histogram | None = None
    minimum: str | None = None
    maximum: str | None = None
    average_frequency: float | None = None


@dataclass(frozen=True)
class Statistics:
    """All that was found, by table and column or index."""

    columns: Mapping[tuple[QualifiedName, str], ColumnFacts]
    cardinalities: Mapping[QualifiedName, int]
    """Rows of tables, of MariaDB's ``mysql.table_stats``."""
    average_frequencies: Mapping[tuple[QualifiedName, str], tuple[float, ...]]
    """Of MariaDB's ``mysql.index_stats``."""


def read_statistics(catalog: Catalog, schemas: Sequence[str], columns: Sequence[Row]) -> Statistics:
    """Histograms and the like of all ``columns`` (rows of ``information_schema``) in these databases."""
    known = {(name_of(row), row["column"]): row for row in columns}
    if catalog.version.has(MySQLAbility.COLUMN_STATISTICS_VIEW):
        rows = catalog.rows(HISTOGRAMS.format(schemas=placeholders(schemas)), WHAT, schemas)
        found = {(name_of(row), row["column"]): row["histogram"] for row in rows}
        return Statistics({key: _mysql_facts(found[key], known[key]) for key in found if key in known}, {}, {})
    if catalog.version.has(MySQLAbility.ENGINE_INDEPENDENT_STATISTICS):
        return _mariadb_statistics(catalog, schemas, known)
    return Statistics({}, {}, {})


def _mysql_facts(content: str, column: Row) -> ColumnFacts:
    histogram = mysql_histogram(content, encoding_of(column["charset"]))
    shared = of_histogram(histogram)
    if histogram.data_type in ("enum", "set"):
        labels = labels_of(str(column["type"]))
        shared = replace(
            shared,
            most_common_vals=tuple(
                label_of(value, labels, is_set=histogram.data_type == "set") for value in shared.most_common_vals
            ),
            histogram_bounds=(),  # their order is that of the labels, not of the text
        )
    elif histogram.collation_id == BINARY and histogram.data_type == "string":
        shared = replace(shared, most_common_vals=(), most_common_freqs=(), histogram_bounds=())
    return ColumnFacts(statistics=shared, histogram=histogram)


def labels_of(type_: str) -> tuple[str, ...]:
    """``enum('a','it''s')`` has ``a`` and ``it's``."""
    strings = (token.spelling for token in mysql_tokens(type_) if token.kind == "string")
    return tuple(spelling[1:-1].replace("''", "'") for spelling in strings)


def label_of(number: str, labels: Sequence[str], *, is_set: bool) -> str:
    """The text of an enum's or a set's value, which statistics have as a number."""
    value = int(number)
    if is_set:
        return ",".join(label for bit, label in enumerate(labels) if value >> bit & 1)
    return labels[value - 1] if 0 < value <= len(labels) else ""


def of_histogram(histogram: Histogram) -> ColumnStatistics:
    """The histogram in the form that the statistics of all servers share.

    Buckets of one value become common values where the histogram is one of single values or the bucket is much
    heavier than the average; the rest become bounds, as if they held equally many rows (which they nearly do).
    """
    average = sum(bucket.fraction for bucket in histogram.buckets) / max(1, len(histogram.buckets))
    all_single = all(bucket.lower == bucket.upper for bucket in histogram.buckets)
    common = [
        bucket
        for bucket in histogram.buckets
        if bucket.lower == bucket.upper and (all_single or bucket.fraction >= HEAVY * average)
    ]
    known = {bucket.lower for bucket in common}
    rest = [bucket for bucket in histogram.buckets if bucket.lower not in known or bucket.lower != bucket.upper]
    bounds = [rest[0].lower, *(bucket.upper for bucket in rest)] if rest else []
    common.sort(key=lambda bucket: -bucket.fraction)
    return ColumnStatistics(
        null_frac=histogram.null_fraction,
        avg_width=_width(histogram),
        n_distinct=sum(bucket.distinct for bucket in histogram.buckets),
        most_common_vals=tuple(bucket.lower for bucket in common),
        most_common_freqs=tuple(bucket.fraction for bucket in common),
        histogram_bounds=tuple(dict.fromkeys(bounds)) if len(set(bounds)) > 1 else (),
    )


def _width(histogram: Histogram) -> int:
    """Bytes of the mean end of a bucket, where values are strings: no statistics of MySQL say it."""
    if histogram.data_type != "string" or not histogram.buckets:
        return 0
    ends = [len(bucket.upper.encode(histogram.encoding, "replace")) for bucket in histogram.buckets]
    return round(sum(ends) / len(ends))


def _mariadb_statistics(
    catalog: Catalog, schemas: Sequence[str], known: Mapping[tuple[QualifiedName, str], Row]
) -> Statistics:
    advice = "GRANT SELECT ON mysql.column_stats, mysql.index_stats and mysql.table_stats"
    wanted = placeholders(schemas)
    cardinalities = {
        name_of(row): int(row["cardinality"])
        for row in catalog.rows(TABLE_STATS.format(schemas=wanted), WHAT, schemas, advice=advice)
        if row["cardinality"] is not None
    }
    columns = {
        key: _mariadb_facts(row, cardinalities.get(key[0]), encoding_of(known[key]["charset"]))
        for row in catalog.rows(COLUMN_STATS.format(schemas=wanted), WHAT, schemas, advice=advice)
        if (key := (name_of(row), row["column"])) in known
    }
    frequencies: dict[tuple[QualifiedName, str], tuple[float, ...]] = {}
    for row in catalog.rows(INDEX_STATS.format(schemas=wanted), WHAT, schemas, advice=advice):
        key = name_of(row), row["index"]
        if row["avg_frequency"] is not None:
            frequencies[key] = (*frequencies.get(key, ()), float(row["avg_frequency"]))
    return Statistics(columns, cardinalities, frequencies)


def _mariadb_facts(row: Row, cardinality: int | None, encoding: str) -> ColumnFacts:
    nulls = float(row["nulls_ratio"] or 0)
    frequency = None if row["avg_frequency"] is None else float(row["avg_frequency"])
    minimum, maximum = _text(row["min_value"], encoding), _text(row["max_value"], encoding)
    histogram = mariadb_histogram(row["hist_type"], row["histogram"], nulls)
    shared = of_histogram(histogram) if histogram is not None else ColumnStatistics()
    distinct = 0.0
    if frequency and cardinality:
        distinct = max(1.0, cardinality * (1 - nulls) / frequency)
    bounds = shared.histogram_bounds
    if not bounds and not shared.most_common_vals:
        bounds = tuple(dict.fromkeys(value for value in (minimum, maximum) if value is not None))
    return ColumnFacts(
        statistics=ColumnStatistics(
            null_frac=nulls,
            avg_width=round(float(row["avg_length"] or 0)),
            n_distinct=distinct or shared.n_distinct,
            most_common_vals=shared.most_common_vals,
            most_common_freqs=shared.most_common_freqs,
            histogram_bounds=bounds if len(bounds) > 1 else (),
        ),
        histogram=histogram,
        minimum=minimum,
        maximum=maximum,
        average_frequency=frequency,
    )


def _text(value: object, encoding: str) -> str | None:
    if value is None:
        return None
    return value.decode(encoding, "replace") if isinstance(value, bytes) else str(value)
