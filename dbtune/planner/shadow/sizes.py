"""Gives the shadow's relations production's sizes: files of the same lengths, and the figures of ``pg_class``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from dbtune.model.names import QualifiedName
from dbtune.model.schema import Index
from dbtune.model.snapshot import Snapshot
from dbtune.planner.shadow.catalog import Relation
from dbtune.planner.shadow.ddl_runner import Connection
from dbtune.planner.shadow.files import RelationFiles
from dbtune.planner.shadow.heights import existing_height
from dbtune.planner.shadow.pages import BLOCK_SIZE, brin_head, btree_head

DEFAULT_PAGES_PER_RANGE = 128
NEVER_ANALYZED_IS_NEGATIVE = 14
"""From this major version on ``reltuples`` is -1 before the first ANALYZE; it was 0 with 0 ``relpages``."""


@dataclass(frozen=True)
class RelationSize:
    """A row of ``pg_class`` to be changed."""

    oid: int
    file_number: int
    """Of the file to be used from now on; 0: as it is."""
    pages: int
    tuples: float
    all_visible: int = 0


def existing_sizes(
    snapshot: Snapshot, relations: Mapping[QualifiedName, Relation], files: RelationFiles, source_major: int
) -> tuple[RelationSize, ...]:
    """Make the files of all tables and indexes of the snapshot, as long as production's are now."""
    return tuple(_existing(snapshot, relations, files, source_major))


def _existing(
    snapshot: Snapshot, relations: Mapping[QualifiedName, Relation], files: RelationFiles, source_major: int
) -> Iterator[RelationSize]:
    for table in snapshot.tables:
        relation = relations.get(table.name)
        if relation is None:
            continue
        never = source_major < NEVER_ANALYZED_IS_NEGATIVE and table.pages == 0 and table.tuples == 0
        has_file = relation.file_number != 0 and table.file_pages > 0
        yield RelationSize(
            relation.oid,
            files.create(table.file_pages) if has_file else 0,
            table.pages,
            -1.0 if never else table.tuples,
            table.all_visible_pages,
        )
        for index in table.indexes:
            found = relations.get(index.qualified_name)
            if found is not None and index.facts is not None:
                pages, facts = index.facts.bytes // BLOCK_SIZE, index.facts
                number = 0
                if found.file_number and pages:
                    height = facts.tree_height
                    if height is None and index.method == "btree":
                        height = existing_height(index, table, pages)
                    number = index_file(files, index, table.file_pages, pages, height or 0, found.file_number)
                yield RelationSize(found.oid, number, facts.pages, facts.tuples)


def index_file(files: RelationFiles, index: Index, table_pages: int, pages: int, height: int, present_file: int) -> int:
    """Make the file of an index: its number, or 0 where the present one was made longer."""
    if index.method == "btree":
        return files.create(pages, btree_head(height, pages))
    if index.method == "brin":
        options = dict(index.options)
        return files.create(pages, brin_head(int(options.get("pages_per_range", DEFAULT_PAGES_PER_RANGE)), table_pages))
    files.extend(present_file, pages)
    return 0


def write_sizes(connection: Connection, sizes: Iterable[RelationSize], major: int) -> None:
    """Point the relations at their files and write what VACUUM and ANALYZE would have written into ``pg_class``."""
    records = [
        {
            "oid": size.oid,
            "file_number": size.file_number,
            "pages": size.pages,
            "tuples": 0 if size.tuples < 0 and major < NEVER_ANALYZED_IS_NEGATIVE else size.tuples,
            "all_visible": size.all_visible,
        }
        for size in sizes
    ]
    connection.execute(
        b"UPDATE pg_catalog.pg_class SET relpages = pages, reltuples = tuples, relallvisible = all_visible,"
        b" relfilenode = CASE WHEN file_number = 0 THEN relfilenode ELSE file_number::oid END"
        b" FROM json_to_recordset(%s::json)"
        b" AS r(oid int8, file_number int8, pages int, tuples real, all_visible int) WHERE pg_class.oid = r.oid::oid",
        [json.dumps(records)],
    )


def point_at(connection: Connection, file_numbers: Mapping[int, int]) -> None:
    """Point relations (by object id) at these files."""
    records = [{"oid": oid, "file_number": number} for oid, number in file_numbers.items()]
    connection.execute(
        b"UPDATE pg_catalog.pg_class SET relfilenode = file_number::oid"
        b" FROM json_to_recordset(%s::json) AS r(oid int8, file_number int8) WHERE pg_class.oid = r.oid::oid",
        [json.dumps(records)],
    )
