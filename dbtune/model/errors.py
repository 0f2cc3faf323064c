"""Errors that a user can cause: the command line prints one as one line and exits with its ``exit_status``."""

from __future__ import annotations

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


class PlanFailed(DbtuneError):
    """One statement could not be planned; the run goes on and reports the reason."""
