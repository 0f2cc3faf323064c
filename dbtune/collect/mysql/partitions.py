"""Partitions as ``information_schema.PARTITIONS`` has them: the text of CREATE TABLE hides them in a comment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from dbtune.collect.mysql.catalog import Catalog, Row, placeholders
from dbtune.collect.mysql.innodb import IndexCounts, InnodbStatistics, Place, TableCounts
from dbtune.collect.mysql.tables import name_of
from dbtune.model.mysql import IndexPartition, Partition, Partitioning
from dbtune.model.names import QualifiedName

PARTITIONS = """
    SELECT TABLE_SCHEMA AS `schema`, TABLE_NAME AS name, PARTITION_NAME AS `partition`,
           SUBPARTITION_NAME AS subpartition,
           PARTITION_ORDINAL_POSITION AS position, SUBPARTITION_ORDINAL_POSITION AS subposition,
           PARTITION_METHOD AS method, SUBPARTITION_METHOD AS submethod, PARTITION_EXPRESSION AS expression,
           SUBPARTITION_EXPRESSION AS subexpression, PARTITION_DESCRIPTION AS description, TABLE_ROWS AS `rows`,
           DATA_LENGTH AS data_bytes, INDEX_LENGTH AS index_bytes
    FROM information_schema.PARTITIONS
    WHERE TABLE_SCHEMA IN ({schemas}) AND PARTITION_NAME IS NOT NULL
    ORDER BY TABLE_SCHEMA, TABLE_NAME, PARTITION_ORDINAL_POSITION, SUBPARTITION_ORDINAL_POSITION
"""


def read_partitions(
    catalog: Catalog, schemas: Sequence[str], innodb: InnodbStatistics
) -> dict[QualifiedName, Partitioning]:
    """Partitioned table to how it is partitioned."""
    found: dict[QualifiedName, list[Row]] = defaultdict(list)
    for row in catalog.rows(PARTITIONS.format(schemas=placeholders(schemas)), "partitions", schemas):
        found[name_of(row)].append(row)
    return {table: _partitioning(table, rows, innodb) for table, rows in found.items()}


def _partitioning(table: QualifiedName, rows: Sequence[Row], innodb: InnodbStatistics) -> Partitioning:
    first = rows[0]
    return Partitioning(
        method=first["method"],
        expression=first["expression"] or "",
        submethod=first["submethod"],
        subexpression=first["subexpression"],
        partitions=tuple(_partition(table, row, innodb) for row in rows),
    )


def _partition(table: QualifiedName, row: Row, innodb: InnodbStatistics) -> Partition:
    place = Place(table, row["partition"].lower(), (row["subpartition"] or "").lower())
    counts: TableCounts | None = innodb.tables.get(place)
    indexes: Mapping[str, IndexCounts] = innodb.indexes.get(place, {})
    return Partition(
        name=row["partition"],
        position=int(row["position"]),
        description=row["description"],
        subpartition=row["subpartition"],
        rows=float(row["rows"] or 0),
        data_bytes=int(row["data_bytes"] or 0),
        index_bytes=int(row["index_bytes"] or 0),
        statistics_rows=None if counts is None else counts.rows,
        clustered_pages=None if counts is None else counts.clustered,
        other_pages=None if counts is None else counts.other,
        indexes=tuple(
            IndexPartition(name, each.n_diff_list, each.sampled_list, each.leaf_pages, each.pages)
            for name, each in indexes.items()
        ),
    )
