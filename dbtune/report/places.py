"""Where CI shows a finding: a line of a file, named from the root of the user's repository.

GitHub refuses a finding without a file, and GitLab one without a line; a finding about the database alone is therefore
shown at the report's ``anchor``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from dbtune.model.recommendation import Recommendation, Report
from dbtune.report.text import printable

NOWHERE = "dbtune.toml"
"""Shown where nothing that was read lies in the repository: the file in which a finding would be silenced."""


@dataclass(frozen=True)
class Place:
    """A line (from 1 on) of a file, its path from the repository's root with slashes."""

    path: str
    line: int = 1


def place_of(recommendation: Recommendation, report: Report) -> Place:
    """Where the finding is shown."""
    location = recommendation.location
    if location is not None:
        path = in_repository(location.file)
        if path is not None:
            return Place(path, max(location.line, 1))
    return Place(in_repository(report.anchor) or NOWHERE)


def in_repository(file: str) -> str | None:
    """The file's path from the root of the repository around the working folder; None where it is outside, or none."""
    if not file:
        return None
    root = repository_root()
    path = Path(os.path.normpath(Path.cwd() / file))
    if not path.is_relative_to(root):
        return None
    # a name need not be UTF-8, but what CI reads is
    return printable(os.fsencode(path.relative_to(root).as_posix()).decode(errors="replace"))


def repository_root() -> Path:
    """The nearest folder, from the working folder up, that is a checkout of git; else the working folder."""
    here = Path.cwd()
    # os.path: a folder above that may not be looked into is no error; .git is a file in a worktree
    return next((place for place in (here, *here.parents) if os.path.exists(place / ".git")), here)  # noqa: PTH110
