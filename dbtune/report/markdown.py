"""The report as Markdown, for a ticket or the comment on a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from dbtune.model.recommendation import SEVERITIES, Recommendation, Report, StatementEvidence
from dbtune.model.risk import PlanRisk
from dbtune.report import migrating, wording
from dbtune.report.phases import enclosed, phase_facts, phase_title
from dbtune.report.registry import report_format
from dbtune.report.text import change, human_count, human_number, one_line, printable, shortened

STATEMENTS_SHOWN = 5
TEXT_WIDTH = 160


@report_format("markdown", ".md", ".markdown")
def write(report: Report) -> str:
    """The whole report; SQL and statements stand in folded parts so that a long one stays readable."""
    lines = [*_header(report)]
    by_severity = sorted(enumerate(report.recommendations, 1), key=lambda pair: SEVERITIES.index(pair[1].severity))
    for number, recommendation in by_severity:
        lines += ["", *recommendation_part(number, recommendation, report)]
    if not report.recommendations:
        nothing = migrating.nothing_found(report) if report.checked else wording.nothing_found(report)
        lines += ["", plain(nothing)]
    lines += migration_part(report)
    lines += _top_statements(report)
    lines += _risky_statements(report)
    lines += notes(report)
    lines += ["", f"<sub>dbtune {plain(report.dbtune)}; costs are planner units, not milliseconds.</sub>"]
    return "\n".join(lines) + "\n"


def plain(text: str) -> str:
    """Foreign text on one line that Markdown, HTML and a forge's mentions leave as it is."""
    escaped = re.sub(r"([\\`*_{}\[\]|~#$])", r"\\\1", one_line(text))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;")


def code(text: str) -> str:
    """Foreign text as inline code, safe in a table."""
    line = one_line(text).replace("|", "\\|")
    ticks = "`" * (max((len(run) for run in re.findall(r"`+", line)), default=0) + 1)
    return f"{ticks} {line} {ticks}" if "`" in line else f"{ticks}{line}{ticks}"


def fenced(statements: Iterable[str]) -> Iterator[str]:
    """Statements as a block of SQL, each with its semicolon."""
    text = "\n".join(f"{printable(statement).strip().rstrip(';')};" for statement in statements)
    ticks = "`" * max(3, max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    yield from (f"{ticks}sql", text, ticks)


def _header(report: Report) -> Iterator[str]:
    if report.checked:
        yield f"## {plain(migrating.title(report))}: {migrating.count_words(report)}"
        yield ""
        yield f"On {plain(wording.target_words(report))}."
    else:
        yield f"## Index advice for {plain(wording.target_words(report))}"
    yield ""
    yield "| | |"
    yield "|---|---|"
    yield f"| planner cost of the workload | **{wording.cost_words(report)}** |"
    if report.checked and migrating.changed_words(report):
        yield f"| statements | {migrating.changed_words(report)} |"
    if wording.risk_words(report):
        yield f"| plans | {wording.risk_words(report)} |"
    yield f"| indexes | {wording.index_words(report)} |"
    if wording.choice_words(report):
        yield f"| chosen | {plain(wording.choice_words(report))} |"
    for size, gain, is_chosen in wording.space_words(report):
        if not is_chosen:
            yield f"| with {size} | {gain} |"
    sources = "; ".join(plain(line) for line in wording.source_words(report))
    yield f"| workload | {wording.workload_words(report)}{f' ({sources})' if sources else ''} |"
    yield f"| planned by | {plain(wording.planner_words(report))} |"
    counts = [(s, sum(1 for one in report.recommendations if one.severity == s)) for s in SEVERITIES]
    yield f"| recommendations | {', '.join(f'{count} {severity}' for severity, count in counts if count) or 'none'} |"
    if report.baseline is not None:
        yield f"| of these | {plain(wording.comparison_words(report))} |"
    if report.silenced:
        yield f"| silenced | {wording.plural(len(report.silenced), 'finding')} |"


def recommendation_part(number: int, recommendation: Recommendation, report: Report) -> Iterator[str]:
    """A recommendation with its heading, reason, SQL, and, folded, the way back and the statements."""
    evidence = recommendation.evidence
    state = "" if report.baseline is None else ", new" if report.is_new(recommendation) else ", known"
    yield f"### {number}. {plain(recommendation.title)} ({recommendation.severity}{state})"
    yield ""
    yield plain(recommendation.reason)
    yield ""
    facts = [wording.evidence_words(recommendation), wording.price_words(recommendation)]
    if recommendation.location is not None:
        facts.insert(0, str(recommendation.location))
    yield f"{plain(' · '.join(fact for fact in facts if fact))} · {code(recommendation.rule)}"
    if recommendation.sql.phases:
        yield from _phases(recommendation)
    elif recommendation.sql.up:
        yield from ("", "Safer:") if recommendation.group in wording.REWORDED else ()
        yield ""
        yield from fenced(recommendation.sql.up)
    if recommendation.risk:
        yield ""
        yield f"Risk: {plain(recommendation.risk)}"
    if recommendation.sql.down and not recommendation.sql.phases:
        yield from _folded("Undo", fenced(recommendation.sql.down))
    if recommendation.sql.trial:
        yield from _folded("Try first, some days before", fenced(recommendation.sql.trial))
        yield from _folded("Undo of that", fenced(recommendation.sql.trial_down))
    if recommendation.sql.tools:
        commands = [f"- {code(command)}" for command in recommendation.sql.tools]
        yield from _folded("Or without stopping writers", commands)
    if evidence.statements:
        yield from _statements(evidence.statements)


def _phases(recommendation: Recommendation) -> Iterator[str]:
    """A line for each phase, its statements folded."""
    for number, phase in enumerate(recommendation.sql.phases, 1):
        yield ""
        yield f"**{plain(phase_title(number, phase))}**  "
        yield plain(phase_facts(phase))
        if phase.risk:
            yield ""
            yield f"Risk: {plain(phase.risk)}"
        yield from _folded("SQL", fenced(enclosed(phase, phase.up)))
        if phase.down:
            yield from _folded("Undo", fenced(enclosed(phase, phase.down)))
    for aside in recommendation.sql.asides:
        yield from _folded(plain(aside.title), fenced((aside.text,)))


def migration_part(report: Report) -> list[str]:
    """What each statement of the checked migrations does, and every statement of the workload whose cost changes."""
    lines: list[str] = []
    if report.migration:
        rows = ["| place | statement | does |", "|---|---|---|"]
        for step in report.migration:
            does = "<br>".join(plain(words) for words in migrating.step_words(step))
            rows.append(f"| {plain(str(step.location))} | {code(shortened(step.text, TEXT_WIDTH))} | {does} |")
        lines += _folded("What the statements do to tables that are there already", rows)
    changed = report.workload.changed if report.checked else ()
    if changed:
        table = [(one.calls, one.cost_before, one.cost_after, one.risk, one.text) for one in changed]
        lines += _folded("Statements whose plans cost more or less afterwards", _cost_table(table))
    return lines


def _statements(statements: Sequence[StatementEvidence]) -> Iterator[str]:
    shown = sorted(statements, key=lambda one: one.saved, reverse=True)[:STATEMENTS_SHOWN]
    left = len(statements) - len(shown)
    more = f", {left} more not shown" if left else ""
    rows = [
        (one.calls, one.cost_before, one.cost_after, one.risk, one.text or one.fingerprint)
        for one in shown
        if one.cost_before is not None and one.cost_after is not None
    ]
    # what no planner was asked about has no costs to show
    texts = [f"- {code(one.text or one.fingerprint)}" for one in shown if one.cost_before is None]
    body = [*(_cost_table(rows) if rows else ()), *texts]
    yield from _folded(f"Statements ({wording.plural(len(statements), 'statement')}{more})", body)


def _folded(title: str, body: Iterable[str]) -> Iterator[str]:
    yield from ("", f"<details><summary>{title}</summary>", "", *body, "", "</details>")


def _cost_table(rows: Iterable[tuple[float, float, float, PlanRisk | None, str]]) -> Iterator[str]:
    yield "| calls | cost of a call | then | change | risk | statement |"
    yield "|--:|--:|--:|--:|---|---|"
    for calls, before, after, risk, text in rows:
        numbers = f"{human_count(calls)} | {human_number(before)} | {human_number(after)} | {change(before, after)}"
        level = "" if risk is None else f"**{risk.level}**" if risk.level == "risky" else risk.level
        yield f"| {numbers} | {level} | {code(shortened(text, TEXT_WIDTH))} |"


def _top_statements(report: Report) -> list[str]:
    if not report.workload.top:
        return []
    rows = [(one.calls, one.cost_before, one.cost_after, one.risk, one.text) for one in report.workload.top]
    return list(_folded("The statements that cost most, now and with all of the advice", _cost_table(rows)))


def _risky_statements(report: Report) -> list[str]:
    risky = wording.risky_statements(report)
    if not risky:
        return []
    lines = [
        f"- {code(shortened(one.text or one.fingerprint, TEXT_WIDTH))}: {plain(one.risk.reason if one.risk else '')}"
        for one in risky
    ]
    return list(_folded(f"Plans that may lose when the data is not as the planner thinks ({len(risky)})", lines))


def notes(report: Report) -> list[str]:
    """Folded lists: what is gone since the baseline, what was silenced, what could not be looked at."""
    parts: list[str] = []
    for title, words in (
        ("Gone since the baseline", wording.gone_words(report)),
        ("Silenced", wording.silenced_words(report)),
    ):
        if words:
            parts += _folded(f"{title} ({len(words)})", [f"- {plain(line)}" for line in words])
    return parts + _not_looked_at(report)


def _not_looked_at(report: Report) -> list[str]:
    lines = [f"- {plain(limit.what)}: {plain(limit.why)}" for limit in report.limits]
    lines += [
        f"- {f'statement {code(one.fingerprint)}' if one.fingerprint else 'workload'}: {plain(one.reason)}"
        for one in report.workload.skipped
    ]
    return list(_folded(f"What could not be looked at ({len(lines)})", lines)) if lines else []
