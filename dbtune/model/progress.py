"""How long work tells that it goes on, without knowing where it is shown."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told what is being done now; ``done`` of ``total`` where the work can be counted."""

    def step(self, text: str, done: int | None = None, total: int | None = None) -> None: ...


class NoProgress:
    """Shows nothing."""

    def step(self, text: str, done: int | None = None, total: int | None = None) -> None:
        """Do nothing."""
