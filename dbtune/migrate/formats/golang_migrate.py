"""golang-migrate: each file is one message to the server, so what must be alone has a file of its own.

Source: golang-migrate, MIGRATIONS.md; database/postgres/README.md ("Multi-statement mode").
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dbtune.migrate.pieces import pieces
from dbtune.migrate.project import Batch, NewFile, Output, Place, folder_with
from dbtune.migrate.registry import migration_format
from dbtune.migrate.rendering import render
from dbtune.migrate.versions import file_names, leading_numbers, like_those_there

FOLDERS = ("migrations", "db/migrations", "db/migration", "database/migrations", "internal/migrations")


def find(root: Path) -> Place | None:
    """A folder with ``*.up.sql`` files."""
    return folder_with(root, "[0-9]*.up.sql", "", *FOLDERS)


@migration_format("golang-migrate", title="golang-migrate", find=find, folders=FOLDERS)
def write(batch: Batch) -> Output:
    """``000001_name.up.sql`` and ``000001_name.down.sql``, in the numbering of the files there."""
    return Output(tuple(_files(batch)))


def _files(batch: Batch) -> Iterator[NewFile]:
    parts = pieces(batch.migrations)
    there = leading_numbers(file_names(batch.folder, "*.sql"))
    versions = like_those_there(there, batch.since, len(parts), 6)
    for version, part in zip(versions, parts, strict=True):
        for direction, statements in (("up", part.up), ("down", part.down)):
            yield NewFile(
                batch.folder / f"{version}_{part.name}.{direction}.sql",
                render("plain.sql.j2", comments=part.comments, instructions=(), statements=statements),
            )
