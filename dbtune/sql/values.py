"""Literals in conditions: their text, and what a pattern begins with."""

from __future__ import annotations

import re

from sqlglot import exp

from dbtune.ddl.quoting import literal
from dbtune.model.access import PredicateKind

SQUASHED_MEMBERS = 5
"""Members assumed of a list that the server has folded (``IN ($1 /*, ... */)``): it does not tell their number."""

_REGULAR_PREFIX = re.compile(r"\^[\w @:/-]+")


def literal_text(node: exp.Expr) -> str | None:
    """SQL text of a literal (with its sign and cast), None for anything that is computed or not in the text."""
    while isinstance(node, exp.Paren):
        node = node.this
    if isinstance(node, exp.Literal):
        return literal(str(node.this)) if node.is_string else str(node.this)
    if isinstance(node, exp.Boolean):
        return "true" if node.this else "false"
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal):
        return f"-{node.this.this}"
    if isinstance(node, exp.Cast):
        inner = literal_text(node.this)
        type_name = node.to.sql(dialect="postgres")
        return None if inner is None else f"{inner}::{_folded(type_name)}"
    if isinstance(node, exp.Tuple) and node.expressions:
        members = [literal_text(member) for member in node.expressions]
        return None if None in members else f"({', '.join(member for member in members if member is not None)})"
    return None


def _folded(type_name: str) -> str:
    return type_name if '"' in type_name else type_name.lower()


def pattern_kind(operator: str, pattern: exp.Expr) -> PredicateKind:
    """Whether a pattern begins with fixed characters (an index in order can be used) or not (trigrams)."""
    start = _leading_text(pattern)
    if operator == "^@":
        return "prefix"
    if operator in ("~", "~*"):
        return "prefix" if operator == "~" and start and _REGULAR_PREFIX.match(start) else "infix"
    if operator in ("ILIKE", "SIMILAR TO"):
        return "infix"
    if start is None:
        return "prefix"  # a parameter: LIKE with a leading % is the exception
    if start[:1] in ("%", "_"):
        return "infix"
    whole = isinstance(pattern, exp.Literal)
    return "equal" if whole and not any(sign in start for sign in "%_\\") else "prefix"


def _leading_text(pattern: exp.Expr) -> str | None:
    """The literal that a pattern begins with; None where it begins with a parameter or a column."""
    while isinstance(pattern, (exp.Paren, exp.Cast)):
        pattern = pattern.this
    if isinstance(pattern, (exp.DPipe, exp.Add)):
        return _leading_text(pattern.this)
    if isinstance(pattern, (exp.Concat, exp.ConcatWs)) and pattern.expressions:
        return _leading_text(pattern.expressions[0])
    return str(pattern.this) if isinstance(pattern, exp.Literal) and pattern.is_string else None
