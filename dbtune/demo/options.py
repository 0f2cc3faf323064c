"""What the user says of the demo."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DemoOptions:
    """``scale`` 1: 3.3 million rows. ``budget_bytes``: space for new indexes, None for no limit."""

    scale: float = 1.0
    budget_bytes: int | None = None
    major: int | None = None
    """Of Postgres."""
