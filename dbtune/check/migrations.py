"""``dbtune check`` with files: the workload planned before and after the migrations, and the new queries after them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dbtune import __version__
from dbtune.check.benches import Bench
from dbtune.check.queries import QueryText, plan_queries, without_value
from dbtune.model.errors import PlanFailed
from dbtune.model.location import SourceLocation
from dbtune.model.migration import (
    BLOCKS_WRITES,
    LOCK_MODES,
    AlterWay,
    Effects,
    Migrated,
    Migration,
    MigrationStep,
    StepLock,
    StepWay,
)
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
from dbtune.planner.gate import Gate, PlannedStatement, StatementCost
from dbtune.planner.protocol import Planner
from dbtune.rules.engine import recommendation_of
from dbtune.rules.migration.fails import is_sure
from dbtune.rules.migration_context import (
    MigrationContext,
    NewQuery,
    PlannedWrite,
    StatementChange,
    least_rise,
)
from dbtune.rules.migration_rules import migration_rules
from dbtune.rules.options import AdviseOptions
from dbtune.rules.reading import read_statement
from dbtune.rules.registry import chosen_rules, of_migrations

SAME = 1e-6
"""Relative difference of costs that are the same but for rounding."""

SAME_ROWS_LAID_ANEW = 0.01
"""The same of MySQL and MariaDB, whose planners look into the pages of an index: its rows lie otherwise there when they
are put in a second time."""


@dataclass(frozen=True)
class _Planned:
    """The workload planned on one schema, by fingerprint."""

    costs: Mapping[str, tuple[PlannedStatement, StatementCost]]
    failures: Mapping[str, str]
    skipped: tuple[Skipped, ...]
    unplanned: tuple[PlannedStatement, ...]
    """Those of them that are no utility statements."""
    questions: int

    @classmethod
    def of(cls, workload: Workload, snapshot: Snapshot, planner: Planner, progress: Progress, step: str) -> _Planned:
        """Each statement, read by the snapshot as it is today: with the same texts before and after."""
        gate = Gate(planner)
        costs: dict[str, tuple[PlannedStatement, StatementCost]] = {}
        failures: dict[str, str] = {}
        skipped: list[Skipped] = []
        unplanned: list[PlannedStatement] = []
        for number, statement in enumerate(workload.statements):
            progress.step(step, number, len(workload.statements))
            planned = read_statement(statement, snapshot)
            if planned is None:
                why = "a utility statement: it has no plan"
                skipped.append(Skipped(statement.fingerprint, why, statement.text))
                continue
            try:
                costs[statement.fingerprint] = planned, gate.cost(planned)
            except PlanFailed as error:
                unplanned.append(planned)
                failures[statement.fingerprint] = without_value(str(error))
                skipped.append(Skipped(statement.fingerprint, str(error), statement.text))
        return cls(costs, failures, tuple(skipped), tuple(unplanned), gate.calls)


def check_changes(
    snapshot: Snapshot,
    workload: Workload,
    bench: Bench,
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
    migrated = Migrated((), snapshot)
    if migration.statements:
        migrated = bench.migrate(migration.statements, progress)
    found: tuple[NewQuery, ...] = ()
    sizes: dict[QualifiedName, int] = {}
    with bench.before(progress) as planner:
        before = _Planned.of(workload, snapshot, planner, progress, "planning statements as it is")
        writes = dict(_planned_writes(migrated, planner))
        name, confidence, limits = planner.name, planner.confidence, planner.limits
        if not migration.statements:
            after = before
            found = plan_queries(new, migrated.after, planner, progress)
    if migration.statements:
        with bench.after(migrated, progress) as planner:
            after = _Planned.of(workload, snapshot, planner, progress, "planning statements as it will be")
            built = {one for effects in migrated.effects for one in effects.built}
            new_indexes = (index for index in migrated.after.indexes if index.full_name in built)
            sizes = {index.full_name: planner.index_bytes(index) for index in new_indexes}
            # on the schema as it will be, else as it is
            writes.update(_planned_writes(migrated, planner))
            found = plan_queries(new, migrated.after, planner, progress)
    context = MigrationContext(
        snapshot,
        migrated.after,
        migrated.effects,
        tuple(_changes(snapshot, migrated.after, before, after)),
        name,
        confidence,
        writes,
        found,
        migrated.confidence,
    )
    findings = tuple(_findings(context, options, progress))
    limits = (*snapshot.limits, *limits, *migrated.limits, *_limits(migration, migrated))
    if len(new) < len(queries):
        why = "not new: the workload has them already"
        limits = (*limits, Limit(plural(len(queries) - len(new), "query", "queries"), why))
    files = [effects.location.file for effects in migrated.effects] + [query.location.file for query in queries]
    questions = before.questions + (after.questions if after is not before else 0)
    skipped = (*workload.skipped, *before.skipped)
    return _report(
        context,
        workload,
        skipped,
        questions,
        sizes,
        findings,
        tuple(dict.fromkeys(limits)),
        tuple(dict.fromkeys(files)),
    )


def _changes(snapshot: Snapshot, after_all: Snapshot, before: _Planned, after: _Planned) -> Iterator[StatementChange]:
    """What could be planned before, with what has become of it; of the rest what the migration takes something from."""
    least = least_rise(snapshot)
    for planned, cost in before.costs.values():
        then = after.costs.get(planned.fingerprint, (planned, None))[1]
        yield StatementChange(planned, cost, then, after.failures.get(planned.fingerprint, ""), least)
    for planned in before.unplanned:
        gone = _gone(planned, snapshot, after_all)
        if gone:
            yield StatementChange(planned, StatementCost(0.0, ()), None, gone, least)


def _gone(planned: PlannedStatement, before: Snapshot, after: Snapshot) -> str:
    """The first table or column that the statement uses and the migration takes away, in a clause; empty: none."""
    facts = planned.facts
    for table in sorted(name for name in facts.tables if before.table(name) is not None):
        if after.table(table) is None:
            return f"table {table} is not there any more"
    used = {(use.table, column) for use in facts.uses for column in use.columns}
    used |= {(write.table, column) for write in facts.writes for column in write.columns}
    for name, column in sorted(used):
        old, new = before.table(name), after.table(name)
        if old is not None and new is not None and old.column(column) is not None and new.column(column) is None:
            return f"column {column} of {name} is not there any more"
    return ""


def _planned_writes(migrated: Migrated, planner: Planner) -> Iterator[tuple[SourceLocation, PlannedWrite]]:
    """What the planner thinks the statements on rows write."""
    for effects in migrated.effects:
        first = effects.pending.text.split(None, 1)[0].lower()
        if first not in ("update", "delete", "with", "merge"):
            continue
        try:
            write = _write_of(planner.plan(Instance(effects.pending.text)))
        except PlanFailed:
            continue
        if write is not None:
            yield effects.location, write


def _write_of(plan: Plan) -> PlannedWrite | None:
    for node in plan.root.walk():
        if node.type == "ModifyTable" and node.relation is not None and node.strategy != "Insert":
            return PlannedWrite(node.relation, sum(child.rows for child in node.children))
    return None


def _findings(context: MigrationContext, options: AdviseOptions, progress: Progress) -> Iterator[Recommendation]:
    wanted = {rule.id for rule in chosen_rules(options.only, options.skip, context.dialect)}
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
        if effects.refusal and not is_sure(effects):
            yield Limit(str(effects.location), _refusal(effects))


def _report(
    context: MigrationContext,
    workload: Workload,
    skipped: Sequence[Skipped],
    questions: int,
    sizes: Mapping[QualifiedName, int],
    findings: Sequence[Recommendation],
    limits: tuple[Limit, ...],
    files: tuple[str, ...],
) -> Report:
    server = context.before.server
    kept = [change for change in context.changes if change.after is not None]
    summaries = [_summary(change) for change in kept]
    same = SAME if context.dialect == "postgres" else SAME_ROWS_LAID_ANEW
    changed = [one for one in summaries if abs(one.cost_after - one.cost_before) > same * max(one.cost_before, 1e-9)]
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
            tuple(SkippedStatement(one.fingerprint, one.reason, one.text) for one in skipped),
            changed=tuple(changed),
        ),
        summary=Summary(
            sum(one.calls * one.cost_before for one in summaries),
            sum(one.calls * one.cost_after for one in summaries),
            *_index_bytes(context, sizes),
            planner_questions=questions,
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


def _index_bytes(context: MigrationContext, sizes: Mapping[QualifiedName, int]) -> tuple[int, int]:
    """Of the indexes that the migration builds, and of those that it drops."""
    built = {name for effects in context.effects for name in effects.built}
    dropped = {name for effects in context.effects for name in effects.dropped_indexes}

    found = (index.facts for index in context.before.indexes if index.full_name in dropped - built)
    given_back = sum(facts.bytes for facts in found if facts is not None)
    return sum(size for name, size in sizes.items() if name in built - dropped), given_back


def _is_told(step: MigrationStep) -> bool:
    return bool(step.locks or step.rewrites or step.scans or step.note or step.way)


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
        _step_way(context, effects.way),
    )


def _step_way(context: MigrationContext, way: AlterWay | None) -> StepWay | None:
    if way is None:
        return None
    table = way.table
    rows, size, calls = context.rows(table), context.bytes(table), context.calls(table)
    return StepWay(table.schema, table.name, way.algorithm, way.lock, rows, size, calls)
