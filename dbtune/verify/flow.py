"""From a report to what it is worth on a copy of the database. What is built there is dropped, whatever happens."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from dbtune import __version__
from dbtune.connect.targets import DatabaseUrl
from dbtune.model.errors import ConnectionFailed, DbtuneError, PlanFailed, UsageError
from dbtune.model.progress import Progress
from dbtune.model.recommendation import Report
from dbtune.model.verification import MeasuredStatement, NotRun, Verification
from dbtune.model.workload import Workload
from dbtune.verify.measuring import Pace, compare
from dbtune.verify.postgres import PostgresCopy
from dbtune.verify.staging import Copy, Staging, require_a_copy
from dbtune.verify.statements import Expected, expected_statements

LOCK_TIMEOUT_MS = 30_000
"""On a copy nobody should hold a lock for longer."""

DROP_ATTEMPTS = 6
"""Tries to reach the server once more, each after twice as long a pause: a restart takes some seconds."""
FIRST_PAUSE_SECONDS = 0.5


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


def verify(
    url: DatabaseUrl, report: Report, workload: Workload, options: VerifyOptions, progress: Progress
) -> Verification:
    """Build what the report builds, run the statements without and with it, drop it again.

    Raises UsageError for a database that is not one to measure on, or that has an index of the report already;
    ConnectionFailed where the session is lost (what was built is dropped in another one); LeftBehind where it could not
    be dropped.
    """
    copy = _copy(url, report, options)
    if copy.is_idle:
        raise UsageError("the report neither builds nor drops an index: there is nothing to verify")
    try:
        with copy.session() as staging:
            found = _measure(staging, report, workload, options, progress)
    finally:
        if copy.left():
            progress.step("dropping what was built")
            _clean_up(copy)
    return found


def _copy(url: DatabaseUrl, report: Report, options: VerifyOptions) -> Copy:
    return PostgresCopy(
        url, report, limit_ms=options.pace.limit_ms, lock_timeout_ms=LOCK_TIMEOUT_MS, writes=options.writes
    )


def _measure(
    staging: Staging, report: Report, workload: Workload, options: VerifyOptions, progress: Progress
) -> Verification:
    target = staging.target
    require_a_copy(target, force=options.force)
    taken = staging.taken()
    if taken:
        raise UsageError(
            f"{', '.join(taken)} exist{'s' if len(taken) == 1 else ''} in {target.database} already: "
            "drop what an earlier run left, or name a copy from before the advice"
        )
    statements, not_run = expected_statements(report, workload)
    built = staging.build(progress)
    measured: list[MeasuredStatement] = []
    refused = list(not_run)
    for number, one in enumerate(statements):
        progress.step("running the statements without and with it", number, len(statements))
        outcome = _one(staging, one, options.pace)
        if isinstance(outcome, NotRun):
            refused.append(outcome)
        else:
            measured.append(outcome)
    return Verification(__version__, target.database, target.version, tuple(measured), built, tuple(refused))


def _one(staging: Staging, one: Expected, pace: Pace) -> MeasuredStatement | NotRun:
    risk = one.risk
    level, reason = (risk.level, risk.reason) if risk is not None else (None, "")
    try:
        before, after = staging.plan("without", one.runnable), staging.plan("with", one.runnable)
        why_not = staging.why_not_run(one.runnable, before, after)
        if why_not is not None:
            return NotRun(one.fingerprint, one.text, why_not)
        named = MeasuredStatement(one.fingerprint, one.text, one.calls, level, reason, before.cost, after.cost)
        if before.shape == after.shape:
            return named
        timings = compare(lambda world: staging.run(world, one.runnable), pace)
    except PlanFailed as error:
        return MeasuredStatement(one.fingerprint, one.text, one.calls, level, reason, error=str(error))
    return replace(named, before=timings[0], after=timings[1])


def _clean_up(copy: Copy, pause: Callable[[float], None] = time.sleep) -> None:
    """Take back what was built, in a session of its own; tried again while the server cannot be reached.

    Raises LeftBehind with the SQL where that was in vain.
    """
    refused = copy.left()
    why = ""
    seconds = FIRST_PAUSE_SECONDS
    for attempt in range(DROP_ATTEMPTS):
        try:
            if attempt:
                pause(seconds)
                seconds *= 2
            refused = copy.take_back()
            if not refused:
                return
            why = "the server refused it"
        except ConnectionFailed as error:
            why = str(error).strip().splitlines()[0]
        except KeyboardInterrupt:
            if attempt:  # whoever insists is let go, and told
                why = "interrupted"
                break
    raise LeftBehind(f"not everything could be dropped ({why}); run: {'; '.join(refused)};")
