"""A project's folder: which tool's migrations it holds, and what is there already."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dbtune.migrate.migration import Migration, marks_in

SKIPPED_FOLDERS = frozenset(
    {"node_modules", "venv", "site-packages", "vendor", "target", "build", "dist", "__pycache__"}
)
ENDINGS = frozenset({".sql", ".py", ".rb", ".js", ".cjs", ".mjs", ".ts"})
"""Of the files that formats write."""

LARGEST_FILE = 1 << 20
"""Bytes; no migration that dbtune wrote is larger."""


@dataclass(frozen=True)
class Place:
    """Where the migrations of a tool are in a project."""

    root: Path
    folder: Path
    """New files go here, or below it."""
    sign: str = ""
    """What shows that the tool is used here, for messages."""
    others: tuple[Path, ...] = ()
    """Other folders with migrations of the tool."""

    @property
    def folders(self) -> tuple[Path, ...]:
        """All folders with migrations of the tool."""
        return tuple(dict.fromkeys((self.folder, *self.others)))


@dataclass(frozen=True)
class NewFile:
    path: Path
    text: str
    replaces: bool = False
    """Whether a file of that name is to be replaced; else there must be none."""


@dataclass(frozen=True)
class Output:
    """The files of a batch, in the order in which they run, and what the user has to know or do besides."""

    files: tuple[NewFile, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Batch:
    """What is to be written, and where."""

    place: Place
    migrations: tuple[Migration, ...]
    dialect: str
    since: datetime
    """When the database was looked at (UTC): versions that are times begin here, or after the last one there."""
    app: str | None = None
    """Django: the app that the user named."""

    @property
    def folder(self) -> Path:
        return self.place.folder


def text_of(path: Path) -> str:
    """The file's text, or nothing where it cannot be read or is too large to be meant."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_FILE:
            return ""
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def files_below(folder: Path) -> Iterator[Path]:
    """All files in the folder and below it, in a stable order; hidden folders and those of packages are left out."""
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS and not name.startswith("."))
        yield from (Path(here, name) for name in sorted(names))


def written_before(place: Place) -> dict[str, Path]:
    """Fingerprints of the changes that are there already, with the file of each."""
    found: dict[str, Path] = {}
    for path in (path for folder in place.folders for path in files_below(folder)):
        if path.suffix in ENDINGS:
            for mark in sorted(marks_in(text_of(path))):
                found.setdefault(mark, path)
    return found


def first_folder(root: Path, *names: str) -> Path | None:
    """The first of the folders that is there."""
    return next((root / name for name in names if (root / name).is_dir()), None)


def folder_with(root: Path, pattern: str, containing: str, *names: str) -> Place | None:
    """The first folder (``root`` itself last) that has a file of the pattern whose text matches ``containing``."""
    for folder in (*(root / name for name in names), root):
        if not folder.is_dir():
            continue
        for path in sorted(folder.glob(pattern)):
            if path.is_file() and re.search(containing, text_of(path), re.MULTILINE):
                return Place(root, folder, str(path.relative_to(root)))
    return None


def package_uses(root: Path, package: str) -> bool:
    """Whether package.json names the package among those the project needs."""
    described = package_json(root)
    needed = (described.get(key) for key in ("dependencies", "devDependencies"))
    return any(isinstance(packages, dict) and package in packages for packages in needed)


def package_json(root: Path) -> dict[str, object]:
    try:
        described = json.loads(text_of(root / "package.json") or "{}")
    except ValueError:
        return {}
    return described if isinstance(described, dict) else {}


def is_module_project(root: Path) -> bool:
    """Whether ``.js`` files are ES modules."""
    return package_json(root).get("type") == "module"
