"""A copy of a database that advice is built and measured on: what each dialect's part does, and what is refused."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from dbtune.model.errors import UsageError
from dbtune.model.plan import Plan
from dbtune.model.progress import Progress
from dbtune.model.verification import BuiltObject

World = Literal["without", "with"]
"""The database as a run sees it: without or with the advice."""


@dataclass(frozen=True)
class Runnable:
    """A statement's executions, with their literals; one run is all of them."""

    fingerprint: str
    texts: tuple[str, ...]
    search_path: tuple[str, ...] = ()


@dataclass(frozen=True)
class Target:
    """The database that is verified on."""

    database: str
    version: str
    is_replica: bool
    signs_of_production: tuple[str, ...]
    """Who else is at work on it, in a few words each."""


class Staging(Protocol):
    """A session on the copy."""

    @property
    def target(self) -> Target: ...

    def taken(self) -> tuple[str, ...]:
        """Names among those to be built that are there already.

        Raises UsageError for a database that has none of the tables that the report is about.
        """
        ...

    def build(self, progress: Progress) -> tuple[BuiltObject, ...]:
        """Everything, one after the other; what the server refuses is taken back and told with its reason."""
        ...

    def plan(self, world: World, one: Runnable) -> Plan:
        """The plan of the first execution. Raises PlanFailed."""
        ...

    def why_not_run(self, one: Runnable, before: Plan, after: Plan) -> str | None:
        """Why the statement is planned only, in a few words; None where it can be run."""
        ...

    def run(self, world: World, one: Runnable) -> float | None:
        """Milliseconds until the last row is here, without the planning; None where the time limit ended it.

        Nothing that it writes is kept. Raises PlanFailed.
        """
        ...


class Copy(Protocol):
    """The copy of the database, and what the report builds and drops there."""

    @property
    def is_idle(self) -> bool:
        """Whether the report neither builds nor drops an index."""
        ...

    def session(self) -> AbstractContextManager[Staging]:
        """Raises ConnectionFailed where the session cannot be had or breaks."""
        ...

    def left(self) -> tuple[str, ...]:
        """The SQL that takes back what was begun, also of a session that is lost; empty where nothing was."""
        ...

    def take_back(self) -> tuple[str, ...]:
        """Take back what was begun, in a new session, once the lost one has ended; the SQL that the server refused.

        Raises ConnectionFailed where the server cannot be reached, or breaks off.
        """
        ...


def require_a_copy(target: Target, *, force: bool) -> None:
    """Raise UsageError for a server that cannot be written to, or that others are at work on unless ``force``."""
    if target.is_replica:
        raise UsageError(
            f"{target.database} is on a replica, where nothing can be built: name a copy that can be written"
        )
    signs = target.signs_of_production
    if signs and not force:
        raise UsageError(
            f"{target.database} does not look like a copy to measure on: {' and '.join(signs)}. Building and measuring "
            "lock its tables; where that harms nobody, add --force"
        )
