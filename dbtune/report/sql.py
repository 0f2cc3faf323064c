"""The advice as SQL files: ``.sql`` runs the way there and holds the way back as comments, ``.down.sql`` runs it back.

Every comment is built line by line, so no text of a statement or an object's name can leave it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dbtune.model.recommendation import Recommendation, Report
from dbtune.model.text import in_comment
from dbtune.report import wording
from dbtune.report.phases import enclosed, phase_facts, phase_title
from dbtune.report.registry import report_format

RULER = "-- " + "-" * 100
OUTSIDE_A_TRANSACTION = "Run it outside a transaction: psql -v ON_ERROR_STOP=1 -f FILE (not psql -1)."

BY_THE_CLIENT = "Run it with the client, which stops at the first error: mysql DATABASE < FILE (or mariadb)."


@report_format("sql", ".sql")
def write(report: Report) -> str:
    """All ``up`` statements, runnable as they stand; below them all ``down`` statements, commented out."""
    lines = [*_header(report, "the advice"), ""]
    for number, recommendation in _with_sql(report):
        lines += [*_comments(number, recommendation), *_instead(recommendation)]
        lines += [*map(_terminated, recommendation.sql.up), ""]
    for number, recommendation in enumerate(report.recommendations, 1):
        if recommendation.sql.phases:
            lines += [*_comments(number, recommendation), *_phases(recommendation), ""]
        elif not recommendation.sql.up:
            lines += [*_comments(number, recommendation), "-- (nothing to run)", ""]
    lines += [RULER, "-- The way back. Remove the leading '-- ' of the statements you need, or write -o FILE.down.sql."]
    for number, recommendation in reversed(_with_sql(report)):
        lines += [RULER, _comment(f"{number}. {recommendation.title}")]
        for statement in recommendation.sql.down:
            lines += [f"-- {line}" for line in _terminated(statement).splitlines()]
    return "\n".join(lines) + "\n"


@report_format("down-sql", ".down.sql")
def write_down(report: Report) -> str:
    """All ``down`` statements, runnable as they stand, the last recommendation first."""
    lines = [*_header(report, "the way back from the advice"), ""]
    for number, recommendation in reversed(_with_sql(report)):
        lines += [_comment(f"{number}. {recommendation.title}"), *map(_terminated, recommendation.sql.down), ""]
    return "\n".join(lines)


def _with_sql(report: Report) -> list[tuple[int, Recommendation]]:
    """Numbered as in the other outputs; rebuilds last, because duplicate rows can make one fail and stop the rest.

    Without those that are made in phases: nobody converts a table in passing.
    """
    numbered = [pair for pair in enumerate(report.recommendations, 1) if pair[1].sql.up and not pair[1].sql.phases]
    return sorted(numbered, key=lambda pair: pair[1].sql.up[0].lstrip().upper().startswith("REINDEX"))


def _header(report: Report, what: str) -> Iterator[str]:
    target, summary = report.target, report.summary
    yield _comment(f"dbtune {report.dbtune}: {what} for {wording.target_words(report)}")
    if summary.cost_before > 0:
        costs = wording.cost_words(report)
        yield _comment(f"planner cost of the workload: {costs}, planned by {target.planner}")
    yield _comment(OUTSIDE_A_TRANSACTION if target.dialect == "postgres" else BY_THE_CLIENT)


def _comments(number: int, recommendation: Recommendation) -> Iterator[str]:
    yield RULER
    yield _comment(f"{number}. {recommendation.title} [{recommendation.severity}, {recommendation.rule}]")
    yield _comment(recommendation.reason)
    facts = [wording.evidence_words(recommendation), wording.price_words(recommendation)]
    yield _comment(" · ".join(fact for fact in facts if fact))
    if recommendation.risk:
        yield _comment(f"risk: {recommendation.risk}")


def _instead(recommendation: Recommendation) -> Iterator[str]:
    """As comments: what may be tried some days before, and what makes the change in place of the statements."""
    change = recommendation.sql
    if change.trial:
        yield _comment("first, some days before:")
        yield from (_comment(_terminated(statement)) for statement in change.trial)
        yield _comment("and where a statement becomes slower by that:")
        yield from (_comment(_terminated(statement)) for statement in change.trial_down)
    if change.tools:
        yield _comment("or, without stopping writers (a shell's command line), in place of the statements below:")
        yield from (_comment(command) for command in change.tools)


def _phases(recommendation: Recommendation) -> Iterator[str]:
    """All statements of all phases, there and back, commented out."""
    yield "-- It is made in phases, each of which can be the last, and so nothing of it runs from this file by itself."
    yield "-- Remove the leading '-- ' of the statements of one phase after the other."
    for number, phase in enumerate(recommendation.sql.phases, 1):
        yield "--"
        yield _comment(phase_title(number, phase))
        yield _comment(phase_facts(phase))
        if phase.risk:
            yield _comment(f"risk: {phase.risk}")
        yield from _commented_out(enclosed(phase, phase.up))
        if phase.down:
            yield "-- undo:"
            yield from _commented_out(enclosed(phase, phase.down))
    for aside in recommendation.sql.asides:
        yield "--"
        yield _comment(f"{aside.title}:")
        yield from (f"-- {line}" for line in aside.text.splitlines())


def _commented_out(statements: Iterable[str]) -> Iterator[str]:
    for statement in statements:
        yield from (f"-- {line}" for line in _terminated(statement).splitlines())


def _comment(text: str) -> str:
    return f"-- {in_comment(text)}"


def _terminated(statement: str) -> str:
    text = statement.strip()
    return text if text.endswith(";") else f"{text};"
