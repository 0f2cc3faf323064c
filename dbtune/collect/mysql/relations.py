"""Everything about tables and views: read in one go, then put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dbtune.collect.mysql import tables as table_queries
from dbtune.collect.mysql.catalog import Catalog, Row
from dbtune.collect.mysql.columns import columns_of, read_column_rows
from dbtune.collect.mysql.constraints import keys_of, read_constraints
from dbtune.collect.mysql.definitions import read_definition
from dbtune.collect.mysql.indexes import IndexBuilder, read_index_rows
from dbtune.collect.mysql.innodb import InnodbStatistics, read_innodb_statistics
from dbtune.collect.mysql.partitions import read_partitions
from dbtune.collect.mysql.statistics import Statistics, read_statistics
from dbtune.collect.mysql.use import Usage
from dbtune.model.mysql import MySQLTable, Partitioning
from dbtune.model.names import QualifiedName
from dbtune.model.progress import Progress
from dbtune.model.schema import Column, ColumnStatistics, Constraint, Index, Table, TableActivity
from dbtune.model.schema_objects import View


@dataclass(frozen=True)
class Relations:
    """Everything read about tables and views, by name, before it is put together."""

    page_size: int
    tables: Sequence[Row]
    views: Sequence[Row]
    columns: Mapping[QualifiedName, tuple[Column, ...]]
    statistics: Statistics
    constraints: Mapping[QualifiedName, Sequence[Constraint]]
    indexes: Mapping[QualifiedName, Mapping[str, Sequence[Row]]]
    partitions: Mapping[QualifiedName, Partitioning]
    innodb: InnodbStatistics
    usage: Usage

    @classmethod
    def read(
        cls, catalog: Catalog, schemas: Sequence[str], page_size: int, usage: Usage, progress: Progress
    ) -> Relations:
        """Read it, in these databases."""
        rows = table_queries.read_table_rows(catalog, schemas)
        views = table_queries.read_view_rows(catalog, schemas)
        progress.step("reading the statistics")
        columns = read_column_rows(catalog, schemas)
        innodb = read_innodb_statistics(catalog, schemas)
        statistics = read_statistics(catalog, schemas, columns)
        progress.step("reading indexes and partitions")
        return cls(
            page_size=page_size,
            tables=rows,
            views=views,
            columns=columns_of(catalog, columns, statistics.columns),
            statistics=statistics,
            constraints=read_constraints(catalog, schemas),
            indexes=read_index_rows(catalog, schemas),
            partitions=read_partitions(catalog, schemas, innodb),
            innodb=innodb,
            usage=usage,
        )

    def build(self, catalog: Catalog) -> tuple[tuple[Table, ...], tuple[View, ...]]:
        """Tables and views."""
        # without columns: dropped while it was read
        tables = tuple(self._table(catalog, row) for row in self.tables if table_queries.name_of(row) in self.columns)
        return tables, tuple(self._view(row) for row in self.views)

    def _view(self, row: Row) -> View:
        name = table_queries.name_of(row)
        return View(name, row["definition"] or "", self.columns.get(name, ()))

    def _table(self, catalog: Catalog, row: Row) -> Table:
        name = table_queries.name_of(row)
        definition = read_definition(catalog, name)
        own = self._mysql(row, name, definition.text)
        tuples = float(row["rows"] or 0 if own.statistics_rows is None else own.statistics_rows)
        pages = own.clustered_pages or -(-own.data_bytes // self.page_size)
        builder = IndexBuilder(name, definition, self.statistics, self.innodb, self.usage, self.page_size)
        indexes = builder.indexes(self.indexes.get(name, {}), tuples)
        partitioning = own.partitioning
        return Table(
            name=name,
            columns=tuple(
                _with_distinct(column, indexes, partitioned=partitioning is not None) for column in self.columns[name]
            ),
            constraints=(*keys_of(indexes), *self.constraints.get(name, ())),
            indexes=indexes,
            tuples=tuples,
            pages=pages,
            file_pages=pages,
            total_bytes=own.data_bytes,
            options=table_queries.create_options(row["options"]),
            partition_key=None if partitioning is None else f"{partitioning.method} ({partitioning.expression})",
            activity=self._activity(name, tuples),
            comment=row["comment"] or None,
            mysql=own,
        )

    def _mysql(self, row: Row, name: QualifiedName, definition: str) -> MySQLTable:
        counts = [self.innodb.tables[place] for place in self.innodb.places(name) if place in self.innodb.tables]
        known = bool(counts) and row["engine"] == "InnoDB"
        return MySQLTable(
            engine=row["engine"],
            definition=definition,
            row_format=row["row_format"] or "",
            create_options=row["options"] or "",
            collation=row["collation"],
            auto_increment=None if row["auto_increment"] is None else int(row["auto_increment"]),
            average_row_bytes=int(row["row_bytes"] or 0),
            data_bytes=int(row["data_bytes"] or 0),
            index_bytes=int(row["index_bytes"] or 0),
            free_bytes=int(row["free_bytes"] or 0),
            created=table_queries.moment(row["created"]),
            updated=table_queries.moment(row["updated"]),
            statistics_rows=sum(each.rows for each in counts) if known else None,
            clustered_pages=sum(each.clustered for each in counts) if known else None,
            other_pages=sum(each.other for each in counts) if known else None,
            statistics_updated=max((each.updated for each in counts if each.updated), default=None) if known else None,
            counted_rows=None if row["rows"] is None else int(row["rows"]),
            cardinality=self.statistics.cardinalities.get(name),
            partitioning=self.partitions.get(name),
        )

    def _activity(self, name: QualifiedName, tuples: float) -> TableActivity | None:
        if self.usage.source != "performance_schema":
            return None
        by_index = self.usage.of_table(name)
        without = by_index.get(None)
        return TableActivity(
            sequential_tuples_read=without.fetched if without is not None else 0,
            index_scans=sum(counts.fetched for index, counts in by_index.items() if index is not None),
            inserts=sum(counts.inserted for counts in by_index.values()),
            updates=sum(counts.updated for counts in by_index.values()),
            deletes=sum(counts.deleted for counts in by_index.values()),
            live_tuples=round(tuples),
        )


def _with_distinct(column: Column, indexes: Sequence[Index], *, partitioned: bool) -> Column:
    """A column without statistics of its own takes the distinct values that an index beginning with it counts."""
    if column.statistics is not None:
        return column
    for index in indexes:
        own = index.facts.mysql if index.facts is not None else None
        first = index.keys[0]
        if own is not None and own.n_diff and first.column == column.name and first.prefix_length is None:
            # of a partitioned table the partitions were added up, which counts values again and again
            distinct = (own.cardinalities[0] if partitioned else None) or own.n_diff[0]
            width = max(0, column.length)
            return replace(column, statistics=ColumnStatistics(avg_width=width, n_distinct=float(distinct)))
    return column
