"""What a session of MySQL or MariaDB sets around statements that change a schema.

Every ALTER TABLE waits for the transactions that use the table, and while it waits all others wait behind it: a day, by
default. Source: MySQL Reference Manual, "Metadata Locking"; ``lock_wait_timeout``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

LOCK_WAIT_SECONDS = 10
"""How long others may have to queue behind a statement that waits for its metadata lock."""


def lock_wait_timeout(seconds: int) -> str:
    """How long a statement of this session waits for the table's metadata lock before it gives up."""
    return f"SET SESSION lock_wait_timeout = {seconds}"


BEFORE = lock_wait_timeout(LOCK_WAIT_SECONDS)
AFTER = "SET SESSION lock_wait_timeout = DEFAULT"

_LIMIT = re.compile(r"\s*SET SESSION lock_wait_timeout\b", re.IGNORECASE)


def without_limits(statements: Iterable[str]) -> tuple[str, ...]:
    """The statements but for those that say how long to wait, where something else says so for all of them."""
    return tuple(sql for sql in statements if not _LIMIT.match(sql))
