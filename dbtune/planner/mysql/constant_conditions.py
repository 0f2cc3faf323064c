"""Comparisons of columns with constants, as the server itself writes them in note 1003: text that it takes again.

What EXPLAIN says of a lookup (``ref: const``) lacks the constant. The rewritten statement has it, with constants
folded and equalities passed on to other tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from dbtune.sql.lexing_mysql import mysql_tokens
from dbtune.sql.tokens import Token

_ENDS = frozenset({"where", "group", "order", "having", "limit", "union", "for", "window", "join", "left", "semi"})
"""Words that end a condition, at the depth of its parentheses."""
_FUNCTIONS = frozenset({"left"})
"""Those of them that are a function before a parenthesis."""

_COMPARING = frozenset({"=", "<=>", "<", "<=", ">", ">=", "between", "in"})
_NOT_CONSTANT = frozenset({"select", "rand", "or"})
_CACHE = "<cache>"

Comparisons = Mapping[tuple[str, str], Sequence[str]]
"""By alias and column: the comparisons that every row of the statement must pass."""
_Tokens = Sequence[Token]


def constant_conditions(rewritten: str) -> Comparisons:
    """Those of WHERE, and those of ON that are about the table just joined."""
    found: dict[tuple[str, str], list[str]] = {}
    for joined, condition in _conditions(mysql_tokens(rewritten)):
        for part in _parts(condition):
            named = _compared(part)
            if named is not None and joined in ("", named[0]):
                text = rewritten[part[0].start : part[-1].end]
                found.setdefault(named, []).append(text.replace(_CACHE, ""))
    return found


def _compared(part: _Tokens) -> tuple[str, str] | None:
    """Alias and column, where one column is compared with constants in a way that an index range serves."""
    names = [token for token in part[:5:2] if token.kind == "quoted"]
    length = 2 * len(names) - 1
    if len(names) < 2 or any(token.spelling != "." for token in part[1:length:2]):
        return None
    operator, operands = part[length : length + 1], part[length + 1 :]
    if not operator or not _serves(operator[0], operands) or not _is_constant(operands):
        return None
    alias, column = (token.spelling[1:-1].replace("``", "`") for token in names[-2:])
    return alias, column


def _serves(operator: Token, operands: _Tokens) -> bool:
    word = operator.word or operator.spelling
    if word == "is":
        return [token.word for token in operands] == ["null"]
    if word == "like":
        pattern = operands[0].spelling.partition("'")[2] if operands else ""
        return pattern[:1] not in ("", "%", "_", "'", "\\")
    return word in _COMPARING


def _is_constant(operands: _Tokens) -> bool:
    if any(token.kind == "quoted" or token.word in _NOT_CONSTANT for token in operands):
        return False
    calls = [name.word for sign, name in pairwise(operands) if sign.spelling == "<"]
    return not any(word and f"<{word}>" != _CACHE for word in calls)


def _conditions(tokens: _Tokens) -> Iterator[tuple[str, _Tokens]]:
    """Each condition of a WHERE or ON; of an ON with the alias in front of it, else with an empty one."""
    depth = 0
    waiting: list[tuple[str, int, int]] = []
    """Alias, depth and first token of those not ended yet, one within the other."""
    for place, token in enumerate(tokens):
        if waiting and depth == waiting[-1][1] and _ends(tokens, place):
            alias, _, start = waiting.pop()
            yield alias, tokens[start:place]
        before = tokens[place - 1] if place else None
        if token.word == "where":
            waiting.append(("", depth, place + 1))
        elif token.word == "on" and before is not None and before.kind == "quoted":
            waiting.append((before.spelling[1:-1].replace("``", "`"), depth, place + 1))
        depth += _deeper(token)
    for alias, _, start in waiting:
        yield alias, tokens[start:]


def _ends(tokens: _Tokens, place: int) -> bool:
    token, after = tokens[place], tokens[place + 1 : place + 2]
    if token.word in _FUNCTIONS and after and after[0].spelling == "(":
        return False
    return token.spelling == ")" or token.word in _ENDS


def _parts(condition: _Tokens) -> Iterator[_Tokens]:
    """The parts joined by AND, without parentheses around them."""
    condition = _bare(condition)
    start, depth, betweens = 0, 0, 0
    found: list[_Tokens] = []
    for place, token in enumerate(condition):
        depth += _deeper(token)
        if depth:
            continue
        if token.word in ("or", "xor"):
            yield condition
            return
        if token.word == "between":
            betweens += 1
        elif token.word == "and" and betweens:
            betweens -= 1
        elif token.word == "and":
            found.append(condition[start:place])
            start = place + 1
    if not found:
        yield condition
        return
    for part in (*found, condition[start:]):
        yield from _parts(part)


def _bare(condition: _Tokens) -> _Tokens:
    """Without parentheses that enclose all of it."""
    while len(condition) > 1 and condition[0].spelling == "(" and condition[-1].spelling == ")":
        depth = 0
        for token in condition[:-1]:
            depth += _deeper(token)
            if not depth:
                return condition
        condition = condition[1:-1]
    return condition


def _deeper(token: Token) -> int:
    return (token.spelling == "(") - (token.spelling == ")")
