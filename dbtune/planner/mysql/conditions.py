"""The conditions that EXPLAIN shows on a table, as far as an index could serve them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

_RANGES = (exp.GT, exp.GTE, exp.LT, exp.LTE)


@dataclass(frozen=True)
class Condition:
    """One comparison of a column of the table."""

    column: str
    kind: Literal["equality", "list", "range"]
    values: tuple[str, ...] = ()
    """Constants it is compared with; of a range the lower and the upper bound, empty where there is none."""
    joins: bool = False
    """An equality with a column of another table, which is known before this one is read."""


def conditions(text: str, alias: str) -> tuple[Condition, ...]:
    """Those of the parts joined by AND that compare a plain column of ``alias``; none where the text does not parse."""
    try:
        tree = sqlglot.parse_one(text.replace("<cache>", ""), read="mysql")
    except SqlglotError:
        return ()
    return tuple(found for part in _parts(tree) if (found := _condition(part, alias)) is not None)


def bounding_text(text: str, alias: str, column: str | None) -> str | None:
    """The parts joined by AND that are about this column of ``alias`` alone, as SQL; None where there is none."""
    try:
        tree = sqlglot.parse_one(text, read="mysql")
    except SqlglotError:
        return None
    own = [
        part
        for part in _parts(tree)
        if (columns := list(part.find_all(exp.Column)))
        and all(_is_column(found, alias) and found.name == column for found in columns)
    ]
    return " AND ".join(f"({part.sql(dialect='mysql')})" for part in own) or None


def _parts(tree: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(tree, exp.Paren):
        yield from _parts(tree.this)
    elif isinstance(tree, exp.And):
        yield from _parts(tree.left)
        yield from _parts(tree.right)
    else:
        yield tree


def _condition(part: exp.Expr, alias: str) -> Condition | None:
    if isinstance(part, exp.EQ):
        return _equality(part.left, part.right, alias) or _equality(part.right, part.left, alias)
    if isinstance(part, exp.In) and _is_column(part.this, alias) and part.expressions:
        return Condition(part.this.name, "list", tuple(_text(value) for value in part.expressions))
    if isinstance(part, exp.Between) and _is_column(part.this, alias):
        return Condition(part.this.name, "range", (_text(part.args["low"]), _text(part.args["high"])))
    if isinstance(part, _RANGES):
        if _is_column(part.left, alias) and not part.right.find(exp.Column):
            upper = isinstance(part, exp.LT | exp.LTE)
            return Condition(part.left.name, "range", ("", _text(part.right)) if upper else (_text(part.right), ""))
        if _is_column(part.right, alias) and not part.left.find(exp.Column):
            upper = isinstance(part, exp.GT | exp.GTE)
            return Condition(part.right.name, "range", ("", _text(part.left)) if upper else (_text(part.left), ""))
    return None


def _equality(mine: exp.Expr, other: exp.Expr, alias: str) -> Condition | None:
    if not _is_column(mine, alias):
        return None
    columns = list(other.find_all(exp.Column))
    if any(column.table == alias for column in columns):
        return None
    return Condition(mine.name, "equality", () if columns else (_text(other),), joins=bool(columns))


def _is_column(expression: exp.Expr, alias: str) -> bool:
    return isinstance(expression, exp.Column) and expression.table == alias


def _text(value: exp.Expr) -> str:
    """A constant as the statistics write it."""
    literal = value if isinstance(value, exp.Literal) else value.find(exp.Literal)
    return literal.name if literal is not None else value.sql(dialect="mysql")
