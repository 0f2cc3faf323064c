"""The digest for issues and pull requests."""

from __future__ import annotations

from dbtune.logs.comparing import Comparison
from dbtune.model.digest import Digest, StatementDigest
from dbtune.report.digest import words
from dbtune.report.digest.drawing import over_time, sparkline
from dbtune.report.digest.registry import View, digest_format
from dbtune.report.text import human_count, human_ms, one_line, share, shortened

SPARKLINE = 20
LONGEST = 200
"""Characters of a statement in the table; below it, all of them."""
TOP = 20


@digest_format("markdown", ".md")
def write(view: View) -> str:
    """Tables and lists; statements in full below."""
    digest = view.digest
    parts = ["# What takes the time", ""]
    parts += [f"- {_code(words.source(source))}" for source in digest.sources]
    parts += [f"- {words.span(digest)}", f"- {words.totals(digest)}", ""]
    if view.comparison is not None:
        parts += _changes(view.comparison, view.top or TOP)
    parts += _statements(digest, digest.statements[: view.top or TOP], samples=view.samples)
    parts += _incidents(digest) + _findings(digest)
    skipped = words.skipped(digest)
    if skipped:
        parts += ["## Not read", "", *(f"- {_code(line)}" for line in skipped), ""]
    return "\n".join(parts).rstrip() + "\n"


def _statements(digest: Digest, statements: tuple[StatementDigest, ...], *, samples: bool) -> list[str]:
    lines = ["| # | share | calls | mean | p95 | max | over time | statement |", "|--:|--:|--:|--:|--:|--:|---|---|"]
    for number, one in enumerate(statements, 1):
        line = sparkline(over_time(digest, one.timeline, SPARKLINE, lambda slot: slot.total_ms or slot.calls))
        lines.append(
            f"| {number} | {share(one.share)} | {human_count(one.calls)} | {_ms(one.mean_ms)} | {_ms(one.p95_ms)} "
            f"| {_ms(one.max_ms)} | {line} | {_code(shortened(one.text, LONGEST)).replace('|', chr(92) + '|')} |"
        )
    lines += ["", words.others(digest), ""] if words.others(digest) else [""]
    long = [(n, one) for n, one in enumerate(statements, 1) if len(one.text) > LONGEST or (samples and one.samples)]
    for number, one in long:
        lines += [f"**{number}**", "", *_fenced([one.text, *(s.sql for s in one.samples if samples)]), ""]
    return lines


def _changes(comparison: Comparison, top: int) -> list[str]:
    unit = " per hour" if comparison.per_hour else ""
    lines = [
        f"## What changed{unit}",
        "",
        "| change | time before | time after | calls before | calls after | statement |",
    ]
    lines.append("|---|--:|--:|--:|--:|---|")
    for change in [one for one in comparison.changes if one.kind != "alike"][:top]:
        text = _code(shortened(change.text, LONGEST)).replace("|", "\\|")
        lines.append(
            f"| {change.kind} | {human_ms(change.ms_before)} | {human_ms(change.ms_after)} "
            f"| {human_count(change.calls_before)} | {human_count(change.calls_after)} | {text} |"
        )
    return [*lines, ""]


def _incidents(digest: Digest) -> list[str]:
    if not digest.incidents:
        return []
    lines = ["## What went wrong", ""]
    for incident in digest.incidents:
        facts = "; ".join(part for part in (words.amount(incident), one_line(incident.detail)) if part)
        lines.append(
            f"- {words.incidents(incident)}{f' ({facts})' if facts else ''}: "
            f"{_code(shortened(incident.text, LONGEST)) if incident.text else 'no statement named'}"
        )
    return [*lines, ""]


def _findings(digest: Digest) -> list[str]:
    if not digest.findings:
        return []
    lines = ["## What to look at", ""]
    for finding in digest.findings:
        lines += [f"- **{finding.title}** ({finding.severity}, `{finding.rule}`): {finding.reason} {finding.advice}"]
    return [*lines, ""]


def _ms(value: float | None) -> str:
    return "" if value is None else human_ms(value)


def _code(text: str) -> str:
    """Text as code; a longer fence where it holds backticks itself."""
    ticks = "``" if "`" in text else "`"
    gap = " " if "`" in text else ""
    return f"{ticks}{gap}{text}{gap}{ticks}"


def _fenced(texts: list[str]) -> list[str]:
    fence = "````" if any("```" in text for text in texts) else "```"
    return [f"{fence}sql", *(f"{text};" for text in texts), fence]
