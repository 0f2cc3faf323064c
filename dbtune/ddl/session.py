"""What a session sets around statements that change a schema, so that they neither hang others nor break off halfway.

A concurrent build waits for every transaction that is older than itself, on any table, and ``lock_timeout`` counts
these waits: a short one breaks the build off and leaves an INVALID index behind. So a build waits as long as it has to;
it blocks nobody meanwhile. A statement that takes a lock which others queue behind waits for a moment only, and is to
be tried again. Source: PostgreSQL manual, CREATE INDEX, "Building Indexes Concurrently"; "Client Connection Defaults".
"""

from __future__ import annotations

from collections.abc import Iterable

SHORT_LOCK_TIMEOUT = "2s"
"""How long writers may have to queue behind a statement that waits for its lock."""


WITHOUT_LIMITS = ("SET lock_timeout = 0", "SET statement_timeout = 0")
LIMITS_AS_BEFORE = ("RESET statement_timeout", "RESET lock_timeout")


def waiting_long(statements: Iterable[str]) -> tuple[str, ...]:
    """The statements, concurrent builds or drops, with time limits of role or database out of their way."""
    return (*WITHOUT_LIMITS, *statements, *LIMITS_AS_BEFORE)


def waiting_briefly(statements: Iterable[str]) -> tuple[str, ...]:
    """The statements, which lock a table against writers, each of them refused where it would have to wait."""
    return (f"SET lock_timeout = '{SHORT_LOCK_TIMEOUT}'", *statements, "RESET lock_timeout")
