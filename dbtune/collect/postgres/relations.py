"""Everything about tables and views: read in one go, then put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dbtune.collect.postgres import tables as table_queries
from dbtune.collect.postgres.attachments import read_attachments
from dbtune.collect.postgres.catalog import Catalog, Row
from dbtune.collect.postgres.columns import columns_of, read_columns
from dbtune.collect.postgres.constraints import read_constraints
from dbtune.collect.postgres.extended_statistics import read_extended_statistics
from dbtune.collect.postgres.indexes import read_indexes
from dbtune.collect.postgres.statistics import Statistics, read_statistics
from dbtune.collect.postgres.views import query_of, read_view_rows
from dbtune.collect.postgres.visibility import note_hidden_statistics
from dbtune.collect.words import named
from dbtune.model.attachments import Attachments
from dbtune.model.names import QualifiedName
from dbtune.model.progress import Progress
from dbtune.model.schema import Constraint, Index, Table, TableActivity
from dbtune.model.schema_objects import ExtendedStatistics, View


@dataclass(frozen=True)
class Relations:
    """Everything read about tables and views, by oid, before it is put together."""

    block_size: int
    tables: Sequence[Row]
    views: Sequence[Row]
    columns: Mapping[int, Sequence[Row]]
    statistics: Statistics
    constraints: Mapping[int, Sequence[Constraint]]
    indexes: Mapping[int, Sequence[Index]]
    parents: Mapping[int, tuple[QualifiedName, ...]]
    sizes: Mapping[int, Row]
    activity: Mapping[int, TableActivity]
    extended_statistics: tuple[ExtendedStatistics, ...]
    attachments: Mapping[int, Attachments]

    @classmethod
    def read(
        cls, catalog: Catalog, chosen: Sequence[str], schemas: Sequence[str], block_size: int, progress: Progress
    ) -> Relations:
        """Read it: in the ``chosen`` schemas (empty: all), with the statistics of ``schemas``."""
        rows = table_queries.read_table_rows(catalog, chosen)
        views = read_view_rows(catalog, chosen)
        oids = [row.oid for row in rows]
        columns = read_columns(catalog, [*oids, *(view.oid for view in views if view.kind == "v")])
        names = {oid: {column.position: column.name for column in found} for oid, found in columns.items()}
        progress.step("reading the statistics")
        statistics = read_statistics(catalog, schemas)
        progress.step("reading indexes and sizes")
        return cls(
            block_size=block_size,
            tables=rows,
            views=views,
            columns=columns,
            statistics=statistics,
            constraints=read_constraints(catalog, oids, names),
            indexes=read_indexes(
                catalog, {row.oid: QualifiedName(row.schema, row.name) for row in rows}, statistics, block_size
            ),
            parents=table_queries.read_parents(catalog, oids),
            sizes=table_queries.read_sizes(catalog, oids),
            activity=table_queries.read_activity(catalog, oids),
            extended_statistics=read_extended_statistics(catalog, oids),
            attachments=read_attachments(catalog, oids),
        )

    def build(self, catalog: Catalog) -> tuple[tuple[Table, ...], tuple[View, ...]]:
        """Tables and views; what could not be seen of them goes to the catalog's limits."""
        queries = {view.oid: query_of(view) for view in self.views if view.kind == "m"}
        rows = self._whole_tables(catalog)
        tables = tuple(self._table(catalog, row, queries.get(row.oid)) for row in rows)
        note_hidden_statistics(catalog, list(zip(tables, rows, strict=True)))
        views = tuple(self._view(row) for row in self.views if row.kind == "v")
        return tables, views

    def _whole_tables(self, catalog: Catalog) -> list[Row]:
        """Without locked tables and all that inherits from them: unseen indexes would be recommended again."""
        names = {row.oid: QualifiedName(row.schema, row.name) for row in self.tables}
        left_out = names.keys() & set(catalog.locked)
        more = left_out
        while more:
            lost = {names[oid] for oid in more}
            more = {oid for oid, parents in self.parents.items() if lost.intersection(parents)} - left_out
            left_out = left_out | more
        if left_out:
            catalog.limit(
                named([name for oid, name in names.items() if oid in left_out]),
                "locked in ACCESS EXCLUSIVE mode by another session; collect again later",
            )
        # no columns: dropped while it was read
        return [row for row in self.tables if row.oid not in left_out and row.oid in self.columns]

    def _view(self, row: Row) -> View:
        name = QualifiedName(row.schema, row.name)
        columns = columns_of(self.columns.get(row.oid, ()), name, self.statistics)
        return View(name, query_of(row), columns, table_queries.storage_options(row.options))

    def _table(self, catalog: Catalog, row: Row, query: str | None) -> Table:
        name = QualifiedName(row.schema, row.name)
        main, total, toast = self._sizes(row)
        return Table(
            name=name,
            columns=columns_of(self.columns.get(row.oid, ()), name, self.statistics),
            kind=table_queries.KINDS[row.kind],
            persistence="unlogged" if row.persistence == "u" else "permanent",
            constraints=tuple(self.constraints.get(row.oid, ())),
            indexes=tuple(self.indexes.get(row.oid, ())),
            tuples=table_queries.tuples(catalog, row),
            pages=row.pages,
            all_visible_pages=row.all_visible_pages,
            file_pages=main // self.block_size,
            total_bytes=total,
            toast_bytes=toast,
            options=table_queries.storage_options(row.options),
            partition_key=row.partition_key,
            partition_bound=row.partition_bound,
            parents=self.parents.get(row.oid, ()),
            view_definition=query,
            row_security=row.row_security,
            activity=self.activity.get(row.oid),
            comment=row.comment,
            attachments=self.attachments.get(row.oid),
        )

    def _sizes(self, row: Row) -> tuple[int, int, int]:
        """Bytes of the main fork, of all without indexes, of TOAST."""
        size = self.sizes.get(row.oid)
        if size is not None and size.main is not None:
            return size.main, size.total or size.main, size.toast or 0
        # where the size cannot be asked, that of the last VACUUM is the best there is
        known = max(row.pages, 0) * self.block_size if row.kind in ("r", "m") else 0
        return known, known, 0
