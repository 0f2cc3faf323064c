"""Where MySQL's and MariaDB's server programs are: ``DBTUNE_MYSQLD``, PATH, the usual folders."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dbtune.connect.mysql_abilities import NAMES, Family, ServerVersion, server_version

PROGRAMS_VARIABLE = "DBTUNE_MYSQLD"
"""Paths of server programs (``mysqld``, ``mariadbd``), to be tried before all others."""

PROGRAMS = ("mysqld", "mariadbd")

SYSTEM_FOLDERS = (
    "/usr/sbin",
    "/usr/libexec",
    "/usr/local/sbin",
    "/usr/local/mysql/bin",
    "/usr/local/mariadb/bin",
    "/opt/mysql/*/bin",
    "/opt/homebrew/opt/mysql*/bin",
    "/opt/homebrew/opt/mariadb*/bin",
    "/usr/local/opt/mysql*/bin",
    "/usr/local/opt/mariadb*/bin",
)


@dataclass(frozen=True)
class MySQLProgram:
    """A server's program."""

    path: Path
    version: ServerVersion


def available_programs() -> tuple[MySQLProgram, ...]:
    """Every server program found on this machine; of one version the first place wins."""
    found: dict[tuple[str, int], MySQLProgram] = {}
    for path in _places():
        program = _inspect(path)
        if program is not None:
            found.setdefault((program.version.family, program.version.number), program)
    return tuple(found.values())


def unfit_programs(family: Family) -> str:
    """What ``DBTUNE_MYSQLD`` names and is no server of the family, in a clause; empty where it names nothing such."""
    found: list[str] = []
    for path in _named():
        program = _inspect(path)
        if program is None:
            found.append(f"{path}, which is no program of a server" if path.exists() else f"{path}, which is not there")
        elif program.version.family != family:
            found.append(f"{path}, which is {program.version.name}")
    return f"{PROGRAMS_VARIABLE} names {', '.join(found)}: {NAMES[family]} is needed" if found else ""


def _named() -> Iterator[Path]:
    return (Path(name) for name in os.environ.get(PROGRAMS_VARIABLE, "").split(os.pathsep) if name)


def _places() -> Iterator[Path]:
    yield from _named()
    for name in PROGRAMS:
        on_path = shutil.which(name)
        if on_path:
            yield Path(on_path)
    for pattern in SYSTEM_FOLDERS:
        for folder in sorted(Path("/").glob(pattern.lstrip("/")), reverse=True):
            yield from (folder / name for name in PROGRAMS)


@cache
def _inspect(path: Path) -> MySQLProgram | None:
    if not os.access(path, os.X_OK):
        return None
    try:
        told = subprocess.run(
            [path, "--no-defaults", "--version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    said = re.search(r"Ver (\S+)", told.stdout)
    try:
        return None if said is None else MySQLProgram(path, server_version(said[1]))
    except ValueError:
        return None
