"""What verifying the advice found, for people and for programs."""

from __future__ import annotations

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dbtune.model.risk import RiskLevel
from dbtune.model.verification import SLOWER, BuiltObject, MeasuredStatement, Timing, Verification
from dbtune.report.terminal import RISK_STYLES, wrapped
from dbtune.report.text import human_bytes, human_ms, human_number, one_line, shortened
from dbtune.report.wording import DIALECTS, plural

OUTCOME_STYLES = {"faster": "green", "slower": "bold red", "failed": "red"}
WIDE = 120
"""Columns of a terminal from which the costs themselves are shown, and not only their ratio."""

NUMBERS, WIDE_NUMBERS = 55, 85
"""Columns that stand before a statement's text."""
NARROWEST_TEXT = 8


def as_json(verification: Verification) -> str:
    """Everything, with the ratio and outcome of each statement worked out."""
    fields = msgspec.to_builtins(verification)
    for told, one in zip(fields["statements"], verification.statements, strict=True):
        told["ratio"] = one.ratio
        told["outcome"] = one.outcome
    return msgspec.json.format(msgspec.json.encode(fields), indent=2).decode() + "\n"


def render(verification: Verification, console: Console, *, verbose: bool = False) -> None:
    """Print what was built, what was predicted and measured, and what the advice is worth."""
    server = DIALECTS.get(verification.dialect, verification.dialect)
    where = one_line(f"{verification.database} on {server} {verification.server_version}")
    wrapped(console, Text.assemble((f"dbtune {verification.dbtune}", "bold"), f"  verified on {where}"))
    if verification.built:
        console.print()
        console.print(_built(verification.built))
    changed = [one for one in verification.statements if one.outcome != "same plan"]
    if changed:
        console.print()
        console.print(_measured(changed, console.width))
    for one in verification.built:
        if one.error is not None:
            wrapped(console, Text(one_line(f"not built: {one.name}: {one.error}"), "red"))
    for statement in changed:
        if statement.error is not None:
            words = f"failed: {shortened(statement.text, 60)}: {statement.error}"
            wrapped(console, Text(one_line(words), "red"))
    console.print()
    for line, style in _conclusions(verification):
        wrapped(console, Text(line, style))
    _not_run(verification, console, verbose=verbose)


def _built(built: tuple[BuiltObject, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("built and dropped again")
    for name in ("predicted", "built", "error", "took"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in built:
        predicted = human_bytes(one.predicted_bytes) if one.predicted_bytes else ""
        size = "" if one.bytes is None else human_bytes(one.bytes)
        error = f"{one.predicted_bytes / one.bytes - 1:+.1%}" if one.predicted_bytes and one.bytes else ""
        took = human_ms(one.seconds * 1000) if one.error is None else ""
        table.add_row(Text(one_line(one.name)), predicted, size, error, took)
    return table


def _measured(statements: list[MeasuredStatement], width: int) -> Table:
    wide = width >= WIDE
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in (*(("cost", "then") if wide else ()), "cost x", "time", "then", "time x"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("report", "measured"):
        table.add_column(name, no_wrap=True)
    table.add_column("statement", no_wrap=True, overflow="ellipsis")
    # the slowest first: that is what one wants to know of
    for one in sorted(statements, key=lambda one: -(one.ratio or 0.0)):
        costs: tuple[str, ...] = ("", "", "") if wide else ("",)
        if one.cost_before is not None and one.cost_after is not None:
            ratio = _times(one.cost_after / one.cost_before if one.cost_before > 0 else 1.0)
            costs = (human_number(one.cost_before), human_number(one.cost_after), ratio) if wide else (ratio,)
        table.add_row(
            *costs,
            _time(one.before),
            _time(one.after),
            "" if one.ratio is None else _times(one.ratio),
            _level(one.level),
            Text(one.outcome, OUTCOME_STYLES.get(one.outcome, "")),
            Text(shortened(one.text, max(NARROWEST_TEXT, width - (WIDE_NUMBERS if wide else NUMBERS)))),
        )
    return table


def _level(level: RiskLevel | None) -> Text:
    return Text("") if level is None else Text(level, RISK_STYLES[level])


def _time(timing: Timing | None) -> str:
    if timing is None:
        return ""
    return f"> {human_ms(timing.ms)}" if timing.timed_out else human_ms(timing.ms)


def _times(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio >= 0.01 else "<0.01"


def _conclusions(verification: Verification) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    measured = [one for one in verification.statements if one.ratio is not None]
    same = sum(1 for one in verification.statements if one.outcome == "same plan")
    if same:
        lines.append((f"{plural(same, 'statement')} with the same plan as before, not timed.", "dim"))
    for one in verification.statements:
        if one.outcome == "same plan" and one.level is not None:
            text = f"the same plan, though the report expects another: {shortened(one.text, 60)}"
            lines.append((one_line(text), "yellow"))
        if one.outcome == "slower" and one.level == "risky":
            text = f"slower, as the report warned: {shortened(one.text, 60)}: {one.reason}"
            lines.append((one_line(text), "yellow"))
        elif one.outcome == "slower" and one.level is None:
            lines.append((one_line(f"slower, which the report did not expect: {shortened(one.text, 60)}"), "yellow"))
    promised = [one for one in measured if one.level == "safe"]
    wrong = verification.contradicted
    for one in wrong:
        text = f"slower, though the report calls it safe: {shortened(one.text, 60)}"
        lines.append((one_line(text), "bold red"))
    if promised and not wrong:
        subject = "The one plan" if len(promised) == 1 else f"All {len(promised)} plans"
        verb = "is" if len(promised) == 1 else "are"
        lines.append((f"{subject} called safe {verb} less than {SLOWER:g} times slower.", "bold green"))
    if not measured:
        lines.append(("No statement's plan changed, so none was timed.", ""))
    return lines


def _not_run(verification: Verification, console: Console, *, verbose: bool) -> None:
    if not verification.not_run:
        return
    wrapped(console, Text(f"{plural(len(verification.not_run), 'statement')} not run:", "dim"))
    shown = verification.not_run if verbose else verification.not_run[:5]
    for one in shown:
        line = f"{shortened(one.text or one.fingerprint, 50)}: {one.reason}"
        wrapped(console, Text(one_line(line), "dim"), first=Text("  "))
    if len(shown) < len(verification.not_run):
        wrapped(console, Text(f"  and {len(verification.not_run) - len(shown)} more; --verbose shows all", "dim"))
