"""A finding in a few lines of plain text, as CI shows it beside the code."""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.recommendation import Recommendation
from dbtune.report import wording
from dbtune.report.text import one_line, printable

MOST_STATEMENTS = 6
"""Of the SQL; a change in phases has dozens."""


def annotation(one: Recommendation) -> str:
    """Why, how sure, at what price and risk, and the SQL; the title is left out."""
    return "\n".join(line for line in _lines(one) if line)


def _lines(one: Recommendation) -> Iterator[str]:
    facts = [wording.evidence_words(one), wording.price_words(one)]
    yield one_line(one.reason)
    yield one_line(" · ".join(fact for fact in facts if fact))
    if one.risk:
        yield one_line(f"risk: {one.risk}")
    for statement in one.sql.up[:MOST_STATEMENTS]:
        yield f"{printable(statement).strip().rstrip(';')};"
    left = len(one.sql.up) - MOST_STATEMENTS
    if left > 0:
        yield f"… and {wording.plural(left, 'more statement')}: the JSON report and -o FILE.sql have all."
