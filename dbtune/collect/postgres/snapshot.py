"""The whole snapshot of a Postgres database, out of one read-only transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from dbtune import __version__
from dbtune.collect.collector import CollectOptions
from dbtune.collect.postgres import tables as table_queries
from dbtune.collect.postgres.catalog import Catalog, Row
from dbtune.collect.postgres.columns import columns_of, read_columns
from dbtune.collect.postgres.constraints import read_constraints
from dbtune.collect.postgres.extended_statistics import read_extended_statistics
from dbtune.collect.postgres.indexes import read_indexes
from dbtune.collect.postgres.objects import (
    read_collations,
    read_extensions,
    read_functions,
    read_sequences,
    read_types,
)
from dbtune.collect.postgres.server import read_server, read_settings
from dbtune.collect.postgres.statements import read_workload
from dbtune.collect.postgres.statistics import Statistics, read_statistics
from dbtune.collect.postgres.views import query_of, read_view_rows
from dbtune.collect.postgres.visibility import note_hidden_statistics
from dbtune.connect.postgres import read_only_session
from dbtune.connect.targets import DatabaseUrl
from dbtune.model.errors import UsageError
from dbtune.model.names import QualifiedName
from dbtune.model.progress import Progress
from dbtune.model.schema import Constraint, ExtendedStatistics, Index, Table, TableActivity, View
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Workload


def collect_postgres(url: DatabaseUrl, options: CollectOptions, progress: Progress) -> Snapshot:
    """See ``dbtune.collect.collector.collect``."""
    progress.step("connecting")
    with read_only_session(
        url, statement_timeout_ms=options.statement_timeout_ms, lock_timeout_ms=options.lock_timeout_ms
    ) as connection:
        return _collect(Catalog(connection), options, progress)


def _collect(catalog: Catalog, options: CollectOptions, progress: Progress) -> Snapshot:
    progress.step("reading the schema")
    server = read_server(catalog)
    schemas = _chosen_schemas(table_queries.read_schemas(catalog), options.schemas)
    extensions = read_extensions(catalog)
    relations = _Relations.read(catalog, options, schemas, progress)
    tables, views = relations.build(catalog, server.block_size)
    progress.step("reading types, functions and settings")
    settings = read_settings(catalog)
    types = read_types(catalog)
    functions = read_functions(catalog)
    sequences = read_sequences(catalog, options.schemas)
    collations = read_collations(catalog)
    workload = Workload()
    if options.workload:
        progress.step("reading pg_stat_statements")
        workload = read_workload(catalog, extensions, options.top)
    return Snapshot(
        server=server,
        collected_at=datetime.now(UTC).isoformat(timespec="seconds"),
        dbtune=__version__,
        settings=settings,
        search_path=catalog.search_path,
        schemas=schemas,
        tables=tables,
        views=views,
        types=types,
        functions=functions,
        sequences=sequences,
        extensions=extensions,
        collations=collations,
        extended_statistics=relations.extended_statistics,
        workload=workload,
        limits=tuple(catalog.limits),
    )


def _chosen_schemas(existing: Sequence[str], chosen: Sequence[str]) -> tuple[str, ...]:
    for schema in chosen:
        if schema not in existing:
            raise UsageError(f"there is no schema '{schema}' in this database (there are: {', '.join(existing)})")
    return tuple(chosen) or tuple(existing)


@dataclass(frozen=True)
class _Relations:
    """Everything read about tables and views, by oid, before it is put together."""

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

    @classmethod
    def read(cls, catalog: Catalog, options: CollectOptions, schemas: Sequence[str], progress: Progress) -> _Relations:
        rows = table_queries.read_table_rows(catalog, options.schemas)
        views = read_view_rows(catalog, options.schemas)
        oids = [row.oid for row in rows]
        columns = read_columns(catalog, [*oids, *(view.oid for view in views if view.kind == "v")])
        names = {oid: {column.position: column.name for column in found} for oid, found in columns.items()}
        progress.step("reading the statistics")
        statistics = read_statistics(catalog, schemas)
        progress.step("reading indexes and sizes")
        return cls(
            tables=rows,
            views=views,
            columns=columns,
            statistics=statistics,
            constraints=read_constraints(catalog, oids, names),
            indexes=read_indexes(catalog, {row.oid: QualifiedName(row.schema, row.name) for row in rows}, statistics),
            parents=table_queries.read_parents(catalog, oids),
            sizes=table_queries.read_sizes(catalog, oids),
            activity=table_queries.read_activity(catalog, oids),
            extended_statistics=read_extended_statistics(catalog, oids),
        )

    def build(self, catalog: Catalog, block_size: int) -> tuple[tuple[Table, ...], tuple[View, ...]]:
        queries = {view.oid: query_of(view) for view in self.views if view.kind == "m"}
        tables = tuple(self._table(catalog, row, queries.get(row.oid), block_size) for row in self.tables)
        note_hidden_statistics(catalog, list(zip(tables, self.tables, strict=True)))
        views = tuple(self._view(row) for row in self.views if row.kind == "v")
        return tables, views

    def _view(self, row: Row) -> View:
        name = QualifiedName(row.schema, row.name)
        return View(name, query_of(row), columns_of(self.columns.get(row.oid, ()), name, self.statistics))

    def _table(self, catalog: Catalog, row: Row, query: str | None, block_size: int) -> Table:
        name = QualifiedName(row.schema, row.name)
        size = self.sizes.get(row.oid)
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
            # where the size cannot be asked, the last VACUUM's is the best there is
            file_pages=size.main // block_size if size else row.pages if row.kind in "rm" else 0,
            total_bytes=size.total if size else row.pages * block_size if row.kind in "rm" else 0,
            toast_bytes=size.toast if size else 0,
            options=table_queries.storage_options(row.options),
            partition_key=row.partition_key,
            partition_bound=row.partition_bound,
            parents=self.parents.get(row.oid, ()),
            view_definition=query,
            row_security=row.row_security,
            activity=self.activity.get(row.oid),
            comment=row.comment,
        )
