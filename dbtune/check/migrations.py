"""``dbtune check`` with files: the workload planned before and after the migrations, and the new queries after them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dbtune.check.benches import Bench
from dbtune.check.queries import QueryText, plan_queries
from dbtune.check.reporting import Checked, refusal_words, report_on
from dbtune.model.errors import PlanFailed
from dbtune.model.location import SourceLocation
from dbtune.model.migration import Migrated, Migration
from dbtune.model.names import QualifiedName
from dbtune.model.plan import Confidence, Plan
from dbtune.model.progress import Progress
from dbtune.model.recommendation import Recommendation, Report
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


@dataclass(frozen=True)
class _WorkloadPlanned:
    """The workload planned on one schema, by fingerprint."""

    costs: Mapping[str, tuple[PlannedStatement, StatementCost]]
    failures: Mapping[str, str]
    skipped: tuple[Skipped, ...]
    unplanned: tuple[PlannedStatement, ...]
    """Those of them that are no utility statements."""
    questions: int

    @classmethod
    def of(
        cls, workload: Workload, snapshot: Snapshot, planner: Planner, progress: Progress, step: str
    ) -> _WorkloadPlanned:
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
                failures[statement.fingerprint] = error.reason
                skipped.append(Skipped(statement.fingerprint, error.reason, statement.text))
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
    planned = _planned(snapshot, workload, bench, migrated, new, progress)
    context = MigrationContext(
        snapshot,
        migrated.after,
        migrated.effects,
        tuple(_changes(snapshot, migrated.after, planned.before, planned.after)),
        planned.planner,
        planned.confidence,
        planned.writes,
        planned.queries,
        migrated.confidence,
    )
    findings = tuple(_findings(context, options, progress))
    limits = [*snapshot.limits, *planned.limits, *migrated.limits, *_limits(migration, migrated)]
    if len(new) < len(queries):
        why = "not new: the workload has them already"
        limits.append(Limit(plural(len(queries) - len(new), "query", "queries"), why))
    limits += [
        Limit(f"query {one.location}", one.failure) for one in planned.queries if one.cost is None and not one.refused
    ]
    places = (*(effects.location for effects in migrated.effects), *(query.location for query in queries))
    checked = Checked(
        replace(workload, skipped=(*workload.skipped, *planned.before.skipped)),
        planned.questions,
        planned.index_bytes,
        tuple(dict.fromkeys(limits)),
        tuple(dict.fromkeys(one.file for one in places)),
    )
    return report_on(context, checked, findings)


@dataclass(frozen=True)
class _Plans:
    """All that the planner was asked."""

    before: _WorkloadPlanned
    after: _WorkloadPlanned
    """The same where nothing is migrated."""
    queries: tuple[NewQuery, ...]
    writes: Mapping[SourceLocation, PlannedWrite]
    index_bytes: Mapping[QualifiedName, int]
    """Of the indexes that the migration builds."""
    planner: str
    confidence: Confidence
    limits: tuple[Limit, ...]
    """Of the planner, before and after."""

    @property
    def questions(self) -> int:
        return self.before.questions + (self.after.questions if self.after is not self.before else 0)


def _planned(
    snapshot: Snapshot,
    workload: Workload,
    bench: Bench,
    migrated: Migrated,
    queries: Sequence[QueryText],
    progress: Progress,
) -> _Plans:
    """The workload planned on both schemas, the queries on the later one. Raises PlannerUnavailable."""
    with bench.before(progress) as planner:
        before = _WorkloadPlanned.of(workload, snapshot, planner, progress, "planning statements as it is")
        writes = dict(_planned_writes(migrated, planner))
        found = _Plans(before, before, (), writes, {}, planner.name, planner.confidence, planner.limits)
        if not migrated.effects:
            return replace(found, queries=plan_queries(queries, snapshot, planner, progress))
    with bench.after(migrated, progress) as planner:
        after = _WorkloadPlanned.of(workload, snapshot, planner, progress, "planning statements as it will be")
        built = {one for effects in migrated.effects for one in effects.built}
        indexes = (index for index in migrated.after.indexes if index.full_name in built)
        return replace(
            found,
            after=after,
            queries=plan_queries(queries, migrated.after, planner, progress),
            # on the schema as it will be, else as it is
            writes=writes | dict(_planned_writes(migrated, planner)),
            index_bytes={index.full_name: planner.index_bytes(index) for index in indexes},
        )


def _changes(
    snapshot: Snapshot, after_all: Snapshot, before: _WorkloadPlanned, after: _WorkloadPlanned
) -> Iterator[StatementChange]:
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
            yield Limit(str(effects.location), refusal_words(effects))
