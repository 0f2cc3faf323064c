"""Flyway: a versioned migration and its undo, each with a script configuration that turns the transaction off.

Source: Flyway, "Migrations", "Script configuration"; "PostgreSQL transactional lock".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from dbtune.migrate.project import Batch, NewFile, Output, Place, folder_with, text_of
from dbtune.migrate.registry import migration_format
from dbtune.migrate.rendering import render
from dbtune.migrate.versions import file_names

FOLDERS = ("src/main/resources/db/migration", "db/migration", "migrations", "sql")
CONFIGURATION = "executeInTransaction=false\nplaceholderReplacement=false\n"
_LOCATION = re.compile(r"locations\s*=\s*\[?\s*[\"']?(?:filesystem:|classpath:)?([^\"',\]\s]+)")
_VERSION = re.compile(r"V(\d+(?:[._]\d+)*)__")
NOTE = (
    "Flyway keeps a transaction open by default, for which a concurrent build would wait for ever: set "
    "flyway.postgresql.transactional.lock=false; undo files need an edition of Flyway that has undo"
)


def find(root: Path) -> Place | None:
    """``flyway.conf`` or ``flyway.toml``, or ``V…__….sql`` files."""
    for name in ("flyway.toml", "flyway.conf", "conf/flyway.toml", "conf/flyway.conf"):
        if (root / name).is_file():
            named = _LOCATION.search(text_of(root / name))
            folders = [named[1], *FOLDERS] if named else list(FOLDERS)
            folder = next((root / one for one in folders if (root / one).is_dir()), root / folders[0])
            return Place(root, folder, name)
    return folder_with(root, "V*__*.sql", "", *FOLDERS)


@migration_format("flyway", title="Flyway", find=find, folders=FOLDERS)
def write(batch: Batch) -> Output:
    """``V2__name.sql``, ``U2__name.sql`` and a ``.conf`` beside each."""
    return Output(tuple(_files(batch)), (NOTE,) if batch.dialect == "postgres" else ())


def _files(batch: Batch) -> Iterator[NewFile]:
    for version, one in zip(_versions(batch.folder, len(batch.migrations)), batch.migrations, strict=True):
        for letter, way in (("V", one.up), ("U", one.down)):
            path = batch.folder / f"{letter}{version}__{one.name}.sql"
            yield NewFile(
                path, render("plain.sql.j2", comments=one.comments, instructions=(), statements=way.statements)
            )
            yield NewFile(path.with_name(path.name + ".conf"), CONFIGURATION)


def _versions(folder: Path, count: int) -> list[str]:
    """The last part of the last version there, counted up: 7.3 is followed by 7.4."""
    there = [match[1] for name in file_names(folder, "V*.sql") if (match := _VERSION.match(name)) is not None]
    last = max(there, key=lambda version: [int(part) for part in re.findall(r"\d+", version)], default="0")
    end = re.split(r"[._]", last)[-1]
    first = last.removesuffix(end)
    return [f"{first}{str(int(end) + 1 + number).zfill(len(end))}" for number in range(count)]
