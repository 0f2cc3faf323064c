"""A range of a log that is read on its own: the unit that executors hand out."""

from __future__ import annotations

from dataclasses import dataclass

from dbtune.logs.registry import Layout

STANDARD_INPUT = "-"

PIECE_BYTES = 32 << 20
"""Fixed, so that the result does not depend on how many are at work."""

PRIMING_BYTES = 1 << 18
"""What a reader sees of the log before its piece, to know what an event inside it refers to (the current database, a
statement whose duration comes later)."""


@dataclass(frozen=True)
class Piece:
    """The events of a log that start in ``[start, end)`` bytes; ``end`` None: to the end of the log. Picklable."""

    name: str
    """The file's path, or ``-``."""
    start: int
    end: int | None
    compression: str | None
    """A compressed log and standard input are one piece."""
    wrapper: str | None
    layout: Layout
    source: int = 0
    """Position of the log among the logs of the run."""
    last: bool = True
    """Nothing of the log comes after it."""


@dataclass(frozen=True)
class Block:
    """Whole events, without envelopes. ``priming``: they belong to the piece before and only prepare the reader."""

    content: bytes
    priming: bool = False
