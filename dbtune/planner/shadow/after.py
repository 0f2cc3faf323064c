"""The snapshot as it will be once pending migrations have run: production's, with what they change.

The schema is changed by the server itself, on an empty copy. A table that no statement touched stays as the snapshot
has it, to the last statistic; one that was touched is described anew, with the statistics of those of its columns that
are still there, and with the size it had. New indexes get the size that they will have. A new column and a new table
have no statistics, as after the migration before the first ANALYZE; a column whose type is changed keeps those it has
(the next ANALYZE makes much the same ones).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dbtune.collect.collector import CollectOptions
from dbtune.collect.postgres.catalog import Catalog
from dbtune.collect.postgres.snapshot import collect_from
from dbtune.model.migration import Effects, Migrated, PendingStatement
from dbtune.model.names import QualifiedName
from dbtune.model.progress import NoProgress, Progress
from dbtune.model.schema import Column, Index, Table
from dbtune.model.schema_objects import ExtendedStatistics
from dbtune.model.snapshot import Snapshot
from dbtune.planner.index_size import index_pages
from dbtune.planner.shadow.catalog import read_attributes, read_relations
from dbtune.planner.shadow.ddl_runner import Connection
from dbtune.planner.shadow.host import Host
from dbtune.planner.shadow.migrating import EmptySchema
from dbtune.planner.shadow.schema import create_schema
from dbtune.planner.shadow.shadow import set_search_path

LONGEST = "60s"
"""Of one statement of a migration: without rows only one that sleeps or loops takes as long."""


@dataclass(frozen=True)
class _Names:
    """Object ids of tables and indexes, and the columns' names by number."""

    oids: Mapping[QualifiedName, int]
    columns: Mapping[int, Mapping[int, str]]

    @classmethod
    def read(cls, connection: Connection) -> _Names:
        attributes = read_attributes(connection)
        return cls(
            {name: relation.oid for name, relation in read_relations(connection).items()},
            {oid: {one.number: one.name for one in found} for oid, found in attributes.items()},
        )


def migrate(host: Host, snapshot: Snapshot, pending: Sequence[PendingStatement], progress: Progress) -> Migrated:
    """Run the statements on an empty copy of the schema in the host's database, which is theirs to change.

    Raises UsageError, with file and line, for a statement that is no SQL.
    """
    connection = host.connection
    connection.execute(b"SET client_min_messages = error")
    connection.execute(b"SET check_function_bodies = off")
    connection.execute(f"SET statement_timeout = '{LONGEST}'".encode())
    progress.step(f"recreating {len(snapshot.tables)} tables for the migration")
    create_schema(connection, snapshot)
    connection.execute(set_search_path(snapshot.search_path))
    names = _Names.read(connection)
    copy = _collected(connection)
    schema = EmptySchema(connection)
    effects: list[Effects] = []
    for number, one in enumerate(schema.run(pending)):
        progress.step("running the migration on an empty copy", number, len(pending))
        effects.append(one)
    connection.execute(set_search_path(snapshot.search_path))
    changed = _collected(connection)
    return Migrated(tuple(effects), _After(snapshot, copy, changed, names, _Names.read(connection)).snapshot())


def _collected(connection: Connection) -> Snapshot:
    with connection.transaction():
        return collect_from(Catalog(connection), CollectOptions(workload=False), NoProgress())


class _After:
    """Puts together the snapshot from three: production's, the copy before the migration, the copy after it."""

    def __init__(self, before: Snapshot, copy: Snapshot, changed: Snapshot, old: _Names, new: _Names) -> None:
        self._before = before
        self._copy = copy
        self._changed = changed
        self._old = old
        self._new = new
        self._former = {oid: name for name, oid in old.oids.items()}
        self._new_indexes: set[QualifiedName] = set()

    def snapshot(self) -> Snapshot:
        before, copy, changed = self._before, self._copy, self._changed
        after = replace(
            before,
            schemas=tuple(dict.fromkeys((*before.schemas, *changed.schemas))),
            tables=tuple(sorted(self._tables(), key=lambda table: table.name)),
            views=before.views if copy.views == changed.views else changed.views,
            types=before.types if copy.types == changed.types else changed.types,
            functions=before.functions if copy.functions == changed.functions else changed.functions,
            sequences=before.sequences if copy.sequences == changed.sequences else changed.sequences,
            extensions=(
                *before.extensions,
                *(one for one in changed.extensions if one.name not in {known.name for known in copy.extensions}),
            ),
            collations=before.collations if copy.collations == changed.collations else changed.collations,
            extended_statistics=(
                before.extended_statistics
                if copy.extended_statistics == changed.extended_statistics
                else tuple(self._extended_statistics())
            ),
        )
        return replace(after, tables=tuple(self._with_sizes(table, after) for table in after.tables))

    def _extended_statistics(self) -> Iterator[ExtendedStatistics]:
        known = {one.name: one for one in self._before.extended_statistics}
        for one in self._changed.extended_statistics:
            yield known.get(one.name, one)

    def _tables(self) -> Iterator[Table]:
        for table in self._before.tables:
            if table.name not in self._old.oids:  # the copy could not take it, so nothing is known to change it
                yield table
        for table in self._changed.tables:
            former = self._former.get(self._new.oids.get(table.name, 0))
            known = None if former is None else self._before.table(former)
            if known is None:
                yield replace(table, activity=None)
            elif table == self._copy.table(table.name):
                yield known
            else:
                yield self._table(table, known)

    def _table(self, table: Table, known: Table) -> Table:
        oid = self._new.oids[table.name]
        numbers = {name: number for number, name in self._new.columns.get(oid, {}).items()}
        former_names = self._old.columns.get(oid, {})
        former_table = self._copy.table(known.name)

        def column(one: Column) -> Column:
            former = known.column(former_names.get(numbers.get(one.name, 0), ""))
            if former is None:
                return one
            if former_table is not None and one == former_table.column(former.name):
                return former
            same_type = one.type_name == former.type_name
            return replace(
                one,
                position=former.position,
                statistics_target=former.statistics_target,
                statistics=former.statistics,
                inherited_statistics=former.inherited_statistics,
                length=former.length if same_type else one.length,
            )

        return replace(
            known,
            name=table.name,
            columns=tuple(column(one) for one in table.columns),
            constraints=table.constraints,
            indexes=tuple(self._index(index, known) for index in table.indexes),
            options=table.options,
            partition_key=table.partition_key,
            partition_bound=table.partition_bound,
            parents=table.parents,
            view_definition=table.view_definition,
        )

    def _index(self, index: Index, table: Table) -> Index:
        """With the facts of the index it was, where it was there before (a change of type builds indexes anew)."""
        former = self._former.get(self._new.oids.get(index.qualified_name, 0))
        known = table.index(former.name) if former is not None else None
        if known is None:
            same_name = table.index(index.name)
            known = same_name if same_name is not None and same_name.columns == index.columns else None
        if known is None or known.facts is None or index.facts is None:
            self._new_indexes.add(index.qualified_name)
            return index
        facts = replace(
            known.facts,
            definition=index.facts.definition,
            constraint=index.facts.constraint,
            partition_of=index.facts.partition_of,
        )
        return replace(index, facts=facts)

    def _with_sizes(self, table: Table, after: Snapshot) -> Table:
        """New indexes of a table that was there before, with the size that they will have."""
        if not any(index.qualified_name in self._new_indexes for index in table.indexes):
            return table
        indexes = (
            _sized(index, table, after) if index.qualified_name in self._new_indexes else index
            for index in table.indexes
        )
        return replace(table, indexes=tuple(indexes))


def _sized(index: Index, table: Table, after: Snapshot) -> Index:
    if index.facts is None:
        return index
    size = index_pages(index, table, after)
    facts = replace(
        index.facts, pages=size.pages, tuples=size.tuples, bytes=size.bytes, tree_height=size.height, scans=None
    )
    return replace(index, facts=facts)
