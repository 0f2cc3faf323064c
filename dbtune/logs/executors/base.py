"""What every executor does: the same work on many pieces, results in the order of the pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

Piece = TypeVar("Piece")
Result = TypeVar("Result")


class Executor(Protocol):
    """Runs ``work``, a picklable function, on each of the pieces.

    The results come in the order of the pieces, however many are at work at once, and no more than a few wait in
    memory. An error in one piece is raised where its result is due.
    """

    def map(self, work: Callable[[Piece], Result], pieces: Sequence[Piece]) -> Iterator[Result]: ...

    def close(self) -> None:
        """Give back processes and connections."""
        ...
