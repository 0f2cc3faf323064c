"""Places in the user's own files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath


@dataclass(frozen=True)
class SourceLocation:
    """The place in the user's own files that a finding is about."""

    file: str
    """As the user named it."""
    line: int
    """From 1 on."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

    @property
    def file_identity(self) -> str:
        """The file's name with its folder's: the same whether it was named from the root or from elsewhere."""
        return "/".join(PurePath(self.file).parts[-2:])
