"""What a migration file says, whatever its format: the statements up and down, and why."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dbtune.model.text import in_comment

MARK = "dbtune:change"
"""In a comment of every file, with the fingerprint of what it does: what is there is not written again."""


@dataclass(frozen=True)
class Step:
    """One statement (or a transaction of several), without a semicolon at its end."""

    sql: str
    alone: bool = False
    """Not in a transaction, and so not in one message to the server with another one."""


@dataclass(frozen=True)
class Way:
    """Statements of one direction, in order: what comes before the work, the work, what comes after it."""

    before: tuple[str, ...] = ()
    """Settings of the session, and what has to go first; may run in one transaction."""
    steps: tuple[Step, ...] = ()
    after: tuple[str, ...] = ()
    """What must be so now, and the settings taken back; may run in one transaction."""

    @property
    def statements(self) -> tuple[str, ...]:
        """All of it, for a tool that runs statement by statement in one session."""
        return (*self.before, *(step.sql for step in self.steps), *self.after)


@dataclass(frozen=True)
class NewIndex:
    """An index on plain columns that a framework's own operation can build just as well."""

    schema: str
    table: str
    name: str
    keys: tuple[tuple[str, bool], ...]
    """Columns, and whether each is descending; NULLs stand where Postgres puts them by default."""
    include: tuple[str, ...] = ()


@dataclass(frozen=True)
class Migration:
    """One recommendation as a change of the schema."""

    fingerprint: str
    """Of the statements up: two reports that advise the same have the same."""
    name: str
    """Lower-case words joined by ``_``, for a file's name: ``create_idx_orders_customer_id``."""
    title: str
    schema: str
    table: str
    up: Way
    down: Way
    notes: tuple[str, ...] = field(default=())
    """Why, and what can go wrong; one line each."""
    index: NewIndex | None = None
    """Where building one such index is all that it does."""
    stops_writers: bool = False
    """Whether nobody can write to the table while it runs (MySQL, where the server can do it in no other way)."""

    @property
    def mark(self) -> str:
        return f"{MARK} {self.fingerprint}"

    @property
    def comments(self) -> tuple[str, ...]:
        """The lines above the statements, without a language's comment sign."""
        return (*(in_comment(line) for line in (self.title, *self.notes) if line), self.mark)


MARKS = re.compile(rf"{MARK} ([0-9a-f]{{16}})")


def marks_in(text: str) -> frozenset[str]:
    """Fingerprints of the changes that a file holds."""
    return frozenset(MARKS.findall(text))
