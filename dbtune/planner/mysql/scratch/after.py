"""The snapshot as it will be once pending migrations have run: production's, with what they change.

The server itself changes the schema, in empty databases on the scratch server. A table that no statement touched stays
as the snapshot has it, to the last statistic; one that was touched is described anew, with the statistics of those of
its columns and indexes that are still there, and with the size it had.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dbtune.collect.collector import CollectOptions
from dbtune.collect.mysql.snapshot import collect_mysql
from dbtune.model.migration import Effects, Migrated, PendingStatement
from dbtune.model.mysql import MySQLTable
from dbtune.model.names import QualifiedName
from dbtune.model.progress import NoProgress, Progress
from dbtune.model.schema import Column, Index, Table
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Limit
from dbtune.planner.mysql.scratch.descriptions import Origins
from dbtune.planner.mysql.scratch.filling import Origin
from dbtune.planner.mysql.scratch.host import ScratchHost
from dbtune.planner.mysql.scratch.migrating import EmptyDatabases, as_in_production
from dbtune.planner.mysql.scratch.schema import create_schema


@dataclass(frozen=True)
class MigratedDatabases(Migrated):
    """With what each table was before."""

    origins: Mapping[QualifiedName, Origin] = field(default_factory=dict)
    """Of the tables that were there before."""


def migrate(
    host: ScratchHost, snapshot: Snapshot, pending: Sequence[PendingStatement], progress: Progress
) -> MigratedDatabases:
    """Run the statements in empty databases on the host, which are theirs to change; the host is closed afterwards.

    Raises UsageError, with file and line, for a statement that is no SQL, PlannerUnavailable, MySQLError.
    """
    try:
        progress.step(f"recreating {len(snapshot.tables)} tables for the migration")
        create_schema(host, snapshot, own_engines=True)
        schemas = tuple(sorted({table.name.schema for table in snapshot.tables} | set(snapshot.search_path)))
        copy = _collected(host, schemas)
        as_in_production(host.session, snapshot.settings)
        default = snapshot.default_database()
        if default:
            host.session.use(default)
        databases = EmptyDatabases(host.session, schemas)
        effects: list[Effects] = []
        for number, one in enumerate(databases.run(pending)):
            progress.step("running the migration on an empty copy", number, len(pending))
            effects.append(one)
        changed = _collected(host, schemas)
        after, origins = _After(snapshot, copy, changed, databases.origins).snapshot()
        if host.is_of_series(snapshot.server):
            return MigratedDatabases(tuple(effects), after, origins=origins)
        limit = Limit(
            f"algorithms and locks of {snapshot.server.dialect} {snapshot.server.version}",
            f"asked of {host.version.name}: what it does in place, or at once, production may do by a copy",
        )
        return MigratedDatabases(tuple(effects), after, "estimated", (limit,), origins)
    finally:
        host.close()


def _collected(host: ScratchHost, schemas: Sequence[str]) -> Snapshot:
    return collect_mysql(host.url, CollectOptions(schemas=tuple(schemas), workload=False), NoProgress())


class _After:
    """Puts together the snapshot from three: production's, the copy before the migration, the copy after it."""

    def __init__(self, before: Snapshot, copy: Snapshot, changed: Snapshot, now: Origins) -> None:
        self._before = before
        self._copy = copy
        self._changed = changed
        self._now = now
        self._origins: dict[QualifiedName, Origin] = {}

    def snapshot(self) -> tuple[Snapshot, Mapping[QualifiedName, Origin]]:
        before, copy, changed = self._before, self._copy, self._changed
        tables = tuple(sorted(self._tables(), key=lambda table: table.name))
        views = before.views if copy.views == changed.views else changed.views
        return replace(before, tables=tables, views=views), self._origins

    def _tables(self) -> Iterator[Table]:
        for table in self._before.tables:
            if self._copy.table(table.name) is None:  # the copy could not take it, so nothing is known to change it
                self._origins[table.name] = _unchanged(table)
                yield table
        for table in self._changed.tables:
            former = self._now.table(table.name)
            known = None if former is None else self._before.table(former)
            copied = None if former is None else self._copy.table(former)
            if known is None or copied is None:
                yield replace(table, activity=None)
            elif table.name == known.name and _definition(table) == _definition(copied):
                self._origins[table.name] = _unchanged(known)
                yield known
            else:
                yield self._table(table, known)

    def _table(self, table: Table, known: Table) -> Table:
        names = self._now.columns[table.name]

        def column(one: Column) -> Column:
            former = known.column(names.get(one.name, ""))
            return replace(one, statistics=None) if former is None else _with_statistics(one, former)

        former_name = {former: name for name, former in names.items()}
        indexes = [_with_facts(index, known, former_name, known.tuples) for index in table.indexes]
        partitioned = _scheme(table) != _scheme(known)
        self._origins[table.name] = Origin(
            known.name,
            dict(names),
            frozenset(index.name for index, is_new in indexes if is_new),
            partitioned_anew=partitioned,
        )
        return replace(
            known,
            name=table.name,
            columns=tuple(map(column, table.columns)),
            constraints=table.constraints,
            indexes=tuple(index for index, _ in indexes),
            options=table.options,
            partition_key=table.partition_key,
            comment=table.comment,
            mysql=_mysql(table.mysql, known.mysql, keep_partitions=not partitioned),
        )


def _unchanged(table: Table) -> Origin:
    return Origin(table.name, {column.name: column.name for column in table.columns})


def _definition(table: Table) -> str:
    return "" if table.mysql is None else table.mysql.definition


def _scheme(table: Table) -> object:
    found = None if table.mysql is None else table.mysql.partitioning
    if found is None:
        return None
    parts = tuple((one.name, one.subpartition, one.description) for one in found.partitions)
    return found.method, found.expression, found.submethod, found.subexpression, parts


def _with_statistics(column: Column, former: Column) -> Column:
    """With the statistics it had. A histogram of values of another type says nothing of the new ones."""
    mysql = column.mysql
    if mysql is not None and former.mysql is not None:
        same = column.type_name == former.type_name
        mysql = replace(
            mysql,
            histogram=former.mysql.histogram if same else None,
            minimum=former.mysql.minimum,
            maximum=former.mysql.maximum,
            average_frequency=former.mysql.average_frequency,
        )
    return replace(column, statistics=former.statistics, mysql=mysql)


def _with_facts(index: Index, known: Table, now: Mapping[str, str], rows: float) -> tuple[Index, bool]:
    """The index with the facts of the one that holds the same, under whatever name; and whether there was none."""

    def keys(one: Index, names: Mapping[str, str] | None = None) -> object:
        columns = (key.column if names is None else names.get(key.column or "", key.column) for key in one.keys)
        return [(name, key.expression, key.prefix_length) for name, key in zip(columns, one.keys, strict=True)]

    same = [one for one in known.indexes if one.method == index.method and keys(one, now) == keys(index)]
    former = next((one for one in same if one.name == index.name), next(iter(same), None))
    if index.facts is None:
        return index, former is None
    if former is None or former.facts is None:
        own = index.facts.mysql
        if own is not None:
            n_diff = (round(max(0.0, rows)),) if index.unique and len(index.keys) == 1 else ()
            own = replace(own, n_diff=n_diff, n_diff_columns=(), cardinalities=(), leaf_pages=None, pages=None)
        return replace(index, facts=replace(index.facts, mysql=own)), True
    definition, visible = index.facts.definition, index.facts.mysql is None or index.facts.mysql.visible
    mysql = former.facts.mysql and replace(former.facts.mysql, visible=visible)
    return replace(index, facts=replace(former.facts, definition=definition, mysql=mysql)), False


def _mysql(table: MySQLTable | None, known: MySQLTable | None, *, keep_partitions: bool) -> MySQLTable | None:
    """The new description with the sizes that the table had."""
    if table is None or known is None:
        return table
    return replace(
        known,
        engine=table.engine,
        definition=table.definition,
        row_format=table.row_format,
        create_options=table.create_options,
        collation=table.collation,
        auto_increment=known.auto_increment if table.auto_increment is not None else None,
        partitioning=known.partitioning if keep_partitions else table.partitioning,
    )
