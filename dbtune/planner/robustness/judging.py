"""The risk of each statement's new plan, held against the plan it has today."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dbtune.model.digest import Digest
from dbtune.model.errors import PlanFailed
from dbtune.model.plan import Plan
from dbtune.model.risk import PlanRisk
from dbtune.model.snapshot import Snapshot
from dbtune.planner.gate import Gate, PlannedStatement, StatementCost
from dbtune.planner.plan_text import read_executed_plan
from dbtune.planner.robustness.known import known_of
from dbtune.planner.robustness.mysql_layout import Layout
from dbtune.planner.robustness.recosting import Recosting
from dbtune.planner.robustness.risk import plan_risk, worst_risk
from dbtune.planner.robustness.sizes import Sizes

KEPT = 200
"""Statements whose plans of today are kept with what they cost under errors: some 20 kB each."""

Executed = Mapping[str, tuple[Plan, ...]]
"""Plans with actual rows, by fingerprint."""


def executed_plans(digest: Digest | None) -> Executed:
    """Those that auto_explain left in the logs; what it wrote without rows, or cannot be read, is left out."""
    if digest is None:
        return {}
    found = {
        one.fingerprint: tuple(_counted(sample.plan for sample in one.samples if sample.plan))
        for one in digest.statements
    }
    return {fingerprint: plans for fingerprint, plans in found.items() if plans}


def merged_executions(one: Executed, other: Executed) -> Executed:
    """Both, statement by statement."""
    return {key: (*one.get(key, ()), *other.get(key, ())) for key in (*one, *other)}


def _counted(texts: Iterator[str]) -> Iterator[Plan]:
    for text in texts:
        try:
            plan = read_executed_plan(text)
        except PlanFailed:
            continue
        if plan.root.actual_rows is not None:
            yield plan


class Risks:
    """Judges new plans; each once."""

    def __init__(self, gate: Gate, snapshot: Snapshot, executed: Executed | None = None) -> None:
        self._gate = gate
        self._sizes = Sizes.of(snapshot)
        self._layout = None if snapshot.server.dialect == "postgres" else Layout.of(snapshot, self._sizes)
        self._known = {fingerprint: known_of(plans) for fingerprint, plans in (executed or {}).items()}
        self._recosted: dict[str, tuple[Recosting, ...]] = {}
        self._judged: dict[tuple[str, frozenset[str], float], PlanRisk | None] = {}

    def of(self, planned: PlannedStatement, after: StatementCost) -> PlanRisk | None:
        """The risk of ``after`` in place of today's plans, the worst of the statement's executions; None where they are
        the same, or nothing can be said."""
        key = (planned.fingerprint, after.indexes, after.cost)
        if key not in self._judged:
            self._judged[key] = self._judge(planned, after)
        return self._judged[key]

    def _judge(self, planned: PlannedStatement, after: StatementCost) -> PlanRisk | None:
        today = self._gate.cost(planned)
        if len(today.plans) != len(after.plans):  # one execution could not be planned with the indexes
            return None
        known = self._known.get(planned.fingerprint)
        if self._layout is not None:
            laid_out = (self._layout.pair(old, new) for old, new in zip(today.plans, after.plans, strict=True))
            return worst_risk([plan_risk(old, new, self._sizes, known) for old, new in laid_out])
        recosted = self._recosting(planned.fingerprint, today.plans)
        pairs = zip(today.plans, after.plans, recosted, strict=True)
        return worst_risk([plan_risk(old, new, self._sizes, known, believed) for old, new, believed in pairs])

    def _recosting(self, fingerprint: str, plans: Sequence[Plan]) -> tuple[Recosting, ...]:
        """Of today's plans; kept, since several new plans of a statement are judged."""
        if fingerprint not in self._recosted:
            if len(self._recosted) >= KEPT:
                self._recosted.clear()
            self._recosted[fingerprint] = tuple(Recosting(plan, self._sizes) for plan in plans)
        return self._recosted[fingerprint]
