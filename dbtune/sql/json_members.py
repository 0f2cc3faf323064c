"""Conditions of MySQL on the members of a JSON array: MEMBER OF, JSON_CONTAINS, JSON_OVERLAPS.

Those that a multi-valued index serves: JSON_CONTAINS with a path of its own (its third argument) is none of them.

Source: MySQL manual, "Multi-Valued Indexes"; which forms are served was tried on MySQL 9.7.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlglot import exp

JsonScalar = str | int | float | bool | None


@dataclass(frozen=True)
class JsonMembers:
    """One such condition."""

    array: exp.Expr
    """What holds the array."""
    operator: str
    members: tuple[JsonScalar, ...] | None
    """What is looked for; None where the text does not say it, or it is nested."""

    @property
    def value(self) -> str | None:
        """The members as the text of a JSON array."""
        return None if self.members is None else json.dumps(self.members)


def json_members(node: exp.Expr) -> tuple[JsonMembers, ...]:
    """The condition, read both ways where both sides may be the array; nothing where it is another one."""
    if isinstance(node, exp.JSONArrayContains):
        found = _value(node.this)
        return (JsonMembers(node.expression, "MEMBER OF", None if found is None else (found[0],)),)
    if not isinstance(node, exp.Anonymous) or len(node.expressions) != 2:
        return ()
    name, (one, other) = str(node.this).upper(), node.expressions
    if name == "JSON_CONTAINS":
        return (JsonMembers(one, name, _document(other)),)
    if name == "JSON_OVERLAPS":
        return (JsonMembers(one, name, _document(other)), JsonMembers(other, name, _document(one)))
    return ()


def _value(node: exp.Expr) -> tuple[JsonScalar] | None:
    """What a constant is as a member of an array."""
    if isinstance(node, exp.Paren):
        return _value(node.this)
    if isinstance(node, exp.Literal) and node.is_string:
        return (str(node.this),)
    if isinstance(node, exp.Boolean):
        return (bool(node.this),)
    if isinstance(node, exp.Literal | exp.Neg):
        found = _parsed(node.sql(dialect="mysql"))
    else:
        found = _document(node)
    return None if found is None or len(found) != 1 else (found[0],)


def _document(node: exp.Expr) -> tuple[JsonScalar, ...] | None:
    """The members of a JSON document that is written out: of an array, or the one that it is itself."""
    if isinstance(node, exp.Paren):
        return _document(node.this)
    if isinstance(node, exp.Literal) and node.is_string:
        return _parsed(str(node.this))
    if isinstance(node, exp.Cast) and node.to.is_type(exp.DataType.Type.JSON) and isinstance(node.this, exp.Literal):
        return _parsed(str(node.this.this))
    return _made(node) if isinstance(node, exp.Anonymous) else None


def _made(node: exp.Anonymous) -> tuple[JsonScalar, ...] | None:
    """What JSON_ARRAY and JSON_QUOTE make of constants."""
    name, found = str(node.this).upper(), [_value(argument) for argument in node.expressions]
    if name not in ("JSON_ARRAY", "JSON_QUOTE") or None in found:
        return None
    members = tuple(one[0] for one in found if one is not None)
    if name == "JSON_QUOTE" and [type(member) for member in members] != [str]:
        return None
    return members


def _parsed(text: str) -> tuple[JsonScalar, ...] | None:
    try:
        read = json.loads(text)
    except ValueError:
        return None
    members = read if isinstance(read, list) else [read]
    return None if any(isinstance(member, list | dict) for member in members) else tuple(members)
