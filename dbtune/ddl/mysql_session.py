"""What a session of MySQL or MariaDB sets around statements that change a schema.

Every ALTER TABLE waits for the transactions that use the table, and while it waits all others wait behind it: a day, by
default. Source: MySQL Reference Manual, "Metadata Locking"; ``lock_wait_timeout``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

LOCK_WAIT_SECONDS = 5
"""How long others may have to queue behind a statement that waits for its metadata lock."""


BEFORE = f"SET SESSION lock_wait_timeout = {LOCK_WAIT_SECONDS}"
AFTER = "SET SESSION lock_wait_timeout = DEFAULT"

_LIMIT = re.compile(r"\s*SET SESSION lock_wait_timeout\b", re.IGNORECASE)


def waiting_briefly(statements: Iterable[str]) -> tuple[str, ...]:
    """The statements, each of which gives up where it would have to wait for its table; none where there are none."""
    found = tuple(statements)
    return (BEFORE, *found) if found else ()


def without_checks(statements: Iterable[str]) -> tuple[str, ...]:
    """The statements while no foreign key is checked."""
    return ("SET SESSION foreign_key_checks = 0", *statements, "SET SESSION foreign_key_checks = 1")


def without_limits(statements: Iterable[str]) -> tuple[str, ...]:
    """The statements but for those that say how long to wait, where something else says so for all of them."""
    return tuple(sql for sql in statements if not _LIMIT.match(sql))
