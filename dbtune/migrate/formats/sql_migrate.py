"""sql-migrate: both directions in a file, each statement between its marks, outside a transaction.

Source: rubenv/sql-migrate, README, "Writing migrations" and "Adding dbconfig.yml".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from dbtune.migrate.project import Batch, NewFile, Output, Place, folder_with, text_of
from dbtune.migrate.registry import migration_format
from dbtune.migrate.rendering import render
from dbtune.migrate.versions import file_names, leading_numbers, times_unless_counted

FOLDERS = ("migrations", "db/migrations", "migrations/postgres")
_DIR = re.compile(r"^\s+dir:\s*['\"]?([^'\"#\n]+)", re.MULTILINE)


def find(root: Path) -> Place | None:
    """``dbconfig.yml``, or a file with ``-- +migrate Up``."""
    configuration = root / "dbconfig.yml"
    if configuration.is_file():
        named = _DIR.search(text_of(configuration))
        return Place(root, root / (named[1].strip() if named else "migrations"), "dbconfig.yml")
    return folder_with(root, "*.sql", r"^--\s*\+migrate\s+Up", *FOLDERS)


@migration_format("sql-migrate", title="sql-migrate", find=find, folders=FOLDERS)
def write(batch: Batch) -> Output:
    """``20250131123456-name.sql``, or counted up, as the files there."""
    return Output(tuple(_files(batch)))


def _files(batch: Batch) -> Iterator[NewFile]:
    names = file_names(batch.folder, "*.sql")
    there = leading_numbers(names)
    versions = times_unless_counted(there, batch.since, len(batch.migrations))
    joint = "_" if names and all("-" not in name for name in names) else "-"
    for version, one in zip(versions, batch.migrations, strict=True):
        directions = [
            {"title": "Up notransaction", "statements": one.up.statements},
            {"title": "Down notransaction", "statements": one.down.statements},
        ]
        text = render("blocks.sql.j2", comments=one.comments, head=(), tool="migrate", directions=directions)
        yield NewFile(batch.folder / f"{version}{joint}{one.name}.sql", text)
