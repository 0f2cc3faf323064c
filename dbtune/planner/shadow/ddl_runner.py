"""Runs the statements that rebuild a schema: fast where all goes well, and never failing as a whole where one does not.

Statements go in batches; where one of a batch fails, its statements go one by one. What fails is tried again after
everything else (it may need what comes later), then its fallbacks are tried in their order, and what still fails
becomes a Limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import psycopg

from dbtune.connect.refusals import first_line
from dbtune.model.workload import Limit

BATCH = 100
"""Statements in one round trip."""

Connection = psycopg.Connection[tuple[object, ...]]


@dataclass(frozen=True)
class Fallback:
    """What is made instead, and how that is put to the user (None: it makes no difference to any plan)."""

    sql: str
    why: str | None


@dataclass(frozen=True)
class Step:
    """One object of the schema."""

    what: str
    """For people: ``table public.orders``."""
    sql: str
    fallbacks: tuple[Fallback, ...] = ()


class DdlRunner:
    """Makes the objects of one schema, and keeps what could not be made."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._pending: list[tuple[Step, str]] = []
        self.limits: list[Limit] = []
        self.failed: set[str] = set()
        """``what`` of the steps given up."""

    def run(self, steps: Iterable[Step]) -> None:
        """Make these objects; those that fail wait for the next ``run`` or ``settle``."""
        todo = list(steps)
        waiting = [step for step, _ in self._pending]
        self._pending = []
        for start in range(0, len(todo), BATCH):
            self._pending += self._batch(todo[start : start + BATCH])
        self._pending += [(step, "") for step in waiting]
        self._retry()

    def settle(self) -> None:
        """Try the fallbacks of what is still missing; give up the rest, as Limits."""
        while self._pending:
            progress = False
            for position, (step, error) in enumerate(self._pending):
                if step.fallbacks and self._fall_back(step, error):
                    del self._pending[position]
                    progress = True
                    break
            if not progress:
                break
            self._retry()
        for step, error in self._pending:
            self.failed.add(step.what)
            self.limits.append(Limit(step.what, f"not in the shadow: {error}"))
        self._pending = []

    def _batch(self, steps: Sequence[Step]) -> list[tuple[Step, str]]:
        if not steps or self._run(";\n".join(step.sql for step in steps)) is None:
            return []
        return self._one_by_one(steps)

    def _one_by_one(self, steps: Iterable[Step]) -> list[tuple[Step, str]]:
        answers = ((step, self._run(step.sql)) for step in steps)
        return [(step, error) for step, error in answers if error is not None]

    def _retry(self) -> None:
        before = len(self._pending) + 1
        while self._pending and len(self._pending) < before:
            before = len(self._pending)
            self._pending = self._one_by_one([step for step, _ in self._pending])

    def _fall_back(self, step: Step, error: str) -> bool:
        for fallback in step.fallbacks:
            if self._run(fallback.sql) is None:
                if fallback.why is not None:
                    self.limits.append(Limit(step.what, f"{fallback.why}: {error}"))
                return True
        return False

    def _run(self, sql: str) -> str | None:
        """The server's first line where it refuses, None where it is done (in one transaction)."""
        try:
            self._connection.execute(sql.encode())
        except psycopg.Error as error:
            return first_line(error)
        return None
