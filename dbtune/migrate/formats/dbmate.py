"""dbmate: a file holds both directions, and each is one message to the server.

Source: dbmate, README, "Creating Migrations" and "Migration Options".
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dbtune.migrate.pieces import Piece, pieces
from dbtune.migrate.project import Batch, NewFile, Output, Place, folder_with
from dbtune.migrate.registry import migration_format
from dbtune.migrate.rendering import render
from dbtune.migrate.versions import file_names, leading_numbers, timestamps

FOLDERS = ("db/migrations", "migrations")


def find(root: Path) -> Place | None:
    """A file with ``-- migrate:up``."""
    return folder_with(root, "*.sql", r"^-- migrate:up", *FOLDERS)


@migration_format("dbmate", title="dbmate", find=find, folders=FOLDERS)
def write(batch: Batch) -> Output:
    """``20250131123456_name.sql``."""
    return Output(tuple(_files(batch)))


def _files(batch: Batch) -> Iterator[NewFile]:
    parts = pieces(batch.migrations)
    there = leading_numbers(file_names(batch.folder, "*.sql"))
    for version, part in zip(timestamps(there, batch.since, len(parts)), parts, strict=True):
        yield NewFile(batch.folder / f"{version}_{part.name}.sql", _text(part))


def _text(part: Piece) -> str:
    return render("dbmate.sql.j2", part=part)
