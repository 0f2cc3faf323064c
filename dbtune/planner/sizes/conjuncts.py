"""The conditions of a filter, as EXPLAIN prints it, one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from dbtune.model.schema import Table
from dbtune.planner.sizes.predicates import column_of, conjuncts_of

RANGES = (exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between)
EQUALITIES = (exp.EQ, exp.In, exp.Is)


@dataclass(frozen=True)
class Conjunct:
    """One condition that must hold. ``column`` only where a B-tree on it could serve."""

    text: str
    column: str | None
    equality: bool


def conjuncts(condition: str, table: Table) -> tuple[Conjunct, ...]:
    """The conditions that are joined by AND; none where the text cannot be read."""
    try:
        tree = cast("exp.Expression", sqlglot.parse_one(condition, dialect="postgres"))
    except SqlglotError:
        return ()
    return tuple(_conjunct(part, table) for part in conjuncts_of(tree))


def _conjunct(tree: exp.Expression, table: Table) -> Conjunct:
    column = column_of(tree, table)
    other = tree.args.get("expression")
    compares_columns = isinstance(other, exp.Expression) and other.find(exp.Column) is not None
    serves = column is not None and isinstance(tree, RANGES + EQUALITIES) and not compares_columns
    text = tree.sql(dialect="postgres")
    return Conjunct(text, column.name if column is not None and serves else None, isinstance(tree, EQUALITIES))
