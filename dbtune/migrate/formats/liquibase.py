"""Liquibase: formatted SQL, a changeset for each statement, each outside a transaction.

Liquibase stops between two changesets where one fails, and goes on there the next time.
Source: Liquibase, "Formatted SQL changelog", changeset attributes, ``--rollback``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from dbtune.migrate.migration import Migration
from dbtune.migrate.project import Batch, NewFile, Output, Place, text_of
from dbtune.migrate.registry import migration_format
from dbtune.migrate.rendering import jdbc_statement, render
from dbtune.migrate.versions import file_names, leading_numbers, times_unless_counted

FOLDERS = ("src/main/resources/db/changelog", "db/changelog", "changelog")
_CHANGELOG = re.compile(r"^\s*(?:liquibase\.command\.)?change-?log-?file\s*[:=]\s*(\S+)", re.MULTILINE | re.IGNORECASE)
_MASTER = "*changelog*"


def find(root: Path) -> Place | None:
    """``liquibase.properties`` and its ``changelogFile``, or a changelog in one of the usual folders."""
    properties = root / "liquibase.properties"
    if properties.is_file():
        named = _CHANGELOG.search(text_of(properties))
        changelog = root / (named[1].removeprefix("classpath:").lstrip("/") if named else "changelog.sql")
        return Place(root, changelog.parent, "liquibase.properties")
    for folder in (root / name for name in FOLDERS):
        master = next((path for path in sorted(folder.glob(_MASTER)) if path.is_file()), None)
        if master is not None:
            return Place(root, folder, str(master.relative_to(root)))
    return None


@migration_format("liquibase", title="Liquibase", find=find, folders=FOLDERS)
def write(batch: Batch) -> Output:
    """``20250131123456_name.sql``, or counted up, as the files there; one changeset in each."""
    files = tuple(_files(batch))
    names = ", ".join(file.path.name for file in files)
    return Output(files, (f"unless your changelog takes the whole folder (includeAll), include there: {names}",))


def _files(batch: Batch) -> Iterator[NewFile]:
    there = leading_numbers(file_names(batch.folder))
    versions = times_unless_counted(there, batch.since, len(batch.migrations))
    for version, one in zip(versions, batch.migrations, strict=True):
        yield NewFile(batch.folder / f"{version}_{one.name}.sql", _text(one, batch.dialect))


def _text(one: Migration, dialect: str) -> str:
    up, down = one.up.statements, one.down.statements
    if dialect == "postgres":
        up, down = tuple(map(jdbc_statement, up)), tuple(map(jdbc_statement, down))
    delimiter = ";;"
    while any(delimiter in sql for sql in (*up, *down)):
        delimiter += ";"
    back = "\n".join(f"{sql}{delimiter}" for sql in down).splitlines()
    return render(
        "liquibase.sql.j2",
        comments=one.comments,
        name=one.name,
        delimiter=delimiter,
        statements=up,
        back=back or ["empty"],
    )
