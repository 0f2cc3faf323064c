"""What a collector could not see."""

from __future__ import annotations

from dbtune.model.workload import Limit


class NotedLimits:
    """Limits, each once, in the order in which they were met."""

    def __init__(self) -> None:
        self.limits: list[Limit] = []

    def could_see(self, what: str) -> bool:
        """Whether no query about it has failed so far."""
        return all(limit.what != what for limit in self.limits)

    def limit(self, what: str, why: str) -> None:
        """Note something that could not be seen, once."""
        limit = Limit(what, why)
        if limit not in self.limits:
            self.limits.append(limit)
