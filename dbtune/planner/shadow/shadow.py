"""The shadow planner: production's schema, statistics, sizes and settings in an empty server, which plans as it would.

The planner is a function of these and of its version, and of nothing else: no row of the database is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from types import TracebackType

import psycopg
from psycopg.pq import DiagnosticField, ExecStatus

from dbtune.connect.refusals import first_line
from dbtune.ddl.quoting import identifier, literal
from dbtune.embedded import Binaries
from dbtune.model.errors import PlanFailed, PlannerUnavailable
from dbtune.model.names import QualifiedName
from dbtune.model.plan import EMPTY_CONFIGURATION, Confidence, Configuration, Plan, PlanNode
from dbtune.model.progress import NoProgress, Progress
from dbtune.model.schema import Index
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Instance, Limit
from dbtune.planner.index_size import index_pages
from dbtune.planner.plan_reader import read_plan
from dbtune.planner.shadow.catalog import read_attributes, read_relations
from dbtune.planner.shadow.ddl_runner import Connection
from dbtune.planner.shadow.extended_statistics import write_extended_statistics
from dbtune.planner.shadow.host import SCRATCH_URL_VARIABLE, Host, open_host
from dbtune.planner.shadow.pages import BLOCK_SIZE
from dbtune.planner.shadow.schema import create_schema
from dbtune.planner.shadow.settings import copied_settings
from dbtune.planner.shadow.sizes import existing_sizes, write_sizes
from dbtune.planner.shadow.statistics import write_statistics
from dbtune.planner.shadow.what_if import WhatIfIndexes

EXPLAIN = b"EXPLAIN (FORMAT JSON, VERBOSE) "
GENERIC_NAME = b"dbtune_generic"
PLANNING_TIMEOUT = "30s"


class ShadowPlanner:
    """Plans statements on a shadow of the snapshot's database. A context manager; not thread-safe."""

    def __init__(self, host: Host, snapshot: Snapshot, indexes: WhatIfIndexes, limits: Sequence[Limit]) -> None:
        self._host = host
        self._snapshot = snapshot
        self._indexes = indexes
        self._limits = tuple(limits)
        self._search_path: tuple[str, ...] = snapshot.search_path

    @classmethod
    def open(
        cls, snapshot: Snapshot, progress: Progress | None = None, binaries: Binaries | None = None
    ) -> ShadowPlanner:
        """Build the shadow; a second or so. ``binaries`` names the server's programs (else the best there are).

        Raises PlannerUnavailable where no server can be run, or the snapshot is not of a Postgres.
        """
        progress = progress or NoProgress()
        if snapshot.server.dialect != "postgres":
            raise PlannerUnavailable(f"the shadow planner is for Postgres, not for {snapshot.server.dialect}")
        host = open_host(snapshot.server, progress, binaries)
        try:
            return cls._build(host, snapshot, progress)
        except psycopg.Error as error:
            host.close()
            raise PlannerUnavailable(f"the shadow could not be built: {first_line(error)}") from error
        except BaseException:
            host.close()
            raise

    @classmethod
    def _build(cls, host: Host, snapshot: Snapshot, progress: Progress) -> ShadowPlanner:
        connection = host.connection
        limits = [*host.limits, *_apply_settings(connection, host.major, snapshot)]
        if snapshot.server.block_size != BLOCK_SIZE:
            why = f"the shadow counts pages of {BLOCK_SIZE} bytes: sizes, and so costs, are off"
            limits.append(Limit(f"pages of {snapshot.server.block_size} bytes", why))
        progress.step(f"recreating {len(snapshot.tables)} tables and {len(snapshot.indexes)} indexes in the shadow")
        limits += create_schema(connection, snapshot)
        progress.step("giving the shadow production's statistics and sizes")
        relations = read_relations(connection)
        attributes = read_attributes(connection)
        limits += write_statistics(connection, snapshot, relations, attributes, by_bytes=host.bytes_for_locale)
        limits += write_extended_statistics(connection, snapshot, relations, attributes, host.major)
        sizes = existing_sizes(snapshot, relations, host.files, snapshot.server.major)
        host.files.flush()
        write_sizes(connection, sizes, host.major)
        indexes = WhatIfIndexes(connection, host.files, snapshot, relations, sizes, host.major)
        return cls(host, snapshot, indexes, limits)

    @property
    def name(self) -> str:
        return f"shadow (Postgres {self._host.version})"

    @property
    def confidence(self) -> Confidence:
        return "proven"

    @property
    def limits(self) -> tuple[Limit, ...]:
        return (*self._limits, *self._indexes.limits)

    def prepare(self, candidates: Iterable[Index]) -> tuple[Index, ...]:
        """Build the what-if indexes; may be called again with more. Those that the server refuses become Limits."""
        try:
            return self._indexes.make(candidates)
        except psycopg.Error as error:
            raise PlannerUnavailable(f"what-if indexes could not be made in the shadow: {first_line(error)}") from error

    def plan(self, instance: Instance, configuration: Configuration = EMPTY_CONFIGURATION) -> Plan:
        """The plan under the configuration; the statement is never run. Raises PlanFailed with the server's reason."""
        try:
            self._configure(instance, configuration)
        except psycopg.Error as error:
            raise PlanFailed(f"the shadow could not take the configuration: {first_line(error)}") from None
        sql = instance.sql.strip().rstrip(";").encode()
        plan = read_plan(self._explain_generic(sql) if instance.generic else self._ask(EXPLAIN + sql))
        return self._named_as_asked(plan)

    def index_bytes(self, index: Index) -> int:
        table = self._snapshot.table(index.table)
        return 0 if table is None else index_pages(index, table, self._snapshot).bytes

    def another(self) -> ShadowPlanner | None:
        """The same in another database of the same server: that takes a tenth of a second."""
        try:
            return self.changed(self._snapshot)
        except PlannerUnavailable:
            return None

    @property
    def keeps_schema(self) -> str:
        """See ``Planner.keeps_schema``."""
        if self._host.sibling is not None:
            return ""
        return (
            f"the shadow's server is none of dbtune's own ({SCRATCH_URL_VARIABLE}, or a container): it holds one shadow"
        )

    def changed(self, snapshot: Snapshot) -> ShadowPlanner | None:
        """A shadow of another schema in another database of the same server, removed when it is closed; None where the
        server is not dbtune's own. Raises PlannerUnavailable."""
        return None if self._host.sibling is None else self.beside(snapshot)

    def beside(self, snapshot: Snapshot) -> ShadowPlanner:
        """A planner of another snapshot of the same database, such as what a migration makes of it.

        To be closed before this one. Raises PlannerUnavailable.
        """
        host = self.empty_database()
        try:
            return self._build(host, snapshot, NoProgress())
        except psycopg.Error as error:
            host.close()
            raise PlannerUnavailable(f"the shadow could not be built: {first_line(error)}") from error
        except BaseException:
            host.close()
            raise

    def empty_database(self) -> Host:
        """Another database on the same server, or on one more of its kind; to be closed before this planner."""
        if self._host.sibling is not None:
            return self._host.sibling()
        return open_host(self._snapshot.server, NoProgress())

    def close(self) -> None:
        self._host.close()

    def __enter__(self) -> ShadowPlanner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _configure(self, instance: Instance, configuration: Configuration) -> None:
        made = self._indexes.make(configuration.add)
        if len(made) < len(configuration.add):
            refused = next(iter(configuration.add - set(made)))
            raise PlanFailed(f"the what-if index {refused.name} on {refused.table} cannot be made")
        self._indexes.switch(configuration)
        search_path = instance.search_path or self._snapshot.search_path
        if search_path != self._search_path:
            self._host.connection.execute(set_search_path(search_path))
            self._search_path = search_path

    def _explain_generic(self, sql: bytes) -> bytes:
        """The generic plan, by PREPARE: it works in every version, and leaves ``$n`` as they are."""
        self._ask(b"PREPARE " + GENERIC_NAME + b" AS " + sql)
        try:
            counted = self._ask(
                b"SELECT coalesce(cardinality(parameter_types), 0) FROM pg_catalog.pg_prepared_statements"
                b" WHERE name = '" + GENERIC_NAME + b"'"
            )
            nulls = b",".join([b"NULL"] * int(counted))
            return self._ask(EXPLAIN + b"EXECUTE " + GENERIC_NAME + (b"(" + nulls + b")" if nulls else b""))
        finally:
            self._ask(b"DEALLOCATE " + GENERIC_NAME)

    def _ask(self, sql: bytes) -> bytes:
        """First value of the answer. By the extended protocol, which takes one statement and no more."""
        try:
            result = self._host.connection.pgconn.exec_params(sql, [])
        except psycopg.Error as error:
            raise PlanFailed(f"the shadow's server is gone: {error}") from None
        if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            message = result.error_field(DiagnosticField.MESSAGE_PRIMARY) or result.error_message
            raise PlanFailed(message.decode(errors="replace").strip().splitlines()[0])
        return (result.get_value(0, 0) or b"") if result.ntuples and result.nfields else b""

    def _named_as_asked(self, plan: Plan) -> Plan:
        """An index of a partition, made for a what-if index on the whole table, goes by the latter's name."""
        names = self._indexes.parent_names
        if not names or not any(node.index for node in plan.root.walk()):
            return plan

        def renamed(node: PlanNode, schema: str) -> PlanNode:
            # a bitmap index scan tells neither schema nor relation: those of the heap scan above it
            schema = node.relation.schema if node.relation is not None else schema
            children = tuple(renamed(child, schema) for child in node.children)
            index = node.index
            if index is not None:
                index = names.get(QualifiedName(schema, index), index)
            return replace(node, index=index, children=children)

        return replace(plan, root=renamed(plan.root, "public"))


def _apply_settings(connection: Connection, major: int, snapshot: Snapshot) -> list[Limit]:
    """Set production's planner settings in the session; those that this server does not know become Limits."""
    limits = []
    wanted = {
        **copied_settings(snapshot.settings),
        "client_min_messages": "error",
        "check_function_bodies": "off",
        "plan_cache_mode": "force_generic_plan",
        "row_security": "on",
        "statement_timeout": PLANNING_TIMEOUT,
    }
    for name, value in wanted.items():
        try:
            connection.execute(f"SET {name} = {literal(value)}".encode())
        except psycopg.Error as error:
            if major == snapshot.server.major:  # another version's settings come and go
                limits.append(Limit(f"setting {name} = {value}", f"not in the shadow: {first_line(error)}"))
    connection.execute(set_search_path(snapshot.search_path))
    return limits


def set_search_path(search_path: Sequence[str]) -> bytes:
    """The statement that makes this the session's path."""
    return f"SET search_path = {', '.join(identifier(schema) for schema in search_path) or literal('')}".encode()
