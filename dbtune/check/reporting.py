"""The report of ``dbtune check``: findings, what each statement of the migrations does, and every cost that changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dbtune import __version__
from dbtune.model.location import SourceLocation
from dbtune.model.migration import BLOCKS_WRITES, LOCK_MODES, AlterWay, Effects, MigrationStep, StepLock, StepWay
from dbtune.model.names import QualifiedName
from dbtune.model.recommendation import (
    SEVERITIES,
    Recommendation,
    Report,
    SkippedStatement,
    StatementSummary,
    Summary,
    Target,
    WorkloadSummary,
)
from dbtune.model.workload import Limit, Workload
from dbtune.rules.ledger import SAME_COST, differs
from dbtune.rules.migration_context import MigrationContext, StatementChange

SAME_ROWS_LAID_ANEW = 0.01
"""In place of SAME_COST on MySQL and MariaDB, whose planners look into the pages of an index: its rows lie otherwise
there when they are put in a second time."""


@dataclass(frozen=True)
class Checked:
    """What was looked at, and what of it could not be."""

    workload: Workload
    """With all that was skipped."""
    questions: int
    """That the planner was asked."""
    index_bytes: Mapping[QualifiedName, int]
    """Of the indexes that the migration builds."""
    limits: tuple[Limit, ...]
    files: tuple[str, ...]


def report_on(context: MigrationContext, checked: Checked, findings: Sequence[Recommendation]) -> Report:
    """The findings in the order of their severity, and what they stand on."""
    server, workload = context.before.server, checked.workload
    kept = [change for change in context.changes if change.after is not None]
    summaries = [_summary(change) for change in kept]
    same = SAME_COST if context.dialect == "postgres" else SAME_ROWS_LAID_ANEW
    changed = [one for one in summaries if differs(one.cost_before, one.cost_after, same)]
    changed.sort(key=lambda one: (-one.calls * abs(one.cost_before - one.cost_after), one.fingerprint))
    return Report(
        dbtune=__version__,
        target=Target(
            server.dialect,
            server.version,
            server.database,
            context.planner,
            context.before.collected_at,
            context.confidence,
        ),
        workload=WorkloadSummary(
            len(workload.statements),
            workload.calls,
            workload.total_ms,
            workload.sources,
            tuple(SkippedStatement(one.fingerprint, one.reason, one.text) for one in workload.skipped),
            changed=tuple(changed),
        ),
        summary=Summary(
            sum(one.calls * one.cost_before for one in summaries),
            sum(one.calls * one.cost_after for one in summaries),
            *_index_bytes(context, checked.index_bytes),
            planner_questions=checked.questions,
        ),
        recommendations=tuple(sorted(findings, key=_place)),
        limits=checked.limits,
        checked=checked.files,
        migration=tuple(step for step in (_step(context, one) for one in context.effects) if _is_told(step)),
    )


def _place(one: Recommendation) -> tuple[int, str, int, str]:
    """The most severe first, then as they stand in the files."""
    location = one.location or SourceLocation("", 0)
    return SEVERITIES.index(one.severity), location.file, location.line, one.rule


def _summary(change: StatementChange) -> StatementSummary:
    statement = change.planned.statement
    assert change.after is not None
    return StatementSummary(
        statement.fingerprint,
        statement.text,
        statement.calls,
        statement.total_ms,
        change.before.cost,
        change.after.cost,
    )


def _index_bytes(context: MigrationContext, sizes: Mapping[QualifiedName, int]) -> tuple[int, int]:
    """Of the indexes that the migration builds, and of those that it drops."""
    built = {name for effects in context.effects for name in effects.built}
    dropped = {name for effects in context.effects for name in effects.dropped_indexes}

    found = (index.facts for index in context.before.indexes if index.full_name in dropped - built)
    given_back = sum(facts.bytes for facts in found if facts is not None)
    return sum(size for name, size in sizes.items() if name in built - dropped), given_back


def _is_told(step: MigrationStep) -> bool:
    return bool(step.locks or step.rewrites or step.scans or step.note or step.way)


def refusal_words(effects: Effects) -> str:
    """Why a statement had no effect, in one clause; empty where it had, or where nothing need be said."""
    if not effects.refusal:
        return ""
    return f"{'refused on a copy of the schema' if effects.sqlstate else 'not run'}: {effects.refusal}"


def _step(context: MigrationContext, effects: Effects) -> MigrationStep:
    strongest = {lock.table: effects.lock_on(lock.table) for lock in effects.locks}
    locks = [
        StepLock(table.schema, table.name, mode, context.rows(table), context.bytes(table), context.calls(table))
        for table, mode in strongest.items()
        if mode is not None and LOCK_MODES.index(mode) >= LOCK_MODES.index("SHARE UPDATE EXCLUSIVE")
    ]
    locks.sort(key=lambda lock: (lock.mode not in BLOCKS_WRITES, -lock.bytes, lock.schema, lock.table))
    return MigrationStep(
        effects.location,
        effects.normalised,
        tuple(locks),
        tuple(sorted(effects.rewritten)),
        tuple(sorted(effects.scanned - effects.rewritten)),
        refusal_words(effects),
        _step_way(context, effects.way),
    )


def _step_way(context: MigrationContext, way: AlterWay | None) -> StepWay | None:
    if way is None:
        return None
    table = way.table
    rows, size, calls = context.rows(table), context.bytes(table), context.calls(table)
    return StepWay(table.schema, table.name, way.algorithm, way.lock, rows, size, calls)
