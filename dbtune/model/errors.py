"""Errors that a user can cause: the command line prints one as one line and exits with its ``exit_status``."""

from __future__ import annotations

import re
from typing import ClassVar


class DbtuneError(Exception):
    """Base of all errors a user can cause; the message says what to do about it."""

    exit_status: ClassVar[int] = 4


class UsageError(DbtuneError):
    """Wrong option, unreadable or malformed input file, empty workload."""

    exit_status = 2


class SnapshotError(UsageError):
    """A snapshot file that is corrupt, not a snapshot, or written by a newer dbtune."""


class ConnectionFailed(DbtuneError):
    """The database could not be reached, or refused the session."""

    exit_status = 3


class PlannerUnavailable(UsageError):
    """The planner asked for by ``--planner`` cannot run here."""


_QUOTED_LAST = re.compile(r"""(: )(["']).*\2\Z""", re.DOTALL)
"""``invalid input syntax for type integer: "…"`` of Postgres, ``Incorrect DATETIME value: '…'`` of MySQL."""
_OUT_OF_RANGE = re.compile(r'\A(value )".*"(?= is out of range)', re.DOTALL)


class PlanFailed(DbtuneError):
    """One statement could not be planned; the run goes on and reports the reason."""

    @property
    def reason(self) -> str:
        """The message without the statement's literals, which servers quote, for reports.

        >>> PlanFailed("Incorrect DATETIME value: 'tomorrow'").reason
        "Incorrect DATETIME value: '…'"
        """
        shown = _QUOTED_LAST.sub(r"\1\2…\2", str(self))
        return _OUT_OF_RANGE.sub(r'\1"…"', shown)


class NotAsked(PlanFailed):
    """The statement may be right: dbtune has nothing to ask the server with, such as the values of its parameters."""
