"""The report put together: recommendations in order, and the workload planned once more under all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

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
from dbtune.planner.gate import StatementCost
from dbtune.rules.context import Context

_BUILDS = re.compile(r"CREATE|ALTER TABLE \S+ ADD ")


def ordered(recommendations: Iterable[Recommendation]) -> tuple[Recommendation, ...]:
    """The most severe first; of one severity what builds before what drops, then by gain, space, time and id."""

    def key(one: Recommendation) -> tuple[int, bool, float, float, float, str]:
        builds = any(_BUILDS.match(statement) for statement in one.sql.up)
        return (
            SEVERITIES.index(one.severity),
            not builds,
            -(one.evidence.gain or 0.0),
            -(one.evidence.bytes or 0),
            -sum(statement.total_ms or 0.0 for statement in one.evidence.statements),
            one.id,
        )

    return tuple(sorted(recommendations, key=key))


def report_of(
    context: Context,
    workload: Workload,
    recommendations: tuple[Recommendation, ...],
    limits: tuple[Limit, ...],
    version: str,
) -> Report:
    """The whole report. Its totals are planned again, with every accepted change in place."""
    before = {planned.fingerprint: context.gate.cost(planned) for planned in context.statements}
    after = context.ledger.planned_again()
    server = context.snapshot.server
    return Report(
        dbtune=version,
        target=Target(
            server.dialect,
            server.version,
            server.database,
            context.planner.name,
            context.snapshot.collected_at,
            context.planner.confidence,
        ),
        workload=_workload(context, workload, before, after),
        summary=Summary(
            cost_before=_total(context, before),
            cost_after=_total(context, after),
            new_index_bytes=sum(context.planner.index_bytes(index) for index in context.configuration.add),
            dropped_index_bytes=_dropped_bytes(context),
            planner_questions=context.gate.calls,
            planner_cache_hits=context.gate.hits,
            frontier=context.selection.frontier if context.selection.frontier.points else None,
        ),
        recommendations=recommendations,
        limits=tuple(dict.fromkeys((*context.snapshot.limits, *context.planner.limits, *limits))),
    )


def _total(context: Context, costs: Mapping[str, StatementCost]) -> float:
    return sum(planned.calls * costs[planned.fingerprint].cost for planned in context.statements)


def _dropped_bytes(context: Context) -> int:
    found = (context.ledger.tree.by_name(name) for name in context.configuration.drop)
    return sum(context.index_bytes(index) for index in found if index is not None)


def _workload(
    context: Context, workload: Workload, before: Mapping[str, StatementCost], after: Mapping[str, StatementCost]
) -> WorkloadSummary:
    summaries = [
        StatementSummary(
            planned.fingerprint,
            planned.statement.text,
            planned.calls,
            planned.statement.total_ms,
            before[planned.fingerprint].cost,
            after[planned.fingerprint].cost,
            context.ledger.risks.of(planned, after[planned.fingerprint]),
        )
        for planned in context.statements
    ]
    changed = [one for one in summaries if one.risk is not None]
    changed.sort(key=lambda one: (-one.calls * abs(one.cost_before - one.cost_after), one.fingerprint))
    summaries.sort(key=lambda one: (-one.calls * one.cost_before, one.fingerprint))
    return WorkloadSummary(
        statements=len(workload.statements),
        calls=workload.calls,
        total_ms=workload.total_ms,
        sources=workload.sources,
        skipped=tuple(SkippedStatement(one.fingerprint, one.reason, one.text) for one in workload.skipped),
        top=tuple(summaries[: context.options.top]),
        changed=tuple(changed),
    )
