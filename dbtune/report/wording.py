"""Sentences about a report that every human-readable output says in the same words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from dbtune.model.recommendation import FrontierPoint, Recommendation, Report, StatementSummary
from dbtune.report.text import change, human_bytes, human_count, human_ms, human_number, one_line, share

REWORDED = ("migration",)
"""Groups of rules whose SQL is not more to be done, but what was looked at in another form."""

NOTHING = 5e-6
"""A share of the workload below this is not worth a word."""

_FIRST_CLAUSE = re.compile(
    r"ALTER TABLE (?:`(?:[^`]|``)*`\.)?`(?:[^`]|``)*` (ADD|DROP) (?:\w+ )*?(?:INDEX|KEY)\b", re.IGNORECASE
)

DIALECTS = {"postgres": "Postgres", "mysql": "MySQL", "mariadb": "MariaDB"}


def target_words(report: Report) -> str:
    """``shop on Postgres 15.8, as of 2025-11-24 03:14 UTC``."""
    target = report.target
    server = f"{DIALECTS.get(target.dialect, target.dialect)} {target.server_version}"
    return one_line(f"{target.database} on {server}, as of {moment(target.collected_at)}")


def planner_words(report: Report) -> str:
    """``shadow (Postgres 15.8), proven``."""
    target = report.target
    return one_line(f"{target.planner}, {target.planner_confidence}" if target.planner_confidence else target.planner)


def workload_words(report: Report) -> str:
    """``29 statements, 1,204,331 calls, 3 h 12 min``."""
    workload = report.workload
    words = [plural(workload.statements, "statement"), plural(workload.calls, "call")]
    if workload.total_ms is not None:
        words.append(human_ms(workload.total_ms))
    return ", ".join(words)


def source_words(report: Report) -> list[str]:
    """One line for each place the workload came from."""
    lines = []
    for source in report.workload.sources:
        name = source.name or source.kind
        since = f" since {moment(source.since)}" if source.since else ""
        lines.append(one_line(f"{name}{since}: {plural(source.statements, 'statement')}"))
    return lines


def cost_words(report: Report) -> str:
    """The workload's planner cost before and after, or why there is none."""
    summary = report.summary
    if summary.cost_before <= 0:
        return "no statement could be planned" if report.workload.statements else "no workload"
    relative = change(summary.cost_before, summary.cost_after)
    return f"{human_number(summary.cost_before)} → {human_number(summary.cost_after)} ({relative})"


def risk_words(report: Report) -> str:
    """``9 of 14 changed plans are safe, 5 risky``; empty where no plan changes."""
    levels = [one.risk.level for one in report.workload.changed if one.risk is not None]
    if not levels:
        return ""
    safe = levels.count("safe")
    if safe in (0, len(levels)):
        which = "the one changed plan is" if len(levels) == 1 else f"all {human_count(len(levels))} changed plans are"
        return f"{which} {'safe' if safe else 'risky'}"
    verb = "is" if safe == 1 else "are"
    return f"{safe} of {plural(len(levels), 'changed plan')} {verb} safe, {len(levels) - safe} risky"


def risky_statements(report: Report) -> list[StatementSummary]:
    """Statements whose plan with all of the advice may lose, the largest change of cost first."""
    return [one for one in report.workload.changed if one.risk is not None and one.risk.level == "risky"]


def index_words(report: Report) -> str:
    """What the indexes of the advice take and give back."""
    summary = report.summary
    taken = human_bytes(summary.new_index_bytes) if summary.new_index_bytes else "nothing"
    freed = human_bytes(summary.dropped_index_bytes) if summary.dropped_index_bytes else "nothing"
    return f"new ones take {taken}, dropped ones give back {freed}"


def question_words(report: Report) -> str:
    """How often the planner was asked; empty where the report does not say."""
    summary = report.summary
    if summary.planner_questions is None:
        return ""
    words = plural(summary.planner_questions, "question")
    if summary.planner_cache_hits:
        words += f", {human_count(summary.planner_cache_hits)} more answered from memory"
    return words


def choice_words(report: Report) -> str:
    """``of 277 candidates within 250 MB; the best set is at most 2.1% cheaper``; empty where none was chosen."""
    frontier = report.summary.frontier
    if frontier is None or not report.summary.new_index_bytes:
        return ""
    words = f"of {plural(frontier.candidates, 'candidate')}"
    if frontier.budget_bytes is not None:
        words += f" within {human_bytes(frontier.budget_bytes)}"
    if frontier.distance is None:
        return words
    if frontier.distance < NOTHING:
        return f"{words}: no set of them is cheaper"
    return f"{words}; no set of them is more than {share(frontier.distance)} cheaper"


SPACE_POINTS = 5
"""Points of the frontier that are told in words."""


def space_words(report: Report) -> list[tuple[str, str, bool]]:
    """What less and more space would do: size, cost against today's, and whether it is the chosen one.

    What is saved is net of what writes pay, and without what calls save that are cheap as they are; it is told as a
    share of the same cost as everywhere else in the report.
    """
    frontier = report.summary.frontier
    if frontier is None or len(frontier.points) < 2 or not frontier.points[0].cost:
        return []
    before, today = report.summary.cost_before, frontier.points[0].cost
    points = [point for point in frontier.points if point.indexes]
    at = next((number for number, point in enumerate(points) if point.is_chosen), None)
    if at is None:
        return []
    below, above = points[:at], points[at + 1 :]
    told = [*_spread(below, SPACE_POINTS // 2), points[at], *_spread(above, SPACE_POINTS // 2)]
    return [
        (
            f"{human_bytes(point.bytes)} in {plural(point.indexes, 'index', 'indexes')}",
            change(before, before - (today - point.cost)),
            point.is_chosen,
        )
        for point in told
    ]


def _spread(points: Sequence[FrontierPoint], count: int) -> list[FrontierPoint]:
    """At most so many of them, evenly, the last one among them."""
    if len(points) <= count:
        return list(points)
    return [points[round((number + 1) * len(points) / count) - 1] for number in range(count)]


def evidence_words(recommendation: Recommendation) -> str:
    """``-43.1% of the workload's planner cost · proven``."""
    evidence = recommendation.evidence
    words: list[str] = []
    if evidence.gain is not None and abs(evidence.gain) >= NOTHING:
        words.append(f"{'-' if evidence.gain > 0 else '+'}{share(abs(evidence.gain))} of the workload's planner cost")
    words.append(evidence.confidence)
    return " · ".join(words)


def price_words(recommendation: Recommendation) -> str:
    """Space and write cost; empty where neither is known."""
    evidence = recommendation.evidence
    words = []
    if evidence.bytes:
        words.append(f"{_space_verb(recommendation)}{human_bytes(evidence.bytes)}")
    if evidence.write_cost and abs(evidence.write_cost) >= 0.005:
        verb = "cost" if evidence.write_cost > 0 else "save"
        words.append(f"writes {verb} {human_number(abs(evidence.write_cost))} planner cost")
    return ", ".join(words)


def _space_verb(recommendation: Recommendation) -> str:
    """Whether ``evidence.bytes`` is taken or becomes free, as far as it can be told."""
    verbs = {_verb(statement) for statement in recommendation.sql.up if statement.strip()}
    if "CREATE" in verbs:
        return "takes "
    if verbs & {"DROP", "REINDEX"} or (recommendation.evidence.write_cost or 0) < 0:
        return "frees "
    return ""


def _verb(statement: str) -> str:
    """What the statement does to an index; of MySQL's ALTER TABLE, what its first clause does."""
    clause = _FIRST_CLAUSE.match(statement)
    if clause is not None:
        return "CREATE" if clause[1].upper() == "ADD" else "DROP"
    return statement.split(maxsplit=1)[0].upper()


def plural(number: float, noun: str, many: str | None = None) -> str:
    """``1 statement``, ``29 statements``; ``many`` where the plural is not made with an s."""
    return f"{human_count(number)} {noun if round(number) == 1 else many or f'{noun}s'}"


def moment(iso: str) -> str:
    """An ISO 8601 time to the minute, in UTC; the text itself where it is none."""
    try:
        parsed = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    if parsed.tzinfo is not None:
        parsed = parsed.astimezone(UTC)
    return f"{parsed:%Y-%m-%d %H:%M} UTC"


def comparison_words(report: Report) -> str:
    """``2 new, 3 known, 1 gone (beside main.json)``; empty where there is no baseline."""
    if report.baseline is None:
        return ""
    new = sum(1 for one in report.recommendations if report.is_new(one))
    known = len(report.recommendations) - new
    return one_line(f"{new} new, {known} known, {len(report.baseline.gone)} gone (beside {report.baseline.baseline})")


def gone_words(report: Report) -> list[str]:
    """One line for each finding that the baseline has and the report has not."""
    gone = report.baseline.gone if report.baseline is not None else ()
    return [one_line(f"{one.title} ({one.rule})") for one in gone]


def silenced_words(report: Report) -> list[str]:
    """One line for each silenced finding (what, why, and where that is said), and for each silence that ended."""
    lines = [
        f"{one.title} ({one.rule}), silenced by {one.by}{f': {one.reason}' if one.reason else ''}"
        for one in report.silenced
    ]
    return [one_line(line) for line in (*lines, *report.ended_silences)]


def server_workload(dialect: str) -> str:
    """What makes the server keep the statements that it runs."""
    if dialect == "postgres":
        return "install pg_stat_statements on the server"
    return "let the server's performance_schema count its statements for some time"


def nothing_found(report: Report) -> str:
    """What to say where there is no recommendation."""
    if report.silenced:
        return "Nothing to recommend but what was silenced."
    if report.workload.statements == 0:
        return (
            "Nothing to recommend from the schema alone, and there is no workload to plan: "
            f"pass --workload FILE.sql, or {server_workload(report.target.dialect)}."
        )
    return "Nothing to recommend: no index tried lowers the workload's cost enough, and none there is in the way."
