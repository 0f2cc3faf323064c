"""Expressions read: each column counted, each subquery analysed once."""

from __future__ import annotations

from sqlglot import exp

from dbtune.sql.expressions import strip, strip_query
from dbtune.sql.scopes import Scope, name_of


def read(node: exp.Expr, scope: Scope, aliases: dict[str, exp.Expr] | None = None) -> None:
    """Count every column below ``node`` as read, and analyse the subqueries in it."""
    if isinstance(node, (exp.Query, exp.Subquery)) and not isinstance(node, exp.Table):
        body = strip_query(node)
        if id(body) not in scope.queries:
            # EXISTS reads no column of its query; IN and comparisons read theirs
            demanded = not isinstance(node.parent, exp.Exists)
            scope.queries[id(body)] = scope.analyse(body, demanded=demanded)
            scope.queries.setdefault(id(node), scope.queries[id(body)])
        return
    if isinstance(node, exp.Column):
        _read_column(node, scope, aliases)
        return
    if isinstance(node, exp.Exists) and isinstance(node.this, exp.Expr):
        read(node.this, scope, aliases)
        return
    for child in node.iter_expressions():
        read(child, scope, aliases)


def _read_column(node: exp.Column, scope: Scope, aliases: dict[str, exp.Expr] | None) -> None:
    if isinstance(node.this, exp.Star):
        source = scope.sources.get(name_of(node.args.get("table")))
        if source is not None:
            source.demand_all()
        return
    output, _ = scope.find(node)
    if output is not None:
        output.demand()
        return
    if aliases and node.args.get("table") is None and name_of(node.this) in aliases:
        return
    source = scope.whole_row(node)
    if source is not None:
        source.demand_all()
        return
    qualifier = name_of(node.args.get("table"))
    name = f"{qualifier}.{name_of(node.this)}" if qualifier else name_of(node.this)
    scope.gathered.note(f'column "{name}" was not found')


def implied_name(value: exp.Expr) -> str:
    """The name that the server gives to a column of a select list without an alias."""
    if isinstance(value, exp.Column):
        return name_of(value.this)
    if isinstance(value, exp.Cast):
        return implied_name(strip(value.this))
    if isinstance(value, exp.Dot):
        return name_of(value.expression)
    if isinstance(value, exp.Anonymous):
        return str(value.this).lower()
    if isinstance(value, exp.Exists):
        return "exists"
    if isinstance(value, exp.Func):
        return value.sql_name().lower()
    return "?column?"
