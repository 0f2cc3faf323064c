"""Recommendations and the report they stand in. The JSON report is exactly these nouns (docs/report.schema.json)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from dbtune.model.location import SourceLocation
from dbtune.model.migration import MigrationStep
from dbtune.model.plan import Confidence
from dbtune.model.risk import PlanRisk
from dbtune.model.workload import Limit, WorkloadSource

Severity = Literal["high", "medium", "low", "info"]
SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low", "info")

REPORT_VERSION = 1


@dataclass(frozen=True)
class Subject:
    """The database object a recommendation is about; schema and table are empty where it is about a statement."""

    schema: str
    table: str
    columns: tuple[str, ...] = ()
    index: str | None = None


@dataclass(frozen=True)
class Phase:
    """A part of a change that is made in several. One may stop after each, for as long as one likes, and undo it."""

    name: str
    """Short, of lower-case letters and hyphens; no two of a change have the same: ``validate``."""
    title: str
    up: tuple[str, ...]
    down: tuple[str, ...] = ()
    """Leads back to where the phase began. Empty: there is nothing to undo, or, with ``final``, no way back."""
    transaction: bool = False
    """Whether all statements, either way, must run in one transaction; else each must run outside of any."""
    lock: str = ""
    """The strongest lock and how long it is held, for people."""
    duration: str = ""
    """How long it takes, for people."""
    risk: str = ""
    optional: bool = False
    """Whether what comes before is already of use without it."""
    final: bool = False
    """Whether there is no way back from it."""


@dataclass(frozen=True)
class Aside:
    """Something that goes along with a change and is not part of it: the configuration of an extension, a cron job."""

    title: str
    text: str


@dataclass(frozen=True)
class Change:
    """SQL that runs as it stands, in this order, outside a transaction: ``up`` does it, ``down`` takes it back."""

    up: tuple[str, ...] = ()
    down: tuple[str, ...] = ()
    trial: tuple[str, ...] = ()
    """What may be run some days before ``up``, where the server can hide an index from all plans: what misses it grows
    slower, and ``trial_down`` brings it back at once. Empty where there is none."""
    trial_down: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    """Command lines, each of which makes the change in place of ``up`` without stopping writers, by a tool for that."""
    phases: tuple[Phase, ...] = ()
    """The same in parts, where it is to be done in several; then ``up`` and ``down`` hold them all (see ``phased``)."""
    asides: tuple[Aside, ...] = ()


def phased(phases: tuple[Phase, ...], asides: tuple[Aside, ...] = ()) -> Change:
    """A change in phases; in ``up`` and ``down`` those of one transaction stand between BEGIN and COMMIT.

    ``up`` ends before the first phase that has no way back: that one is for whoever is sure.
    """
    held = tuple(phase for phase in phases if not phase.final)
    up = tuple(sql for phase in held for sql in _enclosed(phase, phase.up))
    down = tuple(sql for phase in reversed(held) for sql in _enclosed(phase, phase.down))
    return Change(up, down, phases=phases, asides=asides)


def _enclosed(phase: Phase, statements: tuple[str, ...]) -> tuple[str, ...]:
    return ("BEGIN", *statements, "COMMIT") if phase.transaction and statements else statements


@dataclass(frozen=True)
class StatementEvidence:
    """One statement under the recommendation. Costs are planner units for one call; None where nobody asked."""

    fingerprint: str
    calls: float
    cost_before: float | None
    cost_after: float | None
    text: str = ""
    """Normalised, without literals."""
    total_ms: float | None = None
    risk: PlanRisk | None = None
    """Of the plan with the recommendation, and those above it, in place of today's; None where it is the same plan."""

    @property
    def saved(self) -> float:
        """Calls times cost that the recommendation saves; 0 where the costs are not known."""
        if self.cost_before is None or self.cost_after is None:
            return 0.0
        return self.calls * (self.cost_before - self.cost_after)


@dataclass(frozen=True)
class Evidence:
    """Why to believe it. Costs are planner units over the whole workload (calls times cost)."""

    confidence: Confidence
    planner: str = ""
    cost_before: float | None = None
    cost_after: float | None = None
    gain: float | None = None
    """Share of the workload's cost of today that this one saves, 0 to 1 (before and after are those beside the
    recommendations listed above it)."""
    bytes: int | None = None
    """Space the object takes (an index to be built) or gives back (one to be dropped)."""
    write_cost: float | None = None
    """Planner units that writes pay (or, negative, save) over the workload's span."""
    statements: tuple[StatementEvidence, ...] = ()
    risk: PlanRisk | None = None
    """The worst of its statements' risks."""


@dataclass(frozen=True)
class Recommendation:
    """One piece of advice."""

    id: str
    """Stable across runs: derived from the rule and the object, not from numbers."""
    rule: str
    group: str
    severity: Severity
    title: str
    object: Subject
    reason: str
    evidence: Evidence
    sql: Change = field(default_factory=Change)
    risk: str = ""
    """What can go wrong or what it costs, in one sentence."""
    docs: str = ""
    location: SourceLocation | None = None
    """The migration or query it is about; None where it is about the database."""


@dataclass(frozen=True)
class Target:
    dialect: str
    server_version: str
    database: str
    planner: str
    collected_at: str
    planner_confidence: Confidence | None = None
    """The grade that the planner's answers deserve."""


@dataclass(frozen=True)
class SkippedStatement:
    fingerprint: str
    reason: str
    text: str = ""
    """Normalised, without literals."""


@dataclass(frozen=True)
class StatementSummary:
    """A statement of the workload, before and after all recommendations together. Costs for one call."""

    fingerprint: str
    text: str
    calls: float
    total_ms: float | None
    cost_before: float
    cost_after: float
    risk: PlanRisk | None = None
    """Of the plan with all recommendations in place of today's; None where it is the same plan."""


@dataclass(frozen=True)
class WorkloadSummary:
    statements: int
    calls: float
    total_ms: float | None
    sources: tuple[WorkloadSource, ...] = ()
    skipped: tuple[SkippedStatement, ...] = ()
    top: tuple[StatementSummary, ...] = ()
    changed: tuple[StatementSummary, ...] = ()
    """Every statement whose plan all recommendations together change, the largest change of cost first."""


@dataclass(frozen=True)
class FrontierPoint:
    """What a space can do: bytes of all new indexes, and the workload's cost with the best set known of that size."""

    bytes: int
    cost: float
    """Planner units over the workload, with what writes pay."""
    indexes: int
    """How many."""
    is_chosen: bool = False


@dataclass(frozen=True)
class Frontier:
    """Gain against size, and what is proved about the choice. Costs with what writes pay, in planner units."""

    points: tuple[FrontierPoint, ...] = ()
    """From no index to the most that pays; each cheaper than the one before it."""
    budget_bytes: int | None = None
    """That the choice kept to; None: no limit."""
    candidates: int = 0
    """Indexes that were thought of."""
    cost: float | None = None
    """Of the workload with the chosen set."""
    bound: float | None = None
    """No set of the candidates within the budget makes the workload cheaper; None where nothing was proved.

    It takes for granted that another index never makes a plan dearer, which holds but for the 1% within which the
    planner lets paths count as equal."""

    @property
    def distance(self) -> float | None:
        """By what share of its cost the choice may be dearer than the best set, at most (0 to 1)."""
        if self.bound is None or not self.cost:
            return None
        return max(0.0, 1.0 - self.bound / self.cost)


@dataclass(frozen=True)
class Summary:
    cost_before: float
    cost_after: float
    new_index_bytes: int
    dropped_index_bytes: int
    planner_questions: int | None = None
    """What-if questions that the planner was asked."""
    planner_cache_hits: int | None = None
    """Questions answered from earlier answers."""
    frontier: Frontier | None = None
    """How the new indexes' gain grows with the space for them; None where none were looked for."""


@dataclass(frozen=True)
class KnownFinding:
    """What a baseline keeps of a finding."""

    id: str
    """That of the recommendation."""
    rule: str
    title: str
    schema: str = ""
    """Of the object that it is about."""


@dataclass(frozen=True)
class Comparison:
    """The report beside a baseline: findings that are in both are known, the others new."""

    baseline: str
    """The file's name, as the user gave it."""
    known: tuple[str, ...] = ()
    """Ids of recommendations of this report."""
    gone: tuple[KnownFinding, ...] = ()
    """Findings of the baseline that are no more, of the rules that looked this time."""


@dataclass(frozen=True)
class SilencedFinding:
    """A finding that the user does not want to hear of, and why."""

    id: str
    rule: str
    title: str
    by: str
    """The file, and where it is a file of SQL the line, that silences it."""
    reason: str = ""
    """As the user gave it."""


@dataclass(frozen=True)
class Report:
    """The whole report."""

    dbtune: str
    target: Target
    workload: WorkloadSummary
    summary: Summary
    recommendations: tuple[Recommendation, ...] = ()
    limits: tuple[Limit, ...] = ()
    checked: tuple[str, ...] = ()
    """Files that were checked; empty where the database itself was looked at."""
    migration: tuple[MigrationStep, ...] = ()
    """What the statements of the checked migrations do, in their order."""
    version: int = REPORT_VERSION
    silenced: tuple[SilencedFinding, ...] = ()
    """Findings that are not among the recommendations because the user said so."""
    ended_silences: tuple[str, ...] = ()
    """Wishes not to hear of something that are no longer obeyed, each in a line."""
    baseline: Comparison | None = None
    """None where the report was compared with none."""
    fail_on: Severity | None = None
    """New recommendations of this severity or above fail the run; None: none does."""
    anchor: str = ""
    """The user's file at which CI shows what has no location of its own."""

    def is_new(self, recommendation: Recommendation) -> bool:
        """Whether the baseline does not know it; everything is new where there is none."""
        return self.baseline is None or recommendation.id not in self.baseline.known

    def fails(self, recommendation: Recommendation) -> bool:
        """Whether it alone would fail the run."""
        if self.fail_on is None or not self.is_new(recommendation):
            return False
        return SEVERITIES.index(recommendation.severity) <= SEVERITIES.index(self.fail_on)
