"""The digest at a glance: what takes the time, since when, and what went wrong.

Two lines a statement, so that it reads well at 80 columns: the numbers, and the statement below them.
"""

from __future__ import annotations

from io import StringIO

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from dbtune.logs.comparing import Comparison, StatementChange
from dbtune.model.digest import Client, Digest, StatementDigest
from dbtune.model.units import plural
from dbtune.report.digest import words
from dbtune.report.digest.drawing import bar, over_time, sparkline
from dbtune.report.digest.registry import View, digest_format
from dbtune.report.terminal import SEVERITY_STYLES, wrapped
from dbtune.report.text import human_bytes, human_count, human_ms, one_line, printable, share, shortened

TOP = 20
FILE_WIDTH = 120
BAR = 10
INDENT = 5
_MARGIN = Text(" " * INDENT)
WIDEST_SPARKLINE = 60
KIND_STYLES = {"new": "yellow", "slower": "red", "more calls": "yellow", "faster": "green", "gone": "dim"}


@digest_format("terminal", ".txt")
def write(view: View) -> str:
    """The whole digest as plain text, 120 columns wide."""
    text = StringIO()
    console = Console(file=text, width=FILE_WIDTH, color_system=None, highlight=False, markup=False, emoji=False)
    render(view, console)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def render(view: View, console: Console) -> None:
    """Print the digest."""
    digest = view.digest
    plain = not (console.encoding or "").lower().startswith("utf")
    _header(digest, console, plain=plain)
    if view.comparison is not None:
        _changes(view.comparison, view.top or TOP, console)
    else:
        top = view.top or (len(digest.statements) if view.verbose else TOP)
        for number, one in enumerate(digest.statements[:top], 1):
            _statement(number, one, view, console, plain=plain)
        _rest(digest, top, console)
    _incidents(digest, console)
    _findings(digest, console)
    _skipped(digest, console)


def _header(digest: Digest, console: Console, *, plain: bool) -> None:
    for source in digest.sources[:5]:
        wrapped(console, Text(one_line(words.source(source)), "bold"))
    if len(digest.sources) > 5:
        wrapped(console, Text(f"and {len(digest.sources) - 5:,} more logs", "bold"))
    wrapped(console, Text(words.span(digest)))
    wrapped(console, Text(words.totals(digest)))
    width = min(console.width - 40, WIDEST_SPARKLINE)
    if len(digest.timeline) < 2 or width < 10:
        return
    console.print()
    unit = human_ms(digest.slot_seconds * 1000)
    slots = digest.timeline
    lines = [("calls", f"up to {human_count(max(s.calls for s in slots))} in {unit}", lambda s: s.calls)]
    if digest.total_ms is not None:
        highest = max(s.total_ms / s.calls for s in slots if s.calls)
        lines.append(
            ("response time", f"up to {human_ms(highest)} a call", lambda s: s.total_ms / s.calls if s.calls else 0.0)
        )
    if digest.errors:
        worst = max(s.errors / s.calls for s in slots if s.calls)
        lines.append(("errors", f"up to {share(worst)} of calls", lambda s: s.errors / s.calls if s.calls else 0.0))
    for label, legend, value in lines:
        drawn = sparkline(over_time(digest, slots, width, value), plain=plain)
        console.print(Text.assemble((f"{label:<14}", "dim"), (drawn, "cyan"), (f"  {legend}", "dim")), no_wrap=True)


def _statement(number: int, one: StatementDigest, view: View, console: Console, *, plain: bool) -> None:
    digest = view.digest
    width = 24 if console.width >= 100 else 12
    slots = over_time(digest, one.timeline, width, lambda slot: slot.total_ms or slot.calls)
    parts = [plural(one.calls, "call")]
    if one.mean_ms is not None:
        parts.append(f"mean {human_ms(one.mean_ms)}")
    if one.p95_ms is not None and console.width >= 70:
        parts.append(f"p95 {human_ms(one.p95_ms)}")
    if one.max_ms is not None and console.width >= 85:
        parts.append(f"max {human_ms(one.max_ms)}")
    if one.rows_examined is not None and one.rows_sent is not None and console.width >= 110:
        parts.append(f"{_per_call(one.rows_examined, one)} rows read for {_per_call(one.rows_sent, one)}")
    line = Text.assemble(
        (f"{number:>3}  ", "dim"),
        (bar(one.share, BAR, plain=plain), "cyan"),
        (f" {share(one.share):>6}  ", "bold"),
        ", ".join(parts),
        (f"  {sparkline(slots, plain=plain)}" if slots else "", "cyan"),
        (f"  {human_count(one.errors)} errors" if one.errors else "", "red"),
    )
    console.print()
    console.print(line, no_wrap=True, overflow="ellipsis", crop=True)
    if view.verbose:
        wrapped(console, Text(printable(one.text)), _MARGIN)
        for label, value in _details(one):
            wrapped(console, Text.assemble((f"{label} ", "dim"), value), _MARGIN)
    else:
        console.print(" " * INDENT + shortened(one.text, console.width - INDENT), no_wrap=True, crop=True)
    if view.samples:
        for sample in one.samples:
            wrapped(console, Text(printable(sample.sql), "dim"), _MARGIN)


def _details(one: StatementDigest) -> list[tuple[str, str]]:
    """What ``--verbose`` adds, where it is known."""
    details = [
        ("fingerprint", one.fingerprint),
        ("seen", f"{words.moment(one.first_seen)} to {words.moment(one.last_seen)}" if one.first_seen else ""),
        ("time", "" if one.total_ms is None else human_ms(one.total_ms)),
        ("median, p99, max", ", ".join(human_ms(ms) for ms in (one.p50_ms, one.p99_ms, one.max_ms) if ms is not None)),
        ("waited for locks", "" if not one.lock_ms else human_ms(one.lock_ms)),
        ("rows read", "" if one.rows_examined is None else human_count(one.rows_examined)),
        ("rows returned", "" if one.rows_sent is None else human_count(one.rows_sent)),
        ("rows changed", "" if not one.rows_affected else human_count(one.rows_affected)),
        ("sent", "" if not one.bytes_sent else human_bytes(one.bytes_sent)),
        ("temporary files", "" if not one.temporary_bytes else human_bytes(one.temporary_bytes)),
        ("users", _clients(one.users)),
        ("databases", _clients(one.databases)),
        ("hosts", _clients(one.hosts)),
    ]
    return [(label, value) for label, value in details if value]


def _clients(clients: tuple[Client, ...]) -> str:
    shown = ", ".join(f"{one_line(client.name)} ({human_count(client.calls)})" for client in clients[:5])
    return shown + (f" and {len(clients) - 5} more" if len(clients) > 5 else "")


def _per_call(amount: float, one: StatementDigest) -> str:
    return human_count(amount / one.calls) if one.calls else "0"


def _rest(digest: Digest, top: int, console: Console) -> None:
    rest = digest.statements[top:]
    lines = []
    if rest:
        calls = human_count(sum(one.calls for one in rest))
        lines.append(f"and {len(rest):,} more statements: {calls} calls, {share(sum(one.share for one in rest))}")
    if words.others(digest):
        lines.append(words.others(digest))
    if lines:
        console.print()
    for line in lines:
        wrapped(console, Text(line, "dim"))


def _changes(comparison: Comparison, top: int, console: Console) -> None:
    unit = " per hour" if comparison.per_hour else ""
    console.print()
    before, after = human_ms(comparison.ms_before), human_ms(comparison.ms_after)
    wrapped(console, Text(f"compared with {words.span(comparison.before)}"))
    wrapped(console, Text(f"time{unit}: {before} before, {after} after", "bold"))
    shown = [change for change in comparison.changes if change.kind != "alike"]
    for change in shown[:top]:
        _change(change, console)
    if not shown:
        wrapped(console, Text("nothing differs by more than a fifth"))
    elif len(shown) > top:
        console.print()
        wrapped(console, Text(f"and {len(shown) - top:,} more changes", "dim"))


def _change(change: StatementChange, console: Console) -> None:
    console.print()
    means = [None if one is None else one.mean_ms for one in (change.before, change.after)]
    parts = [f"{human_count(change.calls_before)} to {human_count(change.calls_after)} calls"]
    if change.ms_before or change.ms_after:
        parts.insert(0, f"{human_ms(change.ms_before)} to {human_ms(change.ms_after)}")
    if means[0] is not None and means[1] is not None:
        parts.append(f"mean {human_ms(means[0])} to {human_ms(means[1])}")
    line = Text.assemble((f"{change.kind:<12}", KIND_STYLES.get(change.kind, "")), ", ".join(parts))
    console.print(line, no_wrap=True, overflow="ellipsis", crop=True)
    console.print(" " * INDENT + shortened(change.text, console.width - INDENT), no_wrap=True, crop=True)


def _heading(text: str, console: Console) -> None:
    console.print()
    console.print(Rule(Text(text, "bold"), align="left", style="dim", characters="─"))


def _incidents(digest: Digest, console: Console) -> None:
    if not digest.incidents:
        return
    _heading("what went wrong", console)
    for incident in digest.incidents[:TOP]:
        facts = [words.amount(incident), one_line(incident.detail)]
        said = ", ".join(fact for fact in facts if fact)
        line = f"{words.incidents(incident)}{': ' if said else ''}{said}"
        wrapped(console, Text(line))
        if incident.text:
            console.print(" " * INDENT + shortened(incident.text, console.width - INDENT), no_wrap=True, crop=True)
    if len(digest.incidents) > TOP:
        wrapped(console, Text(f"and {len(digest.incidents) - TOP:,} more", "dim"))


def _findings(digest: Digest, console: Console) -> None:
    if not digest.findings:
        return
    _heading("what to look at", console)
    for finding in digest.findings:
        style = SEVERITY_STYLES[finding.severity]
        wrapped(
            console,
            Text.assemble((f"{finding.severity}  ", style), (finding.title, "bold"), (f"  {finding.rule}", "dim")),
        )
        wrapped(console, Text(f"{finding.reason} {finding.advice}"), _MARGIN)


def _skipped(digest: Digest, console: Console) -> None:
    lines = words.skipped(digest)
    if lines:
        _heading("not read", console)
    for line in lines:
        wrapped(console, Text(one_line(line)))
