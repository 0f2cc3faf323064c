"""The whole snapshot of MySQL or MariaDB databases, out of one read-only session."""

from __future__ import annotations

from datetime import UTC, datetime

from dbtune import __version__
from dbtune.collect.collector import CollectOptions
from dbtune.collect.mysql.catalog import Catalog
from dbtune.collect.mysql.privileges import note_missing_privileges
from dbtune.collect.mysql.relations import Relations
from dbtune.collect.mysql.schemas import choose_schemas
from dbtune.collect.mysql.server import read_observed, read_server, read_settings, read_variables
from dbtune.collect.mysql.use import read_usage
from dbtune.collect.mysql.workload import counts_digests, read_workload
from dbtune.connect.mysql import read_only_session
from dbtune.connect.targets import DatabaseUrl
from dbtune.model.progress import Progress
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Workload


def collect_mysql(url: DatabaseUrl, options: CollectOptions, progress: Progress) -> Snapshot:
    """See ``dbtune.collect.collector.collect``."""
    progress.step("connecting")
    with read_only_session(
        url, statement_timeout_ms=options.statement_timeout_ms, lock_timeout_ms=options.lock_timeout_ms
    ) as session:
        return _collect(Catalog(session), options, progress)


def _collect(catalog: Catalog, options: CollectOptions, progress: Progress) -> Snapshot:
    progress.step("reading the schema")
    variables = read_variables(catalog)
    schemas = choose_schemas(catalog, options.schemas)
    database = schemas[0] if len(schemas) == 1 else catalog.database or ""
    usage = read_usage(catalog, schemas, variables)
    page_size = int(variables.get("innodb_page_size") or 16384)
    relations = Relations.read(catalog, schemas, page_size, usage, progress)
    tables, views = relations.build(catalog)
    note_missing_privileges(catalog, schemas, tables, views, relations.innodb)
    workload = Workload()
    if options.workload:
        progress.step("reading performance_schema")
        workload = read_workload(catalog, variables, schemas, database, options.top)
    observed = read_observed(catalog, variables, digests=counts_digests(catalog, variables), counters=usage.source)
    server = read_server(catalog, variables, database, observed)
    return Snapshot(
        server=server,
        collected_at=datetime.now(UTC).isoformat(timespec="seconds"),
        dbtune=__version__,
        settings=read_settings(variables),
        search_path=(database,) if database else (),
        schemas=schemas,
        tables=tables,
        views=views,
        workload=workload,
        limits=tuple(catalog.limits),
    )
