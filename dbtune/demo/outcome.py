"""What the demo found: predicted against measured, for each statement and each index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dbtune.demo.applying import Built, Failure
from dbtune.demo.measuring import Measured
from dbtune.model.recommendation import Report, StatementSummary
from dbtune.model.risk import PlanRisk
from dbtune.model.verification import NOISE_MS, SLOWER
from dbtune.report.text import human_bytes, human_ms, shortened


@dataclass(frozen=True)
class StatementOutcome:
    """One statement: planner cost of a call and milliseconds of a call, before and after the advice."""

    fingerprint: str
    text: str
    calls: float
    cost_before: float
    cost_after: float
    ms_before: float
    ms_after: float
    error: str | None = None
    risk: PlanRisk | None = None
    """What the report says of its new plan."""

    @property
    def slower(self) -> bool:
        """Noticeably slower than before."""
        return self.ms_after > SLOWER * self.ms_before and self.ms_after - self.ms_before > NOISE_MS


@dataclass(frozen=True)
class Outcome:
    """The whole demo. ``total_ms_*`` are calls times milliseconds over the workload, failed statements left out."""

    report: Report
    statements: tuple[StatementOutcome, ...]
    indexes: tuple[Built, ...]
    failures: tuple[Failure, ...]
    total_ms_before: float
    total_ms_after: float


def outcome_of(
    report: Report,
    before: Mapping[str, Measured],
    after: Mapping[str, Measured],
    indexes: tuple[Built, ...],
    failures: tuple[Failure, ...],
) -> Outcome:
    statements = tuple(_outcomes(report, before, after))
    run = [one for one in statements if one.error is None]
    return Outcome(
        report,
        statements,
        indexes,
        failures,
        sum(one.calls * one.ms_before for one in run),
        sum(one.calls * one.ms_after for one in run),
    )


def _outcomes(
    report: Report, before: Mapping[str, Measured], after: Mapping[str, Measured]
) -> Iterator[StatementOutcome]:
    for summary in sorted(report.workload.top, key=lambda s: -s.calls * before[s.fingerprint].ms):
        yield _one(summary, before[summary.fingerprint], after[summary.fingerprint])


def _one(summary: StatementSummary, before: Measured, after: Measured) -> StatementOutcome:
    return StatementOutcome(
        summary.fingerprint,
        summary.text,
        summary.calls,
        summary.cost_before,
        summary.cost_after,
        before.ms,
        after.ms,
        before.error or after.error,
        summary.risk,
    )


def print_outcome(outcome: Outcome, console: Console) -> None:
    """Tables for people: statements, indexes, totals, and what went wrong."""
    console.print()
    console.print(Text("Predicted and measured", style="bold"))
    console.print(Text("planner cost and milliseconds of one call, median of several warm runs", style="dim"))
    console.print(_statement_table(outcome, console.width))
    if outcome.indexes:
        console.print(_index_table(outcome))
    for failure in outcome.failures:
        console.print(Text(f"failed  {failure.sql}: {failure.reason}", style="red"))
    for one in outcome.statements:
        if one.error is not None:
            console.print(Text(f"failed  {shortened(one.text, 60)}: {one.error}", style="red"))
        elif one.slower:
            words = f"slower  {shortened(one.text, 60)}: {human_ms(one.ms_before)} → {human_ms(one.ms_after)}"
            if one.risk is not None and one.risk.level == "risky":
                words += f"; the report called it risky: {one.risk.reason}"
            console.print(Text(words, style="yellow"))
    if not any(one.slower for one in outcome.statements):
        console.print(Text(f"No statement is more than {SLOWER:g} times slower than before."))
    console.print(Text(_total_words(outcome), style="bold green"))


def _total_words(outcome: Outcome) -> str:
    summary = outcome.report.summary
    planned = 1 - summary.cost_after / summary.cost_before if summary.cost_before else 0.0
    measured = 1 - outcome.total_ms_after / outcome.total_ms_before if outcome.total_ms_before else 0.0
    return (
        f"The whole workload: planned {planned:.1%} cheaper, measured {measured:.1%} faster "
        f"({human_ms(outcome.total_ms_before)} → {human_ms(outcome.total_ms_after)} for an hour's calls)."
    )


def _statement_table(outcome: Outcome, width: int) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("calls", "cost", "after", "ms", "after", "cost ÷", "time ÷"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("statement", no_wrap=True, overflow="ellipsis")
    for one in outcome.statements:
        measured = ("failed", "", "") if one.error else _times(one)
        table.add_row(
            f"{one.calls:,.0f}",
            f"{one.cost_before:,.2f}" if one.cost_before < 100 else f"{one.cost_before:,.0f}",
            f"{one.cost_after:,.2f}" if one.cost_after < 100 else f"{one.cost_after:,.0f}",
            measured[0],
            measured[1],
            _ratio(one.cost_before, one.cost_after),
            measured[2],
            Text(shortened(one.text, max(20, width - 70))),
            style="yellow" if one.slower else None,
        )
    return table


def _times(one: StatementOutcome) -> tuple[str, str, str]:
    return f"{one.ms_before:,.2f}", f"{one.ms_after:,.2f}", _ratio(one.ms_before, one.ms_after)


def _ratio(before: float, after: float) -> str:
    ratio = before / after if after > 0 else 1.0
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.1f}"


def _index_table(outcome: Outcome) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("new index")
    for name in ("predicted", "built", "error"):
        table.add_column(name, justify="right")
    for one in outcome.indexes:
        error = one.predicted / one.built - 1 if one.built else 0.0
        table.add_row(one.index, human_bytes(one.predicted), human_bytes(one.built), f"{error:+.1%}")
    total = sum(one.predicted for one in outcome.indexes), sum(one.built for one in outcome.indexes)
    table.add_row("all", human_bytes(total[0]), human_bytes(total[1]), f"{total[0] / max(1, total[1]) - 1:+.1%}")
    return table
