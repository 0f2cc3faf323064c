"""``dbtune check`` with files: the workload planned before and after the migrations, and the new queries after them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass

from dbtune import __version__
from dbtune.check.queries import QueryText, plan_queries, without_value
from dbtune.model.errors import PlanFailed
from dbtune.model.location import SourceLocation
from dbtune.model.migration import BLOCKS_WRITES, LOCK_MODES, Effects, Migration, MigrationStep, StepLock
from dbtune.model.names import QualifiedName
from dbtune.model.plan import Plan
from dbtune.model.progress import Progress
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
from dbtune.model.snapshot import Snapshot
from dbtune.model.units import plural
from dbtune.model.workload import Instance, Limit, Skipped, Workload
from dbtune.planner.gate import Gate
from dbtune.planner.shadow.after import Migrated, migrate
from dbtune.planner.shadow.shadow import ShadowPlanner
from dbtune.rules.engine import recommendation_of
from dbtune.rules.migration.fails import SURE
from dbtune.rules.migration_context import MigrationContext, PlannedWrite, StatementChange
from dbtune.rules.migration_rules import migration_rules
from dbtune.rules.options import AdviseOptions
from dbtune.rules.reading import read_statement
from dbtune.rules.registry import chosen_rules, of_migrations

SAME = 1e-6
"""Relative difference of costs that are the same but for rounding."""


@dataclass(frozen=True)
class _Planned:
    """The workload planned twice."""

    changes: tuple[StatementChange, ...]
    skipped: tuple[Skipped, ...]
    questions: int


def check_changes(
    snapshot: Snapshot,
    workload: Workload,
    planner: ShadowPlanner,
    migration: Migration,
    queries: Sequence[QueryText],
    options: AdviseOptions,
    progress: Progress,
) -> Report:
    """The report on pending migrations and new queries, either of which may be none: a finding for each thing that is
    unsafe, and what every statement of the migrations does. The queries are planned on the schema as it will be.

    Raises UsageError, with file and line, for a statement of a migration that is no SQL; PlannerUnavailable.
    """
    known = {statement.fingerprint for statement in workload.statements}
    new = [query for query in queries if query.statement.fingerprint not in known]
    with ExitStack() as stack:
        migrated, after = Migrated((), snapshot), planner
        if migration.statements:
            with closing(planner.empty_database()) as host:
                migrated = migrate(host, snapshot, migration.statements, progress)
            progress.step("building the shadow as it will be")
            after = stack.enter_context(closing(planner.beside(migrated.after)))
        planned = _plan_twice(snapshot, workload, planner, after, progress)
        context = MigrationContext(
            snapshot,
            migrated.after,
            migrated.effects,
            planned.changes,
            planner.name,
            planner.confidence,
            _planned_writes(migrated, planner, after),
            plan_queries(new, migrated.after, after, progress),
        )
    findings = tuple(_findings(context, options, progress))
    limits = (*snapshot.limits, *planner.limits, *_limits(migration, migrated))
    if len(new) < len(queries):
        why = "not new: the workload has them already"
        limits = (*limits, Limit(plural(len(queries) - len(new), "query", "queries"), why))
    files = [effects.location.file for effects in migrated.effects] + [query.location.file for query in queries]
    return _report(context, workload, planned, findings, tuple(dict.fromkeys(limits)), tuple(dict.fromkeys(files)))


def _plan_twice(
    snapshot: Snapshot, workload: Workload, before: ShadowPlanner, after: ShadowPlanner, progress: Progress
) -> _Planned:
    """Each statement with the same texts on both; what could not be planned before is left out with the reason."""
    today, then = Gate(before), Gate(after)
    changes: list[StatementChange] = []
    skipped: list[Skipped] = []
    for number, statement in enumerate(workload.statements):
        progress.step("planning statements before and after", number, len(workload.statements))
        planned = read_statement(statement, snapshot)
        if planned is None:
            skipped.append(Skipped(statement.fingerprint, "a utility statement: it has no plan", statement.text))
            continue
        try:
            cost = today.cost(planned)
        except PlanFailed as error:
            skipped.append(Skipped(statement.fingerprint, str(error), statement.text))
            continue
        try:
            changes.append(StatementChange(planned, cost, then.cost(planned)))
        except PlanFailed as error:
            changes.append(StatementChange(planned, cost, None, without_value(str(error))))
    return _Planned(tuple(changes), tuple(skipped), today.calls + then.calls)


def _planned_writes(
    migrated: Migrated, before: ShadowPlanner, after: ShadowPlanner
) -> Mapping[SourceLocation, PlannedWrite]:
    """What the planner thinks the statements on rows write, on the schema as it will be, else as it is."""
    found: dict[SourceLocation, PlannedWrite] = {}
    for effects in migrated.effects:
        first = effects.pending.text.split(None, 1)[0].lower()
        if first not in ("update", "delete", "with", "merge"):
            continue
        for planner in (after, before):
            try:
                plan = planner.plan(Instance(effects.pending.text))
            except PlanFailed:
                continue
            write = _write_of(plan)
            if write is not None:
                found[effects.location] = write
            break
    return found


def _write_of(plan: Plan) -> PlannedWrite | None:
    for node in plan.root.walk():
        if node.type == "ModifyTable" and node.relation is not None and node.strategy != "Insert":
            return PlannedWrite(node.relation, sum(child.rows for child in node.children))
    return None


def _findings(context: MigrationContext, options: AdviseOptions, progress: Progress) -> Iterator[Recommendation]:
    wanted = {rule.id for rule in chosen_rules(options.only, options.skip, "postgres")}
    for rule in migration_rules().values():
        if rule.id not in wanted:
            continue
        progress.step(f"rule {rule.id}")
        for finding in rule.check(context):
            if not options.schemas or finding.subject.schema in ("", *options.schemas):
                yield recommendation_of(of_migrations(rule), finding)


def _limits(migration: Migration, migrated: Migrated) -> Iterator[Limit]:
    for location, words in migration.notes:
        yield Limit(str(location), words)
    for effects in migrated.effects:
        if effects.refusal and effects.sqlstate not in SURE:
            yield Limit(str(effects.location), _refusal(effects))


def _report(
    context: MigrationContext,
    workload: Workload,
    planned: _Planned,
    findings: Sequence[Recommendation],
    limits: tuple[Limit, ...],
    files: tuple[str, ...],
) -> Report:
    server = context.before.server
    kept = [change for change in planned.changes if change.after is not None]
    summaries = [_summary(change) for change in kept]
    changed = [one for one in summaries if abs(one.cost_after - one.cost_before) > SAME * max(one.cost_before, 1e-9)]
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
            tuple(
                SkippedStatement(one.fingerprint, one.reason, one.text) for one in (*workload.skipped, *planned.skipped)
            ),
            changed=tuple(changed),
        ),
        summary=Summary(
            sum(one.calls * one.cost_before for one in summaries),
            sum(one.calls * one.cost_after for one in summaries),
            *_index_bytes(context),
            planner_questions=planned.questions,
        ),
        recommendations=tuple(sorted(findings, key=_place)),
        limits=limits,
        checked=files,
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


def _index_bytes(context: MigrationContext) -> tuple[int, int]:
    """Of the indexes that the migration builds, and of those that it drops."""
    built = {name for effects in context.effects for name in effects.built}
    dropped = {name for effects in context.effects for name in effects.dropped_indexes}

    def total(snapshot: Snapshot, names: set[QualifiedName]) -> int:
        found = (index.facts for index in snapshot.indexes if index.qualified_name in names)
        return sum(facts.bytes for facts in found if facts is not None)

    return total(context.after, built - dropped), total(context.before, dropped - built)


def _is_told(step: MigrationStep) -> bool:
    return bool(step.locks or step.rewrites or step.scans or step.note)


def _refusal(effects: Effects) -> str:
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
        _refusal(effects),
    )
