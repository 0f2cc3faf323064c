"""The real program in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """How a run ended and what it wrote."""

    status: int
    out: str
    err: str

    def assert_one_line_error(self, status: int) -> str:
        """Exactly one line, no traceback, that status; returns the line without its prefix."""
        assert self.status == status, f"status {self.status}\n{self.out}\n{self.err}"
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("dbtune: error: "), self.err
        assert "Traceback" not in self.out
        return lines[0].removeprefix("dbtune: error: ")


def clean_environment(**extra: str) -> dict[str, str]:
    """The environment without what would steer dbtune or libpq."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DBTUNE_", "PG", "NO_COLOR"))}
    return {**kept, "COLUMNS": "100", "HOME": "/nonexistent", **extra}


def dbtune(
    *arguments: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None, stdin: str = ""
) -> Run:
    """Run ``dbtune`` with these arguments."""
    done = subprocess.run(
        [sys.executable, "-m", "dbtune", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=cwd,
        env=clean_environment(**(env or {})),
        check=False,
    )
    return Run(done.returncode, done.stdout, done.stderr)
