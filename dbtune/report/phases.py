"""Changes that are made in phases, in words."""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.recommendation import Phase
from dbtune.report.text import one_line


def phase_title(number: int, phase: Phase) -> str:
    """``phase 2, validate: Prove it …``; an optional or final one says so."""
    marks = [mark for mark, is_so in (("optional", phase.optional), ("no way back", phase.final)) if is_so]
    suffix = f" ({', '.join(marks)})" if marks else ""
    return one_line(f"phase {number}, {phase.name}: {phase.title}{suffix}")


def phase_facts(phase: Phase) -> str:
    """Lock, time and how to run it; empty where nothing is known."""
    how = "in one transaction" if phase.transaction else "outside a transaction"
    return one_line(" · ".join(fact for fact in (phase.lock, phase.duration, how) if fact))


def enclosed(phase: Phase, statements: tuple[str, ...]) -> Iterator[str]:
    """The statements with BEGIN and COMMIT where they belong in one transaction."""
    if phase.transaction and statements:
        yield from ("BEGIN", *statements, "COMMIT")
    else:
        yield from statements
