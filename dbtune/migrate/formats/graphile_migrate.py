"""graphile-migrate: committed migrations, each with the hash of the one before it; there is no way down in the tool.

What is written is what ``graphile-migrate commit`` writes: headers, then a body whose SHA-1, with the hash before it,
is the migration's own. The way back stands in files beside them, to be run by psql.
Source: graphile-migrate 1.4, ``src/hash.ts``, ``src/migration.ts``, ``src/header.ts``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from dbtune.migrate.pieces import Piece, pieces
from dbtune.migrate.project import Batch, NewFile, Output, Place, package_uses, text_of
from dbtune.migrate.registry import migration_format
from dbtune.migrate.rendering import commented, ended, render
from dbtune.migrate.versions import file_names, leading_numbers, numbers
from dbtune.model.errors import UsageError

_HASH = re.compile(r"^--! Hash: (\S+)$", re.MULTILINE)
_FOLDER = re.compile(r"\"?migrationsFolder\"?\s*:\s*['\"]([^'\"]+)['\"]")


def find(root: Path) -> Place | None:
    """``.gmrc``, or graphile-migrate among the packages that package.json names."""
    for name in (".gmrc", ".gmrc.js", ".gmrc.cjs"):
        if (root / name).is_file():
            folder = _FOLDER.search(text_of(root / name))
            return Place(root, root / (folder[1] if folder else "migrations"), name)
    if package_uses(root, "graphile-migrate"):
        return Place(root, root / "migrations", "package.json: graphile-migrate")
    return None


@migration_format("graphile-migrate", title="graphile-migrate", find=find, dialects=frozenset({"postgres"}))
def write(batch: Batch) -> Output:
    """``migrations/committed/000001-name.sql``, and ``migrations/way_back/000001-name.sql``."""
    note = f"graphile-migrate has no way down: {batch.folder / 'way_back'} holds it, for psql, the last file first"
    return Output(tuple(_files(batch)), (note,))


def _files(batch: Batch) -> Iterator[NewFile]:
    committed = batch.folder / "committed"
    parts = pieces(batch.migrations)
    names = file_names(committed, "*.sql")
    previous = _last_hash(committed / names[-1]) if names else None
    for number, part in zip(numbers(leading_numbers(names), len(parts), 6), parts, strict=True):
        name = f"{number}-{part.name.replace('_', '-')}.sql"
        body = _body(part)
        digest = _hash(body, previous)
        headers = f"--! Previous: {previous or '-'}\n--! Hash: {digest}\n--! Message: {part.comments[0]}\n"
        yield NewFile(committed / name, f"{headers}\n{body}")
        back = render("plain.sql.j2", comments=part.comments, instructions=(), statements=part.down)
        yield NewFile(batch.folder / "way_back" / name, back)
        previous = digest


def _body(part: Piece) -> str:
    first = "--! no-transaction\n" if part.up_alone else ""
    return f"{first}{commented(part.comments)}\n\n{ended(part.up)}".strip() + "\n"


def _hash(body: str, previous: str | None) -> str:
    text = f"{previous or ''}\n{body.strip()}".strip() + "\n"
    return f"sha1:{hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()}"


def _last_hash(path: Path) -> str:
    found = _HASH.search(text_of(path))
    if found is None:
        raise UsageError(f"{path}: no committed migration of graphile-migrate (there is no '--! Hash:')")
    return found[1]
