"""Projects of migration tools in empty folders, on a database that they reach by TCP."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from dbtune.embedded import find_binaries

LIMIT_SECONDS = 900
"""So that a tool that hangs ends the tests; none takes longer than some seconds."""


@dataclass(frozen=True)
class Project:
    """A tool's project in an empty folder, on a database that it reaches by TCP."""

    folder: Path
    url: str
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def database(self) -> str:
        return urlsplit(self.url).path.lstrip("/")

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 5432

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(self, *command: str | Path, **environment: str) -> str:
        """Run the command in the folder; its output. Fails with all that it said."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        done = subprocess.run(
            list(map(str, command)),
            cwd=self.folder,
            env={**kept, **self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_SECONDS,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@dataclass(frozen=True)
class Tool:
    """A tool: what makes a project of it, and its ways up and down (all that dbtune wrote)."""

    name: str
    make: Callable[[Project], None]
    up: Callable[[Project], object]
    down: Callable[[Project], object]
    variant: str = ""


def psql() -> Path:
    """psql of the embedded Postgres."""
    return find_binaries().folder / "psql"


def count(project: Project, pattern: str) -> int:
    return len(list(project.folder.glob(pattern)))


def messages(project: Project, files: Sequence[Path]) -> None:
    with psycopg.connect(project.url, autocommit=True) as connection:
        for path in files:
            connection.execute(path.read_bytes())
