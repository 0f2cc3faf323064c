"""Knex: a JavaScript file that runs its statements in one session, outside a transaction.

Source: Knex, "Migrations", "Transactions in migrations"; ``connection()`` of a raw query.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from dbtune.migrate.javascript import style_of
from dbtune.migrate.project import Batch, NewFile, Output, Place, package_uses, text_of
from dbtune.migrate.registry import migration_format
from dbtune.migrate.rendering import render
from dbtune.migrate.versions import file_names, leading_numbers, timestamps

_DIRECTORY = re.compile(r"migrations\s*:\s*\{[^}]*?directory\s*:\s*['\"`]([^'\"`$]+)['\"`]", re.DOTALL)


def find(root: Path) -> Place | None:
    """A knexfile, or knex among the packages that package.json names."""
    knexfile = _knexfile(root)
    if knexfile is None:
        return Place(root, root / "migrations", "package.json: knex") if package_uses(root, "knex") else None
    named = _DIRECTORY.search(text_of(knexfile))
    return Place(root, root / (named[1] if named else "migrations"), knexfile.name)


@migration_format("knex", title="Knex", find=find)
def write(batch: Batch) -> Output:
    """``migrations/20250131123456_name.js``."""
    return Output(tuple(_files(batch)))


def _knexfile(root: Path) -> Path | None:
    return next((path for end in ("js", "ts", "cjs", "mjs") if (path := root / f"knexfile.{end}").is_file()), None)


def _files(batch: Batch) -> Iterator[NewFile]:
    style = style_of(batch.place.root, batch.folder, _knexfile(batch.place.root))
    there = leading_numbers(file_names(batch.folder))
    for version, one in zip(timestamps(there, batch.since, len(batch.migrations)), batch.migrations, strict=True):
        text = render(
            "knex.js.j2",
            comments=one.comments,
            module=style.module,
            typed=style.typed,
            directions=(("up", one.up.statements), ("down", one.down.statements)),
        )
        yield NewFile(batch.folder / f"{version}_{one.name}{style.ending}", text)
