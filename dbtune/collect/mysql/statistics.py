"""What the optimiser's statistics say of each column: MySQL's histograms, MariaDB's engine-independent statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dbtune.collect.mysql.catalog import Catalog, Row, placeholders
from dbtune.collect.mysql.histograms import encoding_of, mariadb_histogram, mysql_histogram
from dbtune.collect.mysql.tables import name_of
from dbtune.connect.mysql_abilities import MySQLAbility
from dbtune.model.mysql import Histogram
from dbtune.model.names import QualifiedName
from dbtune.model.schema import ColumnStatistics

WHAT = "column statistics"
"""How a limit names them."""

HISTOGRAMS = """
    SELECT s.SCHEMA_NAME AS `schema`, s.TABLE_NAME AS name, s.COLUMN_NAME AS `column`, s.HISTOGRAM AS histogram,
           c.CHARACTER_SET_NAME AS charset
    FROM information_schema.COLUMN_STATISTICS s
    LEFT JOIN information_schema.COLUMNS c
      ON c.TABLE_SCHEMA = s.SCHEMA_NAME AND c.TABLE_NAME = s.TABLE_NAME AND c.COLUMN_NAME = s.COLUMN_NAME
    WHERE s.SCHEMA_NAME IN ({schemas})
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


def read_statistics(catalog: Catalog, schemas: Sequence[str]) -> Statistics:
    """Histograms and the like of all columns in these databases."""
    if catalog.version.has(MySQLAbility.COLUMN_STATISTICS_VIEW):
        rows = catalog.rows(HISTOGRAMS.format(schemas=placeholders(schemas)), WHAT, schemas)
        return Statistics({(name_of(row), row["column"]): _mysql_facts(row) for row in rows}, {}, {})
    if catalog.version.has(MySQLAbility.ENGINE_INDEPENDENT_STATISTICS):
        return _mariadb_statistics(catalog, schemas)
    return Statistics({}, {}, {})


def _mysql_facts(row: Row) -> ColumnFacts:
    histogram = mysql_histogram(row["histogram"], encoding_of(row["charset"]))
    return ColumnFacts(statistics=of_histogram(histogram), histogram=histogram)


def of_histogram(histogram: Histogram) -> ColumnStatistics:
    """The histogram in the form that the statistics of all servers share.

    Buckets of one value become common values where the histogram is one of single values or the bucket is much
    heavier than the average; the rest become bounds, as if they held equally many rows (which they nearly do).
    """
    average = sum(bucket.fraction for bucket in histogram.buckets) / max(1, len(histogram.buckets))
    common = [
        bucket
        for bucket in histogram.buckets
        if bucket.lower == bucket.upper and (histogram.kind == "singleton" or bucket.fraction >= HEAVY * average)
    ]
    known = {bucket.lower for bucket in common}
    rest = [bucket for bucket in histogram.buckets if bucket.lower not in known or bucket.lower != bucket.upper]
    bounds = [rest[0].lower, *(bucket.upper for bucket in rest)] if rest else []
    common.sort(key=lambda bucket: -bucket.fraction)
    return ColumnStatistics(
        null_frac=histogram.null_fraction,
        n_distinct=sum(bucket.distinct for bucket in histogram.buckets),
        most_common_vals=tuple(bucket.lower for bucket in common),
        most_common_freqs=tuple(bucket.fraction for bucket in common),
        histogram_bounds=tuple(dict.fromkeys(bounds)) if len(set(bounds)) > 1 else (),
    )


def _mariadb_statistics(catalog: Catalog, schemas: Sequence[str]) -> Statistics:
    advice = "GRANT SELECT ON mysql.column_stats, mysql.index_stats and mysql.table_stats"
    wanted = placeholders(schemas)
    cardinalities = {
        name_of(row): int(row["cardinality"])
        for row in catalog.rows(TABLE_STATS.format(schemas=wanted), WHAT, schemas, advice=advice)
        if row["cardinality"] is not None
    }
    columns = {
        (name_of(row), row["column"]): _mariadb_facts(row, cardinalities.get(name_of(row)))
        for row in catalog.rows(COLUMN_STATS.format(schemas=wanted), WHAT, schemas, advice=advice)
    }
    frequencies: dict[tuple[QualifiedName, str], tuple[float, ...]] = {}
    for row in catalog.rows(INDEX_STATS.format(schemas=wanted), WHAT, schemas, advice=advice):
        key = name_of(row), row["index"]
        if row["avg_frequency"] is not None:
            frequencies[key] = (*frequencies.get(key, ()), float(row["avg_frequency"]))
    return Statistics(columns, cardinalities, frequencies)


def _mariadb_facts(row: Row, cardinality: int | None) -> ColumnFacts:
    nulls = float(row["nulls_ratio"] or 0)
    frequency = None if row["avg_frequency"] is None else float(row["avg_frequency"])
    minimum, maximum = _text(row["min_value"]), _text(row["max_value"])
    histogram = mariadb_histogram(row["hist_type"], row["histogram"], nulls)
    shared = of_histogram(histogram) if histogram is not None else ColumnStatistics()
    distinct = 0.0
    if frequency and cardinality:
        distinct = max(1.0, cardinality * (1 - nulls) / frequency)
    bounds = shared.histogram_bounds or tuple(dict.fromkeys(v for v in (minimum, maximum) if v is not None))
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


def _text(value: object) -> str | None:
    if value is None:
        return None
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
