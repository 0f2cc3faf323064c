"""goose: both directions in a file, each statement between its marks, outside a transaction.

Source: goose, documentation, "SQL annotations".
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dbtune.migrate.project import Batch, NewFile, Output, Place, folder_with
from dbtune.migrate.registry import migration_format
from dbtune.migrate.rendering import render
from dbtune.migrate.versions import file_names, leading_numbers, times_unless_counted

FOLDERS = ("migrations", "db/migrations", "sql/migrations", "internal/migrations")


def find(root: Path) -> Place | None:
    """A file with ``-- +goose Up``."""
    return folder_with(root, "*.sql", r"^--\s*\+goose\s+Up", *FOLDERS)


@migration_format("goose", title="goose", find=find, folders=FOLDERS)
def write(batch: Batch) -> Output:
    """``00002_name.sql``, or ``20250131123456_name.sql``, as the files there."""
    return Output(tuple(_files(batch)))


def _files(batch: Batch) -> Iterator[NewFile]:
    there = leading_numbers(file_names(batch.folder))
    versions = times_unless_counted(there, batch.since, len(batch.migrations))
    for version, one in zip(versions, batch.migrations, strict=True):
        directions = [
            {"title": "Up", "statements": one.up.statements},
            {"title": "Down", "statements": one.down.statements},
        ]
        head = ("-- +goose NO TRANSACTION",)
        text = render("blocks.sql.j2", comments=one.comments, head=head, tool="goose", directions=directions)
        yield NewFile(batch.folder / f"{version}_{one.name}.sql", text)
