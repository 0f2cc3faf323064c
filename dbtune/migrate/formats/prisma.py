"""Prisma: a folder a migration, whose file is one message to the server; there is no way down in the tool.

Source: Prisma, "Customizing migrations", "Generating down migrations" (a ``down.sql`` beside ``migration.sql``).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dbtune.migrate.pieces import pieces
from dbtune.migrate.project import Batch, NewFile, Output, Place
from dbtune.migrate.registry import migration_format
from dbtune.migrate.rendering import render
from dbtune.migrate.versions import file_names, leading_numbers, timestamps

NOTE = (
    "Prisma has no way down: run down.sql with 'prisma db execute', the last folder first; "
    "an index that schema.prisma does not have is dropped by the next 'prisma migrate dev'"
)


def find(root: Path) -> Place | None:
    """``prisma/schema.prisma``, or ``schema.prisma``."""
    for folder in (root / "prisma", root):
        if (folder / "schema.prisma").is_file():
            return Place(root, folder / "migrations", str((folder / "schema.prisma").relative_to(root)))
    return None


@migration_format("prisma", title="Prisma", find=find, needs="prisma/schema.prisma")
def write(batch: Batch) -> Output:
    """``prisma/migrations/20250131123456_name/migration.sql`` and ``down.sql``."""
    return Output(tuple(_files(batch)), (NOTE,))


def _files(batch: Batch) -> Iterator[NewFile]:
    parts = pieces(batch.migrations)
    there = leading_numbers(file_names(batch.folder))
    for version, part in zip(timestamps(there, batch.since, len(parts)), parts, strict=True):
        for name, statements in (("migration.sql", part.up), ("down.sql", part.down)):
            yield NewFile(
                batch.folder / f"{version}_{part.name}" / name,
                render("plain.sql.j2", comments=part.comments, instructions=(), statements=statements),
            )
