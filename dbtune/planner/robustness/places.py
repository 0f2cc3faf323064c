"""Where in a plan the row estimates may be wrong, and how far off they have to be reckoned with.

How good an estimate is can be told from what it is made of. One condition on one column comes from that column's most
common values and histogram. Several conditions are multiplied as if the columns had nothing to do with each other, and
a pattern, a function or another column is guessed by a constant. Joins multiply the errors of their inputs and add
their own: on real data, Postgres is off by ten times or more for a sixth of all single joins, a third of those of three
relations, and half of those of four.

Sources: Ioannidis and Christodoulakis, "On the Propagation of Errors in the Size of Join Results", SIGMOD 1991; Leis
et al., "How Good Are Query Optimizers, Really?", VLDB 2015, sections 3.1 and 3.2; ``src/backend/utils/adt/selfuncs.c``,
``src/include/utils/selfuncs.h`` (``DEFAULT_EQ_SEL`` and its like).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dbtune.planner.robustness.sizes import NO_SIZES, Sizes
from dbtune.planner.robustness.tree import Node, conjuncts, referenced

LARGEST = 10_000.0
"""A factor that no error is reckoned to exceed."""

BY_STATISTICS = 1.3
"""Doubt in one condition on a column: the sample's error, and rows changed since the last ANALYZE."""
PER_CONDITION = 2.0
"""More for each further column: the conditions may go together."""
GUESSED = 10.0
"""Doubt in a selectivity that the planner has no statistics for."""
PER_JOIN = 2.0
"""More for each join below the place: 2, 4, 8, ... is about what Leis et al. found as the median over many queries."""
PER_KEY_JOIN = 1.5
"""The same for a join along a key, whose selectivity is known: only what goes with the key can be wrong."""

_GUESS = re.compile(r"~~|!~|\s~\s|\$\d|\w\s*\((?!\()|@>|<@|&&|@@|->|SubPlan|IS DISTINCT|similar to", re.IGNORECASE)
_CAST = re.compile(r"::(?:\"[^\"]+\"|\w+)(?: (?:varying|precision|with(?:out)? time zone))*(?:\([\d,]+\))?(?:\[\])?")
_STRING = re.compile(r"E?'(?:[^']|'')*'")
_COLUMN = re.compile(r'(?:(?:"(?:[^"]|"")+"|[a-z_][\w$]*)\.)?(?:"(?:[^"]|"")+"|[a-z_][\w$]*)')
_WORDS = frozenset("and or not is null any all array true false between in like date timestamp interval".split())


@dataclass(frozen=True)
class Place:
    """A set of relations whose rows are estimated, and what may be wrong with the estimate."""

    relations: frozenset[str]
    doubt: float
    """A factor by which the estimate may well be wrong, either way; at least 1."""
    why: str
    most: float = LARGEST
    """The error cannot be larger: there are no more rows."""


def places(*trees: Node, sizes: Sizes = NO_SIZES) -> tuple[Place, ...]:
    """Every scan with a condition and every join in any of the plans, each set of relations once."""
    conditions: dict[str, set[str]] = {}
    most: dict[frozenset[str], float] = {}
    keyed: dict[frozenset[str], int] = {}
    for tree in trees:
        for node in tree.walk():
            if node.is_scan:
                conditions.setdefault(node.source.alias or "", set()).update(own_conditions(node))
                # rows for each row of a nested loop are the join's estimate, not the scan's
                bound = _most_scanned(node, sizes) if not node.references else LARGEST
                most[node.aliases] = min(most.get(node.aliases, LARGEST), bound)
            elif node.is_join and len(node.aliases) > 1:
                most[node.aliases] = min(most.get(node.aliases, LARGEST), _most_joined(node))
                keyed[node.aliases] = max(keyed.get(node.aliases, 0), _key_joins(node))
    made = (Place(one, *_doubt(one, conditions, keyed.get(one, 0)), max(bound, 1.0)) for one, bound in most.items())
    return tuple(place for place in made if place.doubt > 1)


def _key_joins(node: Node) -> int:
    return int(node.source.inner_unique) + sum(_key_joins(child) for child in node.inputs if len(child.aliases) > 1)


def own_conditions(node: Node) -> Iterator[str]:
    """Conditions of a scan that compare with no other relation."""
    texts = [*node.index_conditions, *(conjuncts(node.source.filter) if node.source.filter else ())]
    for text in texts:
        if not frozenset(referenced(text)) & node.references:
            yield text


def _doubt(relations: frozenset[str], conditions: dict[str, set[str]], keyed: int) -> tuple[float, str]:
    doubts = [_doubt_of_scan(conditions.get(alias, set())) for alias in sorted(relations)]
    doubt, why = max(doubts, default=(1.0, ""))
    joins = len(relations) - 1
    if joins:
        keyed = min(keyed, joins)
        doubt *= PER_KEY_JOIN**keyed * PER_JOIN ** (joins - keyed)
        why = why or ("a join" if joins == 1 else f"{joins} joins")
    return min(doubt, LARGEST), why


def _doubt_of_scan(conditions: set[str]) -> tuple[float, str]:
    if not conditions:
        return 1.0, ""
    if any(is_guess(text) for text in conditions):
        return GUESSED, "a guessed selectivity"
    columns = frozenset(column for text in conditions for column in columns_of(text))
    if len(columns) > 1:
        return BY_STATISTICS * PER_CONDITION ** (len(columns) - 1), f"{len(columns)} columns that may go together"
    return BY_STATISTICS, ""


def is_guess(condition: str) -> bool:
    """The planner has no statistics for the condition: a pattern, a function, a parameter, another column."""
    bare = _CAST.sub("", _STRING.sub("''", condition))
    if _GUESS.search(re.sub(r"\b(ANY|ALL|ARRAY|AND|OR|NOT|IN)\b\s*\(?", " ", bare)):
        return True
    return any(len(columns_of(part)) > 1 for part in re.split(r"\b(?:AND|OR)\b", bare))


def columns_of(condition: str) -> frozenset[str]:
    """Columns that a condition names, without their aliases."""
    bare = _CAST.sub("", _STRING.sub("''", condition))
    names = (match[0].rsplit(".", 1)[-1] for match in _COLUMN.finditer(bare))
    return frozenset(name for name in names if name.lower() not in _WORDS)


def _most_scanned(node: Node, sizes: Sizes) -> float:
    size = sizes.of_node(node.source)
    return LARGEST if size is None else size.rows / max(node.source.rows, 1.0)


def _most_joined(node: Node) -> float:
    kind = node.source.join_type or "Inner"
    half = "Semi" in kind or "Anti" in kind
    if not half and not (node.source.inner_unique and kind in ("Inner", "Left")):
        return LARGEST
    kept = node.inputs[1] if kind.startswith("Right") else node.inputs[0]
    return max(kept.source.rows, 1.0) / max(node.source.rows, 1.0)
