"""From a report to what it is worth on a copy of the database. What is built there is dropped, whatever happens."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import psycopg

from dbtune import __version__
from dbtune.connect.postgres import writing_session
from dbtune.connect.targets import DatabaseUrl
from dbtune.model.errors import ConnectionFailed, DbtuneError, PlanFailed, UsageError
from dbtune.model.progress import Progress
from dbtune.model.recommendation import Report
from dbtune.model.verification import MeasuredStatement, NotRun, Verification
from dbtune.model.workload import Workload
from dbtune.verify.building import Build, Connection, Made, Workshop, builds_of, drop_all, drops_of, existing
from dbtune.verify.measuring import Pace, Runner, World
from dbtune.verify.statements import Expected, expected_statements
from dbtune.verify.target import Target, read_target, require_a_copy

LOCK_TIMEOUT_MS = 30_000
"""On a copy nobody should hold a lock for longer."""

DROP_ATTEMPTS = 6
"""Tries to reach the server once more, each after twice as long a pause: a restart takes some seconds."""
FIRST_PAUSE_SECONDS = 0.5

END_BACKEND = """
    SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
    WHERE pid = %(pid)s AND backend_start::text = %(start)s
"""


class LeftBehind(DbtuneError):
    """What was built could not be dropped; the message holds the SQL that does it."""

    exit_status = 3


@dataclass(frozen=True)
class VerifyOptions:
    pace: Pace = field(default_factory=Pace)
    writes: bool = False
    """Run statements that write, too; what they write is rolled back."""
    force: bool = False
    """Also on a database that others are at work on."""


@dataclass
class _Begun:
    """What must be undone: known outside the session in which it was begun, which may be lost."""

    workshop: Workshop = field(default_factory=Workshop)
    target: Target | None = None


def verify(
    url: DatabaseUrl, report: Report, workload: Workload, options: VerifyOptions, progress: Progress
) -> Verification:
    """Build what the report builds, run the statements without and with it, drop it again.

    Raises UsageError for a database that is not one to measure on, or that has an index of the report already;
    ConnectionFailed where the session is lost (what was built is dropped in another one); LeftBehind where it could not
    be dropped.
    """
    builds, drops = builds_of(report), drops_of(report)
    if not builds and not drops:
        raise UsageError("the report neither builds nor drops an index: there is nothing to verify")
    begun = _Begun()
    try:
        with writing_session(url, lock_timeout_ms=LOCK_TIMEOUT_MS) as connection:
            found = _measure(connection, report, workload, builds, drops, options, progress, begun)
    finally:
        if begun.workshop.begun and begun.target is not None:
            progress.step("dropping what was built")
            _clean_up(url, begun.workshop.begun, begun.target)
    return found


def _measure(
    connection: Connection,
    report: Report,
    workload: Workload,
    builds: Sequence[Build],
    drops: tuple[str, ...],
    options: VerifyOptions,
    progress: Progress,
    begun: _Begun,
) -> Verification:
    target = begun.target = read_target(connection)
    require_a_copy(target, force=options.force)
    taken = existing(connection, builds)
    if taken:
        raise UsageError(
            f"{', '.join(taken)} exist{'s' if len(taken) == 1 else ''} in {target.database} already: "
            "drop what an earlier run left, or name a copy from before the advice"
        )
    statements, not_run = expected_statements(report, workload)
    built = begun.workshop.build(connection, builds, progress)
    without = World(tuple(one.drop for one in begun.workshop.begun))
    runner = Runner(connection, options.pace, writes=options.writes)
    measured: list[MeasuredStatement] = []
    refused = list(not_run)
    for number, one in enumerate(statements):
        progress.step("running the statements without and with it", number, len(statements))
        outcome = _one(runner, one, without, World(drops), writes=options.writes)
        if isinstance(outcome, NotRun):
            refused.append(outcome)
        else:
            measured.append(outcome)
    return Verification(__version__, target.database, target.version, tuple(measured), built, tuple(refused))


def _one(runner: Runner, one: Expected, without: World, with_it: World, *, writes: bool) -> MeasuredStatement | NotRun:
    risk = one.risk
    level, reason = (risk.level, risk.reason) if risk is not None else (None, "")
    try:
        before, after = runner.plan(without, one.runnable), runner.plan(with_it, one.runnable)
        if any(node.type in ("ModifyTable", "LockRows") for node in before.root.walk()) and not writes:
            return NotRun(one.fingerprint, one.text, "it writes: --with-writes runs it and rolls back")
        named = MeasuredStatement(one.fingerprint, one.text, one.calls, level, reason, before.cost, after.cost)
        if before.shape == after.shape:
            return named
        timings = runner.compare(without, with_it, one.runnable)
    except PlanFailed as error:
        return MeasuredStatement(one.fingerprint, one.text, one.calls, level, reason, error=str(error))
    return MeasuredStatement(
        one.fingerprint, one.text, one.calls, level, reason, before.cost, after.cost, timings[0], timings[1]
    )


def _clean_up(
    url: DatabaseUrl, made: Sequence[Made], target: Target, pause: Callable[[float], None] = time.sleep
) -> None:
    """Drop what was made, in a session of its own; tried again while the server cannot be reached.

    Raises LeftBehind with the SQL where that was in vain.
    """
    refused = [one.drop for one in made]
    why = ""
    seconds = FIRST_PAUSE_SECONDS
    for attempt in range(DROP_ATTEMPTS):
        try:
            if attempt:
                pause(seconds)
                seconds *= 2
            with writing_session(url, lock_timeout_ms=LOCK_TIMEOUT_MS) as connection:
                _end_session(connection, target, pause)
                refused = drop_all(connection, made)
            if not refused:
                return
            why = "the server refused it"
        except (ConnectionFailed, psycopg.Error) as error:
            why = str(error).strip().splitlines()[0]
        except KeyboardInterrupt:
            if attempt:  # whoever insists is let go, and told
                why = "interrupted"
                break
    raise LeftBehind(f"not everything could be dropped ({why}); run: {'; '.join(refused)};")


def _end_session(connection: Connection, target: Target, pause: Callable[[float], None]) -> None:
    """End the session that was lost: it may still be building, and would finish after the drop."""
    pid, start = target.backend
    for _ in range(20):
        ended = connection.execute(END_BACKEND.encode(), {"pid": pid, "start": start}).fetchall()
        if not ended:
            return
        pause(0.1)
