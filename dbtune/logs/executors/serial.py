"""One piece after the other, in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from dbtune.logs.executors.base import Piece, Result


class SerialExecutor:
    """Needs nothing and keeps nothing."""

    def map(self, work: Callable[[Piece], Result], pieces: Sequence[Piece]) -> Iterator[Result]:
        return map(work, pieces)

    def close(self) -> None:
        """Nothing to give back."""
