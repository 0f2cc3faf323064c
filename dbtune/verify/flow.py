"""From a report to what it is worth on a copy of the database. What is built there is dropped, whatever happens."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from dbtune import __version__
from dbtune.connect.targets import DatabaseUrl
from dbtune.model.errors import ConnectionFailed, DbtuneError, PlanFailed, UsageError
from dbtune.model.plan import Plan
from dbtune.model.progress import Progress
from dbtune.model.recommendation import Report
from dbtune.model.verification import MeasuredStatement, NotRun, Verification
from dbtune.model.workload import Workload
from dbtune.verify.measuring import WORLDS, Pace, compare
from dbtune.verify.mysql import MySQLCopy
from dbtune.verify.postgres import PostgresCopy
from dbtune.verify.staging import Copy, Staging, World, require_a_copy
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

    Raises UsageError for a database that is not one to measure on, or that has an index of the report already, and
    where nothing could be built; ConnectionFailed where the session is lost (what was built is dropped in another one);
    LeftBehind where it could not be dropped.
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
    limit_ms = options.pace.limit_ms
    if (url.dialect == "postgres") != (report.target.dialect == "postgres"):
        raise UsageError(f"the report is for {report.target.dialect}, and the URL's database is {url.dialect}")
    if url.dialect == "postgres":
        return PostgresCopy(url, report, limit_ms=limit_ms, lock_timeout_ms=LOCK_TIMEOUT_MS, writes=options.writes)
    if options.writes:
        raise UsageError(
            f"what a statement writes cannot always be rolled back on {url.dialect}: no --with-writes there"
        )
    return MySQLCopy(url, report, limit_ms=limit_ms, lock_timeout_ms=LOCK_TIMEOUT_MS)


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
    if built and all(one.error is not None for one in built):
        raise UsageError(f"nothing of the report could be built: {built[0].name}: {built[0].error}")
    progress.step("planning the statements without and with it")
    plans = [[_plan(staging, world, one) for one in statements] for world in WORLDS]
    measured: list[MeasuredStatement] = []
    refused = list(not_run)
    for number, (one, before, after) in enumerate(zip(statements, *plans, strict=True)):
        progress.step("running the statements without and with it", number, len(statements))
        outcome = _one(staging, one, before, after, options.pace)
        if isinstance(outcome, NotRun):
            refused.append(outcome)
        else:
            measured.append(outcome)
    return Verification(
        __version__, report.target.dialect, target.database, target.version, tuple(measured), built, tuple(refused)
    )


def _plan(staging: Staging, world: World, one: Expected) -> Plan | PlanFailed:
    try:
        return staging.plan(world, one.runnable)
    except PlanFailed as error:
        return error


def _one(
    staging: Staging, one: Expected, before: Plan | PlanFailed, after: Plan | PlanFailed, pace: Pace
) -> MeasuredStatement | NotRun:
    level, reason = (one.risk.level, one.risk.reason) if one.risk is not None else (None, "")
    named = MeasuredStatement(one.fingerprint, one.text, one.calls, level, reason)
    for plan in (before, after):
        if isinstance(plan, PlanFailed):
            return replace(named, error=plan.reason)
    assert isinstance(before, Plan) and isinstance(after, Plan)
    why_not = staging.why_not_run(one.runnable, before, after)
    if why_not is not None:
        return NotRun(one.fingerprint, one.text, why_not)
    named = replace(named, cost_before=before.cost, cost_after=after.cost)
    if before.shape == after.shape:
        return named
    try:
        timings = compare(lambda world: staging.run(world, one.runnable), pace)
    except PlanFailed as error:
        return replace(named, cost_before=None, cost_after=None, error=error.reason)
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
