"""Histograms and MariaDB's statistics: as the server has them, whole enough to be given back to it, and masked."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from dbtune.collect.mysql.histograms import mariadb_histogram, mysql_histogram
from dbtune.collect.privacy import apply_privacy
from dbtune.ddl.mysql_histograms import mariadb_bytes, mysql_json
from dbtune.ddl.mysql_quoting import literal
from dbtune.model.mysql import Bucket, Histogram, MySQLColumn
from dbtune.model.schema import Column, ColumnStatistics
from dbtune.model.snapshot import Snapshot
from tests.collect.mysql_servers import (
    collected_without_workload,
    column_facts,
    column_of,
    everything_url,
    own,
    table_of,
)
from tests.collect.test_privacy import snapshot_of
from tests.servers.filling import fill
from tests.servers.mysql_sandbox import MySQLServer

PRECISE = 1e-6


@pytest.fixture(scope="module")
def of_mysql(mysql: MySQLServer) -> Snapshot:
    return collected_without_workload(everything_url(mysql, "histograms"))


@pytest.fixture(scope="module")
def of_mariadb(mariadb: MySQLServer) -> Snapshot:
    return collected_without_workload(everything_url(mariadb, "histograms"))


def histogram_of(snapshot: Snapshot, column: str, table: str = "customers") -> Histogram:
    found = column_facts(column_of(table_of(snapshot, table), column)).histogram
    assert found is not None
    return found


def statistics_of(snapshot: Snapshot, column: str, table: str = "customers") -> ColumnStatistics:
    found = column_of(table_of(snapshot, table), column).statistics
    assert found is not None
    return found


def test_histograms_of_mysql(of_mysql: Snapshot) -> None:
    countries = histogram_of(of_mysql, "country")
    assert (countries.kind, countries.data_type, countries.encoding) == ("singleton", "string", "ascii")
    assert [(bucket.lower, round(bucket.fraction, 6)) for bucket in countries.buckets] == [
        ("DE", 0.333333),
        ("FR", 0.333333),
        ("US", 0.333333),
    ]
    score = histogram_of(of_mysql, "score")
    assert (score.kind, score.null_fraction, score.buckets_specified) == ("equi-height", 0.25, 16)
    assert score.buckets[0].lower == "1.5"
    assert sum(bucket.fraction for bucket in score.buckets) == pytest.approx(0.75)
    assert sum(bucket.distinct for bucket in score.buckets) == 675
    assert histogram_of(of_mysql, "name").buckets[0].lower == "Jürgen 0"
    assert histogram_of(of_mysql, "born").buckets[0].lower == "2000-01-02"
    assert histogram_of(of_mysql, "total", "orders").buckets[-1].upper == "950.00"
    assert histogram_of(of_mysql, "photo").encoding == "latin-1"


def test_shared_form_of_mysqls_histograms(of_mysql: Snapshot) -> None:
    status = statistics_of(of_mysql, "status")
    assert dict(zip(status.most_common_vals, status.most_common_freqs, strict=True)) == pytest.approx(
        {"active": 0.9, "new": 0.1}
    )
    assert set(statistics_of(of_mysql, "tags").most_common_vals) == {"a", "a,b"}
    score = statistics_of(of_mysql, "score")
    assert (score.null_frac, score.n_distinct, score.avg_width) == (0.25, 675, 8)
    assert score.histogram_bounds[0] == "1.5"
    assert score.histogram_bounds[-1] == "1348.5"
    assert statistics_of(of_mysql, "country").avg_width == 2
    assert statistics_of(of_mysql, "photo").histogram_bounds == ()


def test_histograms_are_given_back_to_mysql(of_mysql: Snapshot, mysql: MySQLServer) -> None:
    """What is read of them is enough to make the same ones on another table."""
    fill(mysql, "given", own(table_of(of_mysql, "customers")).definition)
    columns = [column for column in table_of(of_mysql, "customers").columns if column_facts(column).histogram]
    assert len(columns) == 11
    with mysql.connect("given") as connection, connection.cursor() as cursor:
        for column in columns:
            data = mysql_json(histogram_of(of_mysql, column.name))
            cursor.execute(f"ANALYZE TABLE customers UPDATE HISTOGRAM ON `{column.name}` USING DATA {literal(data)}")
            assert "Histogram statistics created" in str(cursor.fetchall()), column.name
    again = collected_without_workload(mysql.url + "given")
    for column in columns:
        one, other = histogram_of(of_mysql, column.name), histogram_of(again, column.name)
        # the server forgets zeros at the end of a decimal number
        read = float if one.data_type == "decimal" else str
        assert [(read(b.lower), read(b.upper), b.distinct) for b in one.buckets] == [
            (read(b.lower), read(b.upper), b.distinct) for b in other.buckets
        ]
        assert [b.fraction for b in one.buckets] == pytest.approx([b.fraction for b in other.buckets], abs=PRECISE)
        assert (one.kind, one.data_type, one.null_fraction, one.collation_id) == (
            other.kind,
            other.data_type,
            other.null_fraction,
            other.collation_id,
        )


def test_statistics_of_mariadb(of_mariadb: Snapshot) -> None:
    score = column_facts(column_of(table_of(of_mariadb, "customers"), "score"))
    assert (score.minimum, score.maximum, score.average_frequency) == ("1.5", "1348.5", 1.0)
    assert column_facts(column_of(table_of(of_mariadb, "customers"), "name")).minimum == "Jürgen 0"
    shared = statistics_of(of_mariadb, "score")
    assert (shared.null_frac, round(shared.n_distinct), shared.avg_width) == (0.25, 675, 8)
    assert own(table_of(of_mariadb, "customers")).cardinality == 900
    index = table_of(of_mariadb, "customers").index("name_country")
    assert index is not None
    assert index.facts is not None
    assert index.facts.mysql is not None
    assert index.facts.mysql.average_frequencies == pytest.approx(
        (22.5, 7.5, 1.0)[: len(index.facts.mysql.average_frequencies)]
    )
    histogram = histogram_of(of_mariadb, "score")
    assert histogram.kind == "JSON_HB"
    assert sum(bucket.fraction for bucket in histogram.buckets) == pytest.approx(0.75, abs=PRECISE)
    assert set(statistics_of(of_mariadb, "country").most_common_vals) == {"DE", "FR", "US"}
    assert histogram_of(of_mariadb, "placed", "orders").kind == "DOUBLE_PREC_HB"
    assert histogram_of(of_mariadb, "sku", "items").kind == "SINGLE_PREC_HB"
    assert statistics_of(of_mariadb, "placed", "orders").histogram_bounds == ("2024-01-01", "2024-10-26")


@pytest.mark.parametrize("table", ["customers", "orders", "items"])
def test_histograms_are_given_back_to_mariadb(of_mariadb: Snapshot, mariadb: MySQLServer, table: str) -> None:
    fill(mariadb, "given", f"SET foreign_key_checks = 0; {own(table_of(of_mariadb, table)).definition}")
    columns = [column for column in table_of(of_mariadb, table).columns if column_facts(column).histogram]
    assert columns
    with mariadb.connect("given") as connection, connection.cursor() as cursor:
        for column in columns:
            facts = column_facts(column)
            histogram = histogram_of(of_mariadb, column.name, table)
            cursor.execute(
                "REPLACE INTO mysql.column_stats VALUES ('given', %s, %s, %s, %s, %s, 4, %s, 100, %s, %s)",
                (
                    table,
                    column.name,
                    facts.minimum,
                    facts.maximum,
                    histogram.null_fraction,
                    facts.average_frequency,
                    histogram.kind,
                    mariadb_bytes(histogram),
                ),
            )
    again = collected_without_workload(mariadb.url + "given")
    for column in columns:
        one, other = histogram_of(of_mariadb, column.name, table), histogram_of(again, column.name, table)
        assert [(b.lower, b.upper, b.distinct) for b in one.buckets] == [
            (b.lower, b.upper, b.distinct) for b in other.buckets
        ]
        assert [b.fraction for b in one.buckets] == pytest.approx([b.fraction for b in other.buckets], abs=PRECISE)
        assert one.positions == other.positions


def test_values_that_do_not_decode() -> None:
    """A column whose bytes are no text of its character set keeps them."""
    text = json.dumps(
        {
            "buckets": [["base64:type254:/w==", 0.5], ["base64:type254:4oKs", 1.0]],
            "data-type": "string",
            "histogram-type": "singleton",
        }
    )
    histogram = mysql_histogram(text, "utf-8")
    assert histogram.encoding == "latin-1"
    assert json.loads(mysql_json(histogram))["buckets"] == json.loads(text)["buckets"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"histogram_hb": [{"start": "a"}]}', None])
def test_what_is_no_histogram(content: bytes | None) -> None:
    assert mariadb_histogram("JSON_HB", content, 0.0) is None


def values_of(snapshot: Snapshot) -> set[str]:
    """All values in the statistics of columns whose values the schema does not name."""
    found: set[str] = set()
    for table in snapshot.tables:
        for column in table.columns:
            if column.type_category == "E":
                continue
            if column.statistics is not None:
                found |= {*column.statistics.most_common_vals, *column.statistics.histogram_bounds}
            facts = column_facts(column)
            found |= {value for value in (facts.minimum, facts.maximum) if value is not None}
            for bucket in facts.histogram.buckets if facts.histogram else ():
                found |= {bucket.lower, bucket.upper}
    return found


@pytest.mark.parametrize("mode", ["hash", "drop"])
@pytest.mark.parametrize("which", ["of_mysql", "of_mariadb"])
def test_privacy(request: pytest.FixtureRequest, which: str, mode: str) -> None:
    snapshot: Snapshot = request.getfixturevalue(which)
    real = values_of(snapshot)
    assert {"DE", "Jürgen 0", "2000-01-02"} <= real
    private = apply_privacy(snapshot, mode)  # type: ignore[arg-type]
    kept = {value for value in values_of(private) & real if len(value) > 2}
    assert kept == set()
    assert statistics_of(private, "score").null_frac == 0.25
    if mode == "drop":
        assert values_of(private) == set()
        assert all(
            column_facts(c).histogram is None for t in private.tables for c in t.columns if c.type_category != "E"
        )
        return
    countries = histogram_of(private, "country")
    assert len(countries.buckets) == 3
    assert sorted(b.lower for b in countries.buckets) == [b.lower for b in countries.buckets]
    # the same value is the same token wherever it stands
    assert {b.lower for b in countries.buckets} == set(statistics_of(private, "country").most_common_vals)
    assert len(histogram_of(private, "name").buckets) == len(histogram_of(snapshot, "name").buckets)
    assert histogram_of(private, "status") == histogram_of(snapshot, "status")
    assert column_facts(column_of(table_of(private, "customers"), "score")).histogram is None


def test_masked_histogram_is_one_that_mysql_takes(of_mysql: Snapshot, mysql: MySQLServer) -> None:
    private = apply_privacy(of_mysql, "hash")
    fill(mysql, "masked", own(table_of(private, "customers")).definition)
    with mysql.connect("masked") as connection, connection.cursor() as cursor:
        for name in ("country", "bio", "name"):
            data = mysql_json(histogram_of(private, name))
            cursor.execute(f"ANALYZE TABLE customers UPDATE HISTOGRAM ON {name} USING DATA {literal(data)}")
            assert "Histogram statistics created" in str(cursor.fetchall()), name


def test_equal_ends_of_buckets_stay_equal() -> None:
    buckets = (Bucket("aaaa", "bbbb", 0.5, 9), Bucket("bbbb", "bbbb", 0.2), Bucket("bbbb", "dddd", 0.3, 7))
    column = Column("c", "text", 1, type_category="S", mysql=MySQLColumn(histogram=Histogram("JSON_HB", buckets)))
    snapshot = replace(snapshot_of(column), server=replace(snapshot_of(column).server, dialect="mariadb"))
    masked = column_facts(apply_privacy(snapshot, "hash").tables[0].columns[0]).histogram
    assert masked is not None
    ends = [value for bucket in masked.buckets for value in (bucket.lower, bucket.upper)]
    assert ends == sorted(ends)
    assert ends[1] == ends[2] == ends[3] == ends[4]
