"""Indexes of partitioned tables: built partition by partition without stopping writers, then put together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dbtune.ddl.indexes import create_index, drop_index, index_name
from dbtune.ddl.tables import attach_index
from dbtune.model.schema import Index
from dbtune.model.snapshot import Snapshot


def create_partitioned_index(index: Index, snapshot: Snapshot) -> tuple[str, ...]:
    """The parent's index ``ON ONLY`` itself, each partition's concurrently, then all attached.

    The parent's becomes valid with the last ATTACH. CREATE INDEX CONCURRENTLY is refused on a partitioned table.
    Source: PostgreSQL manual, CREATE INDEX, "Building Indexes Concurrently"; ALTER INDEX.
    """
    names = {schema: taken_names(snapshot, schema) for schema in snapshot.schemas}
    return tuple(_build(index, snapshot, names))


def drop_partitioned_index(index: Index) -> str:
    """Drops those of the partitions with it. It cannot be done concurrently: it waits for, and blocks, all writers."""
    return drop_index(index.qualified_name, concurrently=False)


def taken_names(snapshot: Snapshot, schema: str) -> set[str]:
    """Names of the schema's relations: an index may have none of them."""
    names = [
        *(table.name for table in snapshot.tables),
        *(view.name for view in snapshot.views),
        *(sequence.name for sequence in snapshot.sequences),
    ]
    taken = {name.name for name in names if name.schema == schema}
    return taken | {index.name for index in snapshot.indexes if index.table.schema == schema}


def _build(index: Index, snapshot: Snapshot, taken: dict[str, set[str]]) -> Iterator[str]:
    taken.setdefault(index.table.schema, set()).add(index.name)
    yield create_index(index, concurrently=False, only=True)
    for child in snapshot.children(index.table):
        if child.kind == "foreign table":
            continue
        names = taken.setdefault(child.name.schema, set())
        own = replace(index, table=child.name)
        own = replace(own, name=index_name(own, names))
        if child.kind == "partitioned":
            yield from _build(own, snapshot, taken)
        else:
            names.add(own.name)
            yield create_index(own)
        yield attach_index(index.qualified_name, own)
