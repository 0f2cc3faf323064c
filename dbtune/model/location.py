"""Places in the user's own files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SourceLocation:
    """The place in the user's own files that a finding is about."""

    file: str
    """As the user named it."""
    line: int
    """From 1 on."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"
