"""Atlas: versioned migrations outside a transaction, and the folder's ``atlas.sum`` with them.

Source: Atlas, "Transaction configuration" (``-- atlas:txmode none``); ``sql/migrate/dir.go`` for ``atlas.sum``.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from dbtune.migrate.migration import Migration
from dbtune.migrate.project import Batch, NewFile, Output, Place
from dbtune.migrate.registry import migration_format
from dbtune.migrate.rendering import render
from dbtune.migrate.versions import file_names, leading_numbers, times_unless_counted

SUM = "atlas.sum"
NOTE = "Atlas plans its own way down ('atlas migrate down'): the files hold it as comments"


def find(root: Path) -> Place | None:
    """``atlas.hcl``, or a folder with ``atlas.sum``."""
    folders = (root / "migrations", root / "db" / "migrations", root)
    summed = next((folder for folder in folders if (folder / SUM).is_file()), None)
    if (root / "atlas.hcl").is_file():
        return Place(root, summed or root / "migrations", "atlas.hcl")
    return None if summed is None else Place(root, summed, str((summed / SUM).relative_to(root)))


@migration_format("atlas", title="Atlas", find=find)
def write(batch: Batch) -> Output:
    """``20250131123456_name.sql``, and ``atlas.sum`` made anew."""
    files = tuple(_files(batch))
    there = sorted(batch.folder.glob("*.sql"))
    contents = [(path.name, path.read_bytes()) for path in there]
    contents += [(file.path.name, file.text.encode()) for file in files]
    total = NewFile(batch.folder / SUM, atlas_sum(sorted(contents)), replaces=(batch.folder / SUM).exists())
    return Output((*files, total), (NOTE,))


def _files(batch: Batch) -> Iterator[NewFile]:
    there = leading_numbers(file_names(batch.folder, "*.sql"))
    versions = times_unless_counted(there, batch.since, len(batch.migrations))
    for version, one in zip(versions, batch.migrations, strict=True):
        yield NewFile(batch.folder / f"{version}_{one.name}.sql", _text(one))


def _text(one: Migration) -> str:
    return render(
        "atlas.sql.j2",
        comments=one.comments,
        statements=one.up.statements,
        back=[f"{sql};" for sql in one.down.statements],
    )


def atlas_sum(files: Sequence[tuple[str, bytes]]) -> str:
    """``atlas.sum`` for the files' names and contents, in their order: each hash is over all files up to it."""
    running = hashlib.sha256()
    lines: list[tuple[str, str]] = []
    for name, content in files:
        running.update(name.encode())
        if content.startswith(b"-- atlas:sum ignore"):
            continue
        running.update(content)
        lines.append((name, base64.b64encode(running.copy().digest()).decode()))
    total = hashlib.sha256("".join(name + digest for name, digest in lines).encode()).digest()
    listed = "".join(f"{name} h1:{digest}\n" for name, digest in lines)
    return f"h1:{base64.b64encode(total).decode()}\n{listed}"
