"""What-if indexes: real ones, built on empty files, given the size they would have, and switched on and off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from dbtune.ddl.indexes import create_index
from dbtune.model.names import QualifiedName
from dbtune.model.plan import Configuration
from dbtune.model.schema import Index, Table
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Limit
from dbtune.planner.index_size import index_pages
from dbtune.planner.shadow.catalog import (
    Relation,
    read_index_children,
    read_relations,
    read_table_children,
)
from dbtune.planner.shadow.ddl_runner import Connection, DdlRunner, Step
from dbtune.planner.shadow.files import RelationFiles
from dbtune.planner.shadow.sizes import RelationSize, index_file, point_at, write_sizes


class WhatIfIndexes:
    """All indexes of one shadow: which of them the planner sees at present, and the making of new ones."""

    def __init__(
        self,
        connection: Connection,
        files: RelationFiles,
        snapshot: Snapshot,
        relations: Mapping[QualifiedName, Relation],
        sizes: Sequence[RelationSize],
        major: int,
    ) -> None:
        self._connection = connection
        self._files = files
        self._snapshot = snapshot
        self._major = major
        self._relations = dict(relations)
        self._empty_files = {relation.oid: relation.file_number for relation in relations.values()}
        self._sizes = {size.oid: size for size in sizes}
        self._table_children = read_table_children(connection)
        children = read_index_children(connection)
        self._existing = {
            name: (relation.oid, *children.get(relation.oid, ()))
            for name, relation in relations.items()
            if relation.kind in "iI"
        }
        self._made: dict[Index, tuple[int, ...]] = {}
        self._refused: dict[Index, str] = {}
        self._parent_names: dict[QualifiedName, str] = {}
        self._on: frozenset[int] = frozenset()
        self._off: frozenset[int] = frozenset()
        self.limits: list[Limit] = []

    @property
    def parent_names(self) -> Mapping[QualifiedName, str]:
        """Of an index made on a partition for a what-if index on the partitioned table: the latter's name."""
        return self._parent_names

    def make(self, indexes: Iterable[Index]) -> tuple[Index, ...]:
        """Build those that are not there yet, switched off; all of them that can be planned with."""
        wanted = tuple(dict.fromkeys(indexes))
        new = [index for index in wanted if index not in self._made and index not in self._refused]
        if new:
            self._build(new)
        return tuple(index for index in wanted if index in self._made)

    def switch(self, configuration: Configuration) -> None:
        """Let the planner see the existing indexes and those of the configuration, without the dropped ones."""
        on = frozenset(oid for index in configuration.add for oid in self._made.get(index, ()))
        off = frozenset(oid for name in configuration.drop for oid in self._existing.get(name, ()))
        shown = (on - self._on) | (self._off - off)
        hidden = (self._on - on) | (off - self._off)
        if shown or hidden:
            self._set_valid(shown, hidden)
            self._on, self._off = on, off

    def _set_valid(self, shown: Iterable[int], hidden: Iterable[int]) -> None:
        """The planner passes over an invalid index; changing the row tells every session's cache about it."""
        on = ",".join(map(str, sorted(shown))) or "0"
        off = ",".join(map(str, sorted(hidden))) or "0"
        self._connection.execute(
            f"UPDATE pg_catalog.pg_index SET indisvalid = indexrelid IN ({on})"
            f" WHERE indexrelid IN ({on},{off})".encode()
        )

    def _build(self, new: Sequence[Index]) -> None:
        """Create them while their tables' files are the empty ones: a build reads the whole table."""
        empty, full = self._table_files(new)
        runner = DdlRunner(self._connection)
        point_at(self._connection, empty)
        try:
            runner.run(Step(_label(index), create_index(index, concurrently=False)) for index in new)
            runner.settle()
        finally:
            point_at(self._connection, full)
        self.limits += runner.limits
        made = [index for index in new if _label(index) not in runner.failed]
        self._refused.update({index: "" for index in new if _label(index) in runner.failed})
        self._take_in(made)
        # CREATE INDEX has written the empty table's figures into pg_class
        write_sizes(self._connection, (self._sizes[oid] for oid in full), self._major)

    def _table_files(self, new: Sequence[Index]) -> tuple[dict[int, int], dict[int, int]]:
        """Empty and full file of each table that an index is built on, partitions included, by object id."""
        empty: dict[int, int] = {}
        full: dict[int, int] = {}
        for table in {index.table for index in new}:
            relation = self._relations.get(table)
            if relation is None:
                continue
            for oid in (relation.oid, *self._table_children.get(relation.oid, ())):
                size = self._sizes.get(oid)
                if size is not None:
                    empty[oid] = self._empty_files[oid]
                    full[oid] = size.file_number or self._empty_files[oid]
        return empty, full

    def _take_in(self, made: Sequence[Index]) -> None:
        """Give the new indexes their sizes and switch them off."""
        known = {relation.oid for relation in self._relations.values()}
        self._relations = dict(read_relations(self._connection))
        by_oid = {relation.oid: relation for relation in self._relations.values()}
        children, tables = read_index_children(self._connection), self._tables_of_indexes()
        sizes: list[RelationSize] = []
        # sizes of one table's indexes follow from each other
        for index in sorted(made, key=lambda index: (index.table.schema, index.table.name)):
            own = self._relations[index.qualified_name].oid
            oids = tuple(oid for oid in (own, *children.get(own, ())) if oid not in known)
            for oid in oids:
                table = tables.get(oid)
                if table is not None:
                    sizes += self._size(index, by_oid[oid], table)
            self._parent_names.update({by_oid[oid].name: index.name for oid in oids if oid != own})
            self._made[index] = oids
        self._files.flush()
        write_sizes(self._connection, sizes, self._major)
        self._set_valid((), (oid for index in made for oid in self._made[index]))

    def _size(self, index: Index, relation: Relation, table: Table) -> Iterator[RelationSize]:
        if relation.file_number == 0:  # a partitioned index: its partitions have the files
            return
        on_table = index if index.table == table.name else replace(index, table=table.name)
        size = index_pages(on_table, table, self._snapshot)
        number = index_file(self._files, index, table.file_pages, size.pages, size.height, relation.file_number)
        yield RelationSize(relation.oid, number, size.pages, size.tuples)

    def _tables_of_indexes(self) -> Mapping[int, Table]:
        names = {relation.oid: name for name, relation in self._relations.items()}
        found: dict[int, Table] = {}
        for index, table in self._connection.execute(b"SELECT indexrelid::int8, indrelid::int8 FROM pg_index"):
            name = names.get(int(str(table)))
            described = None if name is None else self._snapshot.table(name)
            if described is not None:
                found[int(str(index))] = described
        return found


def _label(index: Index) -> str:
    return f"what-if index {index.qualified_name}"
