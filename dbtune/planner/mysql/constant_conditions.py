"""Comparisons of columns with constants, as the server itself writes them in note 1003: text that it takes again.

What EXPLAIN says of a lookup (``ref: const``) lacks the constant. The rewritten statement has it, with constants
folded and equalities passed on to other tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

_TOKEN = re.compile(
    r"(?P<space>\s+|/\*.*?\*/)|(?P<text>'(?:[^'\\]|\\.|'')*')|(?P<name>`(?:[^`]|``)+`)|(?P<word>\w+)|(?P<sign>.)",
    re.DOTALL,
)
_ENDS = frozenset({"where", "group", "order", "having", "limit", "union", "for", "window", "join", "left", "semi"})
"""Words that end a condition, at the depth of its parentheses."""

_NAME = r"`((?:[^`]|``)+)`"
_COMPARISON = re.compile(
    rf"(?:{_NAME}\.)??{_NAME}\.{_NAME}\s*"
    r"(?:=|<=>|<=?|>=?|between\b|in\s*\(|is\s+null\b|like\s+(?:_\w+)?'[^%_'\\])",
    re.IGNORECASE | re.DOTALL,
)
_NOT_CONSTANT = re.compile(r"`|\bselect\b|<\w|\brand\b|\bor\b", re.IGNORECASE)
_SUFFIX_OF_NAME = re.compile(rf"{_NAME}\s*$")

Comparisons = Mapping[tuple[str, str], Sequence[str]]
"""By alias and column: the comparisons that every row of the statement must pass."""


def constant_conditions(rewritten: str) -> Comparisons:
    """Those of WHERE, and those of ON that are about the table just joined."""
    found: dict[tuple[str, str], list[str]] = {}
    for joined, condition in _conditions(rewritten):
        for part in _parts(condition):
            named = _compared(part)
            if named is not None and joined in ("", named[0]):
                found.setdefault(named, []).append(part.replace("<cache>", ""))
    return found


def _compared(part: str) -> tuple[str, str] | None:
    """Alias and column, where the text compares one column with constants in a way that an index range serves."""
    match = _COMPARISON.match(part)
    if match is None or _NOT_CONSTANT.search(_without_text(part[match.end(3) + 1 :]).replace("<cache>", "")):
        return None
    return match.group(2).replace("``", "`"), match.group(3).replace("``", "`")


def _without_text(part: str) -> str:
    return "".join("''" if token.lastgroup == "text" else token.group() for token in _TOKEN.finditer(part))


def _conditions(rewritten: str) -> Iterator[tuple[str, str]]:
    """Each condition of a WHERE or ON; of an ON with the alias in front of it, else with an empty one."""
    depth = 0
    open_: list[tuple[str, int, int]] = []
    """Alias, depth and first character of those not ended yet, one within the other."""
    for token in _TOKEN.finditer(rewritten):
        word = token.group().lower() if token.lastgroup in ("word", "sign") else ""
        ends = word == ")" or (word in _ENDS and not rewritten.startswith("(", token.end()))  # LEFT(…) is a function
        if open_ and ends and depth == open_[-1][1]:
            alias, _, start = open_.pop()
            yield alias, rewritten[start : token.start()]
        if word in ("where", "on"):
            before = _SUFFIX_OF_NAME.search(rewritten, 0, token.start()) if word == "on" else None
            if word == "where" or before is not None:
                open_.append(("" if before is None else before.group(1).replace("``", "`"), depth, token.end()))
        depth += (word == "(") - (word == ")")
    for alias, _, start in open_:
        yield alias, rewritten[start:]


def _parts(condition: str) -> Iterator[str]:
    """The parts joined by AND, without parentheses around them."""
    condition = _bare(condition.strip())
    starts, depth, between = [0], 0, 0
    ends: list[int] = []
    for token in _TOKEN.finditer(condition):
        word = token.group().lower() if token.lastgroup in ("word", "sign") else ""
        depth += (word == "(") - (word == ")")
        if depth:
            continue
        if word in ("or", "xor"):
            yield condition
            return
        if word == "between":
            between += 1
        elif word == "and" and between:
            between -= 1
        elif word == "and":
            ends.append(token.start())
            starts.append(token.end())
    if not ends:
        yield condition
        return
    for start, end in zip(starts, [*ends, len(condition)], strict=True):
        yield from _parts(condition[start:end])


def _bare(condition: str) -> str:
    """Without parentheses that enclose all of it."""
    while condition.startswith("(") and condition.endswith(")"):
        depth = 0
        for token in _TOKEN.finditer(condition):
            sign = token.group() if token.lastgroup == "sign" else ""
            depth += (sign == "(") - (sign == ")")
            if not depth and token.end() < len(condition):
                return condition
        condition = condition[1:-1].strip()
    return condition
