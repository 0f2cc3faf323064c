"""The whole snapshot of a Postgres database, out of one read-only transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from dbtune import __version__
from dbtune.collect.collector import CollectOptions
from dbtune.collect.postgres import tables as table_queries
from dbtune.collect.postgres.catalog import Catalog
from dbtune.collect.postgres.objects import (
    read_collations,
    read_extensions,
    read_functions,
    read_sequences,
    read_types,
)
from dbtune.collect.postgres.relations import Relations
from dbtune.collect.postgres.server import read_server, read_settings
from dbtune.collect.postgres.statements import read_workload
from dbtune.connect.postgres import read_only_session
from dbtune.connect.targets import DatabaseUrl
from dbtune.model.errors import UsageError
from dbtune.model.progress import Progress
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Workload


def collect_postgres(url: DatabaseUrl, options: CollectOptions, progress: Progress) -> Snapshot:
    """See ``dbtune.collect.collector.collect``."""
    progress.step("connecting")
    with read_only_session(
        url, statement_timeout_ms=options.statement_timeout_ms, lock_timeout_ms=options.lock_timeout_ms
    ) as connection:
        return collect_from(Catalog(connection), options, progress)


def collect_from(catalog: Catalog, options: CollectOptions, progress: Progress) -> Snapshot:
    """The same out of a session that is there."""
    progress.step("reading the schema")
    server = read_server(catalog)
    schemas = _chosen_schemas(table_queries.read_schemas(catalog), options.schemas)
    extensions = read_extensions(catalog)
    relations = Relations.read(catalog, options.schemas, schemas, server.block_size, progress)
    tables, views = relations.build(catalog)
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
