"""The migration formats by name.

A new one is a module in ``dbtune.migrate.formats`` (or in another package, named by an entry point of the group
``dbtune.migrations``) with

```python
def find(root: Path) -> Place | None: ...

@migration_format("newtool", title="New Tool", find=find)
def write(batch: Batch) -> Output: ...
```
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

import dbtune.migrate.formats
from dbtune.migrate.project import Batch, Output, Place
from dbtune.model.errors import UsageError

Finder = Callable[[Path], Place | None]
Writer = Callable[[Batch], Output]

ENTRY_POINTS = "dbtune.migrations"
ALL_DIALECTS = frozenset({"postgres", "mysql", "mariadb"})


@dataclass(frozen=True)
class MigrationFormat:
    """A tool's form: its name for ``--format``, how it is found in a project, and what writes its files."""

    name: str
    title: str
    find: Finder
    write: Writer
    dialects: frozenset[str] = ALL_DIALECTS
    needs: str = ""
    """What of the tool has to be in the folder; empty: the files can stand alone."""
    folders: tuple[str, ...] = ("migrations",)
    """Where the tool looks by default; used where it is there."""
    has_apps: bool = False
    """Whether a project has several places for migrations, one of which the user can name."""


_registered: dict[str, MigrationFormat] = {}


def nowhere(root: Path) -> Place | None:
    """For a format that nothing in a folder tells of."""
    return None


def migration_format(
    name: str,
    *,
    title: str,
    find: Finder = nowhere,
    dialects: frozenset[str] = ALL_DIALECTS,
    needs: str = "",
    folders: tuple[str, ...] = ("migrations",),
    has_apps: bool = False,
) -> Callable[[Writer], Writer]:
    """Register the decorated function as what writes that format."""

    def register(write: Writer) -> Writer:
        _registered[name] = MigrationFormat(name, title, find, write, dialects, needs, folders, has_apps)
        return write

    return register


@cache
def formats() -> Mapping[str, MigrationFormat]:
    """All formats in the order of their names: this package's, and those of installed plug-ins."""
    for module in pkgutil.iter_modules(dbtune.migrate.formats.__path__):
        import_module(f"dbtune.migrate.formats.{module.name}")
    for entry in entry_points(group=ENTRY_POINTS):
        entry.load()
    return dict(sorted(_registered.items()))


def detected(root: Path) -> tuple[MigrationFormat, Place]:
    """The one format whose tool the folder shows. Raises UsageError where it shows none, or more than one."""
    found = [(form, place) for form in formats().values() if (place := form.find(root)) is not None]
    if not found:
        raise UsageError(
            f"{root}: nothing tells which migration tool is used here; name it with --format "
            f"({', '.join(formats())}) or another folder with --dir"
        )
    if len(found) > 1:
        signs = " and ".join(f"{form.name} ({place.sign})" for form, place in found)
        raise UsageError(f"{root}: it could be {signs}; say which with --format")
    return found[0]


def opened(form: MigrationFormat, root: Path) -> Place:
    """The place of a format that the user named. Raises UsageError where the folder lacks what the tool needs."""
    found = form.find(root)
    if found is not None:
        return found
    if form.needs:
        raise UsageError(f"{root}: no {form.title} project: there is no {form.needs}")
    folder = next((root / name for name in form.folders if (root / name).is_dir()), root)
    return Place(root, folder)
