"""The report on a terminal: the gain first, then each recommendation with its reason, price, SQL and way back."""

from __future__ import annotations

from io import StringIO

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from dbtune.model.recommendation import (
    SEVERITIES,
    Recommendation,
    Report,
    Severity,
    SkippedStatement,
    StatementEvidence,
)
from dbtune.model.risk import PlanRisk, RiskLevel
from dbtune.report import migrating, wording
from dbtune.report.phases import enclosed, phase_facts, phase_title
from dbtune.report.registry import report_format
from dbtune.report.text import change, human_count, human_number, one_line, printable, shortened

SEVERITY_STYLES: dict[Severity, str] = {"high": "bold red", "medium": "bold yellow", "low": "cyan", "info": "dim"}
DETAILED: tuple[Severity, ...] = ("high", "medium")
"""Severities shown in full without ``--verbose``; of the others the title and the SQL."""

SHORT_STATEMENTS = 3
SHORT_TOP = 5
SHORT_LIMITS = 5
"""Lines of each kind without ``--verbose``."""

SHORT_RISKY = 5
"""Risky statements that are listed without ``--verbose``."""

STEP_TEXT = 70
"""Characters of a migration's statement."""

RISKY_TEXT = 50
"""Characters of a risky statement's text."""

RISK_STYLES: dict[RiskLevel, str] = {"safe": "green", "risky": "bold yellow"}
RISK_WIDTH = 5

CostRow = tuple[float, float, float, PlanRisk | None, str]
"""Calls, planner cost of a call before and after, risk, text."""

LONGEST_TEXT = 500
"""Characters of a statement that is shown on its own."""

FILE_WIDTH = 100
INDENT = 4
LABEL_WIDTH = 14
NARROWEST = 40
"""Columns that the report needs; a narrower terminal wraps by itself."""


@report_format("terminal", ".txt")
def write(report: Report) -> str:
    """The whole report as plain text, 100 columns wide."""
    text = StringIO()
    console = Console(file=text, width=FILE_WIDTH, color_system=None, highlight=False, markup=False, emoji=False)
    render(report, console, verbose=True)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def render(report: Report, console: Console, *, verbose: bool = False) -> None:
    """Print the report. Text is wrapped to the console's width; SQL never is, so that it can be copied."""
    _header(report, console)
    render_recommendations(report, console, verbose=verbose)
    if not report.recommendations:
        console.print()
        wrapped(console, Text(migrating.nothing_found(report) if report.checked else wording.nothing_found(report)))
    _migration(report, console, verbose=verbose)
    _space(report, console)
    _top_statements(report, console, verbose=verbose)
    _risky_statements(report, console, verbose=verbose)
    _not_looked_at(report, console, verbose=verbose)
    _listed("Gone since the baseline", wording.gone_words(report), console)
    _listed("Silenced", wording.silenced_words(report), console)
    _next_step(report, console)


def render_recommendations(report: Report, console: Console, *, verbose: bool = False) -> None:
    """Print the recommendations alone, the most severe first, each with its number in the report."""
    for severity in SEVERITIES:
        group = [(n, one) for n, one in enumerate(report.recommendations, 1) if one.severity == severity]
        if not group:
            continue
        console.print()
        style = SEVERITY_STYLES[severity]
        console.print(Rule(Text(f"{severity} ({len(group)})", style), align="left", style="dim", characters="─"))
        for number, recommendation in group:
            full = verbose or (severity in DETAILED and report.is_new(recommendation))
            state = "" if report.baseline is None else "new" if report.is_new(recommendation) else "known"
            _recommendation(number, recommendation, console, full=full, verbose=verbose, state=state)


def _header(report: Report, console: Console) -> None:
    version = f"dbtune {one_line(report.dbtune)}"
    wrapped(console, Text.assemble((version, "bold"), "  ", wording.target_words(report)))
    facts = [
        ("checked", migrating.title(report) if report.checked else "", ""),
        ("found", migrating.count_words(report) if report.checked else "", "bold"),
        ("planned by", wording.planner_words(report), ""),
        ("workload", wording.workload_words(report), ""),
        *(("", source, "dim") for source in wording.source_words(report)),
        ("planner cost", wording.cost_words(report), "bold green" if _is_gain(report) else "bold"),
        ("plans", wording.risk_words(report), ""),
        ("statements", migrating.changed_words(report) if report.checked else "", ""),
        ("indexes", wording.index_words(report), ""),
        ("chosen", wording.choice_words(report), ""),
        ("asked", wording.question_words(report), ""),
        ("findings", wording.comparison_words(report), "bold"),
        ("silenced", wording.plural(len(report.silenced), "finding") if report.silenced else "", ""),
    ]
    for label, words, style in facts:
        if words:
            wrapped(console, Text(words, style), first=Text(f"  {label:<{LABEL_WIDTH}}", "dim"))


def _migration(report: Report, console: Console, *, verbose: bool) -> None:
    """What each statement of the checked migrations does, and every statement of the workload whose cost changes."""
    if report.migration:
        console.print()
        console.print(Text("What the statements do to tables that are there already", "bold"))
    for step in report.migration:
        _paragraph(
            console,
            Text.assemble((f"{one_line(str(step.location))}  ", "dim"), (shortened(step.text, STEP_TEXT), "cyan")),
        )
        for words in migrating.step_words(step):
            wrapped(console, Text(words), first=Text(" " * (2 * INDENT)))
    changed = report.workload.changed if report.checked else ()
    if not changed:
        return
    console.print()
    console.print(Text("Statements whose plans cost more or less afterwards", "bold"))
    shown = changed if verbose else changed[:SHORT_TOP]
    _cost_table([(one.calls, one.cost_before, one.cost_after, one.risk, one.text) for one in shown], console)
    if len(shown) < len(changed):
        _paragraph(console, Text(f"and {len(changed) - len(shown)} more; --verbose shows all", "dim"))


def _space(report: Report, console: Console) -> None:
    """What less and more space for new indexes would do."""
    told = wording.space_words(report)
    if len(told) < 2:
        return
    console.print()
    console.print(
        Rule(
            Text("gain by space (--budget), net of what writes pay", "bold"), align="left", style="dim", characters="─"
        )
    )
    width = max(len(size) for size, _, _ in told)
    for size, gain, is_chosen in told:
        mark = "  ← this advice" if is_chosen else ""
        console.print(Text(f"  {size:>{width}}  {gain}{mark}", "bold" if is_chosen else ""), soft_wrap=True)


def _is_gain(report: Report) -> bool:
    return report.summary.cost_after < report.summary.cost_before


def _recommendation(
    number: int, recommendation: Recommendation, console: Console, *, full: bool, verbose: bool, state: str = ""
) -> None:
    console.print()
    wrapped(console, Text(one_line(recommendation.title), "bold"), first=Text(f"{number:>2}. ", "dim"))
    place = str(recommendation.location) if recommendation.location is not None else ""
    evidence = wording.evidence_words(recommendation)
    facts = [state, place, evidence, wording.price_words(recommendation), recommendation.rule]
    _paragraph(console, Text(" · ".join(one_line(fact) for fact in facts if fact), "dim"))
    if full:
        _paragraph(console, Text(printable(recommendation.reason)))
    if recommendation.group in wording.REWORDED and recommendation.sql.up:
        _paragraph(console, Text("safer:", "dim"))
    if recommendation.sql.phases:
        _phases(recommendation, console, full=full, verbose=verbose)
    else:
        _sql(console, recommendation.sql.up)
    if not full:
        return
    _statements(recommendation, console, limit=None if verbose else SHORT_STATEMENTS)
    if recommendation.risk:
        _labelled(console, "risk", Text(one_line(recommendation.risk)))
    if not recommendation.sql.phases:
        _dim(console, "undo", [_terminated(statement) for statement in recommendation.sql.down])
    _dim(console, "try first, some days before", [_terminated(statement) for statement in recommendation.sql.trial])
    _dim(console, "undo of that", [_terminated(statement) for statement in recommendation.sql.trial_down])
    _dim(console, "or", [one_line(command) for command in recommendation.sql.tools])
    if verbose and recommendation.docs:
        _labelled(console, "more", Text(one_line(recommendation.docs), "dim"))


def _dim(console: Console, label: str, lines: list[str]) -> None:
    for line in lines:
        _unwrapped(console, Text.assemble((f"{label}  ", "dim"), (line, "dim")))


def _terminated(statement: str) -> str:
    return f"{one_line(statement).rstrip(';')};"


def _paragraph(console: Console, text: Text) -> None:
    wrapped(console, text, first=Text(" " * INDENT))


def _labelled(console: Console, label: str, text: Text) -> None:
    wrapped(console, text, first=Text(f"{' ' * INDENT}{label}  ", "dim"))


def wrapped(console: Console, text: Text, first: Text | None = None) -> None:
    """Print text wrapped to the console's width, each line indented as far as ``first`` is wide."""
    first = first or Text()
    room = max(console.width, NARROWEST) - first.cell_len
    for number, line in enumerate(text.wrap(console, max(room, 10))):
        line.rstrip()
        # assembled, not added: an added line would take on the style of what stands before it
        start = first if number == 0 else Text(" " * first.cell_len)
        console.print(Text.assemble(start, line), soft_wrap=True)


def _unwrapped(console: Console, line: Text) -> None:
    if console.record:  # a picture has nothing beyond its width
        _paragraph(console, line)
    else:
        console.print(Text(" " * INDENT) + line, soft_wrap=True)


def _sql(console: Console, statements: tuple[str, ...]) -> None:
    for statement in statements:
        for line in _highlighted(console, f"{printable(statement).strip().rstrip(';')};").split("\n"):
            _unwrapped(console, line)


def _phases(recommendation: Recommendation, console: Console, *, full: bool, verbose: bool) -> None:
    """Each phase with its lock and time; its statements where all is shown."""
    for number, phase in enumerate(recommendation.sql.phases, 1):
        _paragraph(console, Text(phase_title(number, phase)))
        if full:
            wrapped(console, Text(phase_facts(phase), "dim"), first=Text(" " * (INDENT + 2)))
        if verbose:
            if phase.risk:
                _labelled(console, "risk", Text(one_line(phase.risk)))
            _sql(console, tuple(enclosed(phase, phase.up)))
            for statement in enclosed(phase, phase.down):
                _unwrapped(console, Text.assemble(("undo  ", "dim"), (f"{one_line(statement).rstrip(';')};", "dim")))
    if verbose:
        for aside in recommendation.sql.asides:
            _paragraph(console, Text(f"{one_line(aside.title)}:"))
            for line in printable(aside.text).splitlines():
                _unwrapped(console, Text(line, "dim"))
    elif full:
        _paragraph(console, Text("all statements, there and back, are in -o advice.sql and -o report.json", "dim"))


def _highlighted(console: Console, sql: str) -> Text:
    if console.color_system is None:
        return Text(sql)
    from rich.syntax import Syntax  # loads the lexers, which plain output does not need

    text = Syntax("", "postgresql", theme="ansi_dark", background_color="default").highlight(sql)
    text.rstrip()
    return text


def _statements(recommendation: Recommendation, console: Console, limit: int | None) -> None:
    statements = [one for one in recommendation.evidence.statements if not _is_named(one, recommendation.title)]
    shown = sorted(statements, key=lambda one: one.saved, reverse=True)[:limit]
    rows = [
        (one.calls, one.cost_before, one.cost_after, one.risk, one.text or one.fingerprint)
        for one in shown
        if one.cost_before is not None and one.cost_after is not None
    ]
    if rows:
        _cost_table(rows, console)
    for one in shown:
        if one.cost_before is None or one.cost_after is None:
            _paragraph(console, Text(shortened(one.text or one.fingerprint, LONGEST_TEXT), "cyan"))
    if len(shown) < len(statements):
        _paragraph(console, Text(f"and {wording.plural(len(statements) - len(shown), 'more statement')}", "dim"))


def _is_named(statement: StatementEvidence, title: str) -> bool:
    """The title holds the whole text, and there are no costs to show."""
    return statement.cost_before is None and bool(statement.text) and f"`{statement.text}`" in title


def _cost_table(rows: list[CostRow], console: Console) -> None:
    """Calls, planner cost of one call before and after, risk, and the text cut to what is left of the width."""
    cells = [
        (human_count(calls), human_number(before), human_number(after), change(before, after))
        for calls, before, after, _, _ in rows
    ]
    headings = ("calls", "cost before", "after", "change")
    widths = [max(len(headings[i]), *(len(cell[i]) for cell in cells)) for i in range(4)]
    judged = any(risk is not None for _, _, _, risk, _ in rows)
    rest = max(max(console.width, NARROWEST) - INDENT - sum(widths) - 2 * len(widths) - judged * (RISK_WIDTH + 2), 8)
    heading = "  ".join(f"{headings[i]:>{widths[i]}}" for i in range(4))
    _unwrapped(console, Text(f"{heading}  risk" if judged else heading, "dim"))
    for cell, (_, _, _, risk, text) in zip(cells, rows, strict=True):
        numbers = "  ".join(f"{cell[i]:>{widths[i]}}" for i in range(4))
        level = risk.level if risk is not None else ""
        shown = (f"{level:<{RISK_WIDTH}}  ", RISK_STYLES[risk.level] if risk is not None else "") if judged else ""
        _unwrapped(console, Text.assemble(numbers, "  ", shown, (shortened(text, rest), "cyan")))


def _top_statements(report: Report, console: Console, *, verbose: bool) -> None:
    top = report.workload.top if verbose else report.workload.top[:SHORT_TOP]
    if not top:
        return
    console.print()
    title = "The statements that cost most, now and with all of the advice (planner cost of a call)"
    wrapped(console, Text(title, "bold"))
    _cost_table([(one.calls, one.cost_before, one.cost_after, one.risk, one.text) for one in top], console)


def _risky_statements(report: Report, console: Console, *, verbose: bool) -> None:
    risky = wording.risky_statements(report)
    if not risky:
        return
    console.print()
    wrapped(
        console, Text("Plans that may lose when the data is not as the planner thinks; measure these first", "bold")
    )
    shown = risky if verbose else risky[:SHORT_RISKY]
    for one in shown:
        reason = one.risk.reason if one.risk is not None else ""
        _paragraph(
            console,
            Text.assemble((shortened(one.text or one.fingerprint, RISKY_TEXT), "cyan"), f": {one_line(reason)}"),
        )
    if len(shown) < len(risky):
        _paragraph(console, Text(f"and {len(risky) - len(shown)} more; --verbose shows all", "dim"))


def _not_looked_at(report: Report, console: Console, *, verbose: bool) -> None:
    skipped = [
        (_skipped_name(one), f"{one.reason} · {shortened(one.text, 60)}" if one.text else one.reason)
        for one in report.workload.skipped
    ]
    lines = [(limit.what, limit.why) for limit in report.limits] + skipped
    if not lines:
        return
    console.print()
    console.print(Text("What could not be looked at", "bold"))
    shown = lines if verbose else lines[:SHORT_LIMITS]
    for what, why in shown:
        _paragraph(console, Text.assemble(one_line(what), ": ", (one_line(why), "dim")))
    if len(shown) < len(lines):
        _paragraph(console, Text(f"and {len(lines) - len(shown)} more; --verbose shows all", "dim"))


def _listed(title: str, lines: list[str], console: Console) -> None:
    if lines:
        console.print()
        console.print(Text(title, "bold"))
    for line in lines:
        _paragraph(console, Text(line))


def _skipped_name(one: SkippedStatement) -> str:
    """The statement, or the workload where something in it is no statement."""
    return f"statement {one.fingerprint}" if one.fingerprint else "workload"


def _next_step(report: Report, console: Console) -> None:
    if report.checked or not any(recommendation.sql.up for recommendation in report.recommendations):
        return
    console.print()
    wrapped(
        console,
        Text(
            "Next: write it with -o advice.sql (the way back is in it) and -o report.json, and measure it on a staging "
            "copy: dbtune verify URL report.json."
        ),
    )
