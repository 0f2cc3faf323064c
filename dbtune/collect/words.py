"""Words that the limits of all servers share."""

from __future__ import annotations

from collections.abc import Sequence

from dbtune.model.names import QualifiedName

NAMED = 3
"""So many tables are named, the rest are counted."""


def named(tables: Sequence[QualifiedName], noun: str = "table") -> str:
    """``3 tables (a, b, c)``; of many the first few."""
    names = ", ".join(str(name) for name in tables[:NAMED])
    more = ", …" if len(tables) > NAMED else ""
    return f"{len(tables):,} {noun}{'s' if len(tables) > 1 else ''} ({names}{more})"
