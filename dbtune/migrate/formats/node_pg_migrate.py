"""node-pg-migrate: a JavaScript file, outside a transaction.

Source: node-pg-migrate, "Migrations", ``pgm.noTransaction``; "CLI", ``--migration-filename-format``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dbtune.migrate.javascript import style_of
from dbtune.migrate.project import Batch, NewFile, Output, Place, package_uses
from dbtune.migrate.registry import migration_format
from dbtune.migrate.rendering import render
from dbtune.migrate.versions import file_names, leading_numbers, milliseconds, timestamps

MILLISECOND_DIGITS = 13
UTC_DIGITS = 17


def find(root: Path) -> Place | None:
    """node-pg-migrate among the packages that package.json names."""
    if not package_uses(root, "node-pg-migrate"):
        return None
    return Place(root, root / "migrations", "package.json: node-pg-migrate")


@migration_format("node-pg-migrate", title="node-pg-migrate", find=find, dialects=frozenset({"postgres"}))
def write(batch: Batch) -> Output:
    """``migrations/1738326896000_name.js``."""
    return Output(tuple(_files(batch)))


def _files(batch: Batch) -> Iterator[NewFile]:
    style = style_of(batch.place.root, batch.folder)
    for version, one in zip(_versions(batch), batch.migrations, strict=True):
        text = render(
            "node_pg_migrate.js.j2",
            comments=one.comments,
            module=style.module,
            typed=style.typed,
            directions=(("up", one.up.statements), ("down", one.down.statements)),
        )
        yield NewFile(batch.folder / f"{version}_{one.name.replace('_', '-')}{style.ending}", text)


def _versions(batch: Batch) -> list[str]:
    """Milliseconds since 1970, or a time of 17 digits, as the files there."""
    there = leading_numbers(file_names(batch.folder))
    count = len(batch.migrations)
    if any(len(version) == UTC_DIGITS for version in there):
        return [f"{version}000" for version in timestamps(there, batch.since, count)]
    return milliseconds([version for version in there if len(version) == MILLISECOND_DIGITS], batch.since, count)
