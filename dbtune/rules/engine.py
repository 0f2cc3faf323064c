"""From a snapshot and a workload to the report, in passes that stand in one tuple.

Each pass takes the run as far as the former left it and returns it a step further; nothing is decided anywhere else.
"""

from __future__ import annotations

import gc
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from dbtune import __version__
from dbtune.candidates.generate import generate
from dbtune.model.digest import Digest
from dbtune.model.errors import PlanFailed
from dbtune.model.progress import Progress
from dbtune.model.recommendation import Recommendation, Report, SilencedFinding
from dbtune.model.schema import Index
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Limit, Skipped, Workload
from dbtune.planner.gate import Gate, PlannedStatement
from dbtune.planner.protocol import Planner
from dbtune.planner.robustness.judging import Executed, Risks, executed_plans, merged_executions
from dbtune.planner.robustness.risk import worst_risk
from dbtune.rules.context import Context
from dbtune.rules.dropping import subject_of
from dbtune.rules.finding import Finding
from dbtune.rules.index.missing import MISSING
from dbtune.rules.ledger import Ledger
from dbtune.rules.options import NO_LIMIT, AdviseOptions
from dbtune.rules.partitioning import not_priced
from dbtune.rules.reading import read_statement
from dbtune.rules.registry import Rule, chosen_rules
from dbtune.rules.silencing import silence_of, silenced_finding
from dbtune.rules.summary import ordered, report_of
from dbtune.rules.wording import risk_words
from dbtune.select.choosing import Wishes, choose
from dbtune.select.effort import efforts
from dbtune.select.scale import scale_of
from dbtune.select.selection import Selection
from dbtune.select.writes import table_writes

__all__ = ["PASSES", "AdviseOptions", "advise"]

MISSING_GROUP = "index"
PARTITIONS = "partition.missing"

MOST_ROUNDS = 8
"""Times that the set is chosen anew without what is silenced. What is silenced by table or rule goes at once; after
what is silenced by its place in a file or its id, another index for the same statement may come."""


BUDGET_SHARE = 0.5
"""Of the tables' size: the space that new indexes may take at most where the user does not say."""

LEAST_BUDGET = 64 * 1024 * 1024
"""Bytes that they may always take then."""


MANY_STATEMENTS = 8
"""Fewer are asked about before a second planner is there."""


@dataclass(frozen=True)
class Run:
    """What one run knows so far."""

    snapshot: Snapshot
    workload: Workload
    options: AdviseOptions
    gate: Gate
    progress: Progress
    rules: tuple[Rule, ...]
    digest: Digest | None = None
    executed: Executed = field(default_factory=dict)
    deadline: float | None = None
    statements: tuple[PlannedStatement, ...] = ()
    selection: Selection = field(default_factory=Selection)
    context: Context | None = None
    recommendations: tuple[Recommendation, ...] = ()
    silenced: tuple[SilencedFinding, ...] = ()
    unwanted: frozenset[Index] = frozenset()
    """Chosen indexes whose findings are silenced."""
    limits: tuple[Limit, ...] = ()


def advise(
    snapshot: Snapshot,
    workload: Workload,
    planner: Planner,
    options: AdviseOptions,
    progress: Progress,
    digest: Digest | None = None,
    executed: Executed | None = None,
) -> Report:
    """The report on the workload. Statements that cannot be planned are in it with the reason.

    ``digest`` is that of the logs which the workload is from, for the rules that look at logs. ``executed`` are plans
    of statements that were run, beside those that the logs hold: their actual rows tell what the estimates are worth.

    Raises UsageError for a rule in ``options`` that does not exist.
    """
    deadline = None if options.timeout_seconds is None else time.monotonic() + options.timeout_seconds
    rules = chosen_rules(options.only, options.skip, snapshot.server.dialect)
    seen = merged_executions(executed_plans(digest), executed or {})
    run = Run(snapshot, workload, options, Gate(planner), progress, rules, digest, seen, deadline)
    try:
        for step in PASSES:
            run = step(run)
        assert run.context is not None
        report = report_of(run.context, run.workload, run.recommendations, run.limits, __version__)
        return replace(report, silenced=run.silenced)
    finally:
        run.gate.crew.close()


def read_facts(run: Run) -> Run:
    """What each statement does, and the texts by which the planner is asked about it."""
    read: list[PlannedStatement] = []
    skipped: list[Skipped] = []
    total = len(run.workload.statements)
    with _no_garbage_collection():
        for number, statement in enumerate(run.workload.statements):
            run.progress.step("reading statements", number, total)
            planned = read_statement(statement, run.snapshot)
            if planned is None:
                skipped.append(Skipped(statement.fingerprint, "a utility statement: it has no plan", statement.text))
            else:
                read.append(planned)
    return _skipping(replace(run, statements=tuple(read)), skipped)


def plan_workload(run: Run) -> Run:
    """The plan of each statement as it is today; those that the server refuses are left out with its reason."""
    planned: list[PlannedStatement] = []
    skipped: list[Skipped] = []
    for number, statement in enumerate(run.statements):
        run.progress.step("planning statements", number, len(run.statements))
        try:
            run.gate.cost(statement)
        except PlanFailed as error:
            skipped.append(Skipped(statement.fingerprint, error.reason, statement.statement.text))
        else:
            planned.append(statement)
    return _skipping(replace(run, statements=tuple(planned)), skipped)


def choose_indexes(run: Run) -> Run:
    """The set of new indexes that gains most, net of what writes pay."""
    writes = table_writes(run.snapshot, run.statements, run.gate)
    selection = Selection()
    risks = Risks(run.gate, run.snapshot, run.executed)
    if any(rule.id == MISSING for rule in run.rules):  # without that rule there is no search
        run.progress.step("thinking of indexes")
        effort = efforts(run.statements, run.gate, scale_of(run.snapshot.server))
        with _no_garbage_collection():
            candidates = generate(run.snapshot, run.statements, effort)
        if run.options.schemas:
            candidates = tuple(c for c in candidates if c.index.table.schema in run.options.schemas)
        if run.unwanted:
            candidates = tuple(c for c in candidates if not _is_unwanted(run, c.index))
        run.progress.step(f"building {len(candidates)} what-if indexes")
        if len(run.statements) >= MANY_STATEMENTS:
            run.gate.crew.grow(run.options.workers)
        plannable = set(run.gate.crew.prepare(candidate.index for candidate in candidates))
        selection = choose(
            [candidate for candidate in candidates if candidate.index in plannable],
            run.statements,
            run.gate,
            run.snapshot,
            writes,
            wishes_of(run),
            run.progress,
            risks,
        )
    run.progress.step("planning the workload with the chosen indexes")
    ledger = Ledger(run.gate, run.snapshot, run.statements, selection.configuration, risks)
    context = Context(
        run.snapshot,
        run.statements,
        run.gate,
        selection,
        writes,
        run.options,
        ledger,
        run.digest,
        run.executed,
        run.deadline,
    )
    return replace(run, selection=selection, context=context)


def wishes_of(run: Run) -> Wishes:
    """What the user says of space, gain and time; of space, else what is worth while of a share of the tables' size."""
    options = run.options
    if options.budget_bytes is not None:
        budget = None if options.budget_bytes >= NO_LIMIT else options.budget_bytes
        return Wishes(budget, None, options.min_gain, run.deadline)
    tables = sum(table.file_pages for table in run.snapshot.tables) * run.snapshot.server.block_size
    most = max(LEAST_BUDGET, int(BUDGET_SHARE * tables))
    return Wishes(most, LEAST_BUDGET, options.min_gain, run.deadline)


def apply_rules(run: Run) -> Run:
    """Every rule in turn; each finding is taken in before the next is looked for, so that none contradicts another."""
    assert run.context is not None
    recommendations: list[Recommendation] = []
    silenced = {one.id: one for one in run.silenced}
    unwanted = set(run.unwanted)
    for rule in run.rules:
        run.progress.step(f"rule {rule.id}")
        for finding in rule.check(run.context):
            if _is_settled(run.context, finding):
                continue
            one = _located(recommendation_of(rule, finding), run.workload)
            silence = silence_of(one, run.options.silences)
            if silence is None:
                run.context.ledger.accept(finding.add, finding.drop)
                run.context.ledger.needed |= finding.needs
                recommendations.append(one)
                continue
            silenced[one.id] = silenced_finding(one, silence)
            if rule.id == MISSING:
                unwanted |= finding.add
    return replace(
        run,
        recommendations=ordered(recommendations),
        silenced=tuple(silenced.values()),
        unwanted=frozenset(unwanted),
    )


def look_at_partitions(run: Run) -> Run:
    """Say so where the planner cannot price partitions that are worth a thought."""
    if not any(rule.id == PARTITIONS for rule in run.rules):
        return run
    assert run.context is not None
    limit = not_priced(run.context)
    return run if limit is None else replace(run, limits=(*run.limits, limit))


def choose_again(run: Run) -> Run:
    """Where chosen indexes are silenced: the best set without them, and the findings beside that one.

    An index that nobody will build must not be counted on, neither in the totals nor in place of another.
    """
    tried: frozenset[Index] = frozenset()
    for _ in range(MOST_ROUNDS):
        if run.unwanted == tried:
            break
        tried = run.unwanted
        run = apply_rules(choose_indexes(run))
    return run


def look_at_the_time(run: Run) -> Run:
    """Say so where the search was cut short."""
    if run.deadline is None or time.monotonic() < run.deadline:
        return run
    why = f"the time limit of {run.options.timeout_seconds:g} s was reached; what was found until then is reported"
    return replace(run, limits=(*run.limits, Limit("search for indexes", why)))


PASSES: tuple[Callable[[Run], Run], ...] = (
    read_facts,
    plan_workload,
    choose_indexes,
    look_at_the_time,
    apply_rules,
    choose_again,
    look_at_partitions,
)
"""The way through, in this order."""


def _skipping(run: Run, skipped: list[Skipped]) -> Run:
    return replace(run, workload=replace(run.workload, skipped=(*run.workload.skipped, *skipped)))


def _is_unwanted(run: Run, index: Index) -> bool:
    """Silenced already, or sure to be as soon as it is found."""
    return index in run.unwanted or any(
        silence.is_about_objects and silence.covers_subject(MISSING, MISSING_GROUP, subject_of(index))
        for silence in run.options.silences
    )


def _located(one: Recommendation, workload: Workload) -> Recommendation:
    """The recommendation at the statement that gains most by it, where that one stands in a file."""
    places = {statement.fingerprint: statement.location for statement in workload.statements if statement.location}
    gaining = [each for each in one.evidence.statements if each.fingerprint in places and each.saved > 0]
    if one.location is not None or not gaining:
        return one
    return replace(one, location=places[max(gaining, key=lambda each: each.saved).fingerprint])


def _is_settled(context: Context, finding: Finding) -> bool:
    """Whether an earlier finding already drops the index that this one is about."""
    dropped = {name.name for name in context.configuration.drop if name.schema == finding.subject.schema}
    subject = finding.subject
    return subject.index is not None and bool({subject.index, f"{subject.table}.{subject.index}"} & dropped)


def recommendation_of(rule: Rule, finding: Finding) -> Recommendation:
    """The finding with all that its rule says, under an id that is the same in every run."""
    subject = finding.subject
    identity = "\0".join((rule.id, subject.schema, subject.table, finding.key or subject.index or ""))
    return Recommendation(
        id=hashlib.sha256(identity.encode()).hexdigest()[:16],
        rule=rule.id,
        group=rule.group,
        severity=finding.severity or rule.severity,
        title=finding.title,
        object=subject,
        reason=finding.reason,
        evidence=replace(finding.evidence, risk=worst_risk([one.risk for one in finding.evidence.statements])),
        sql=finding.change,
        risk=" ".join(words for words in (risk_words(finding.evidence.statements), finding.risk) if words),
        docs=rule.url,
        location=finding.location,
    )


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Syntax trees are full of cycles: collecting while thousands of them are read stops everything for a second.

    Tens of thousands of candidates have none, but looking for some among them takes as long as making them.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
