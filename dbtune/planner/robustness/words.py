"""The risk of a plan in a few words."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dbtune.model.names import QualifiedName
from dbtune.planner.robustness.scattered import ScatteredReads
from dbtune.planner.robustness.tree import Node, relation_names

NAMED = 3
"""Relations of a join that are named."""

MUCH = 1.95
"""Smaller factors are told in percent."""


def holds_words(tree: Node, relations: frozenset[str] | None, factor: float | None) -> str:
    """``holds until 40 times more rows of orders than estimated``."""
    if relations is None or factor is None:
        return "holds whatever the row estimates"
    return f"holds until {_times(factor)} rows of {place_words(tree, relations)} than estimated"


def loses_words(tree: Node, relations: frozenset[str], factor: float, why: str) -> str:
    """``loses from 2.9 times more rows of nation than estimated (a guessed selectivity)``."""
    words = f"loses from {_times(factor)} rows of {place_words(tree, relations)} than estimated"
    return f"{words} ({why})" if why else words


def known_words(tree: Node, relations: frozenset[str], ratio: float, factor: float | None) -> str:
    """``there were 300 times more rows of orders than estimated, and it loses from 8 times on``."""
    seen = f"there were {_times(ratio)} rows of {place_words(tree, relations)} than estimated"
    if factor is None:
        return f"{seen}, and with these it loses"
    return f"{seen}, and it loses from {_number(max(factor, 1 / factor))} times on"


def dearer_words(before: float, after: float) -> str:
    """``5% dearer``."""
    rise = after / before - 1 if before > 0 else 0.0
    return f"{_percent(rise)} dearer than the plan it replaces"


def gain_words(before: float, after: float) -> str:
    """``only 2% cheaper: less than the cost model's own error``."""
    gain = 1 - after / before if before > 0 else 0.0
    return f"only {_percent(gain)} cheaper: less than the cost model's own error"


def scattered_words(tree: Node, reads: ScatteredReads) -> str:
    """``pages of lineitem read here and there, 800 times, cost more than the planner charges``."""
    table = place_words(tree, frozenset({reads.alias}))
    return f"reads scattered pages of {table}, {_number(reads.loops)} times, which the planner hardly charges for"


def place_words(tree: Node, relations: Iterable[str]) -> str:
    """``orders``, ``orders o``, ``orders ⋈ lineitem``."""
    tables = relation_names(tree)
    names = [_name(alias, tables.get(alias)) for alias in sorted(relations)]
    if len(names) > NAMED:
        names = [*names[: NAMED - 1], f"{len(names) - NAMED + 1} more"]
    return " ⋈ ".join(names)


def _name(alias: str, table: QualifiedName | None) -> str:
    """The alias with its table, where it does not say so itself (EXPLAIN calls a table's second use ``orders_1``)."""
    if table is None or re.fullmatch(rf"{re.escape(table.name)}(_\d+)?", alias):
        return alias if table is None else table.name
    return f"{table.name} {alias}"


def _times(factor: float) -> str:
    size, word = (factor, "more") if factor >= 1 else (1 / factor, "fewer")
    return f"{_percent(size - 1)} {word}" if size < MUCH else f"{_number(size)} times {word}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 else "less than 1%"
