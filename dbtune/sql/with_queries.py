"""WITH queries: which of them the planner sees through, and which are computed on their own."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from dbtune.sql.expressions import strip_query
from dbtune.sql.relations import Output
from dbtune.sql.scopes import Cte, Scope, name_of


def add_ctes(node: exp.Expr, scope: Scope) -> None:
    """Analyse the WITH queries of a statement."""
    clause = node.args.get("with_")
    if clause is None:
        return
    for cte in clause.expressions:
        name = name_of(cte.args["alias"].this)
        names = [name_of(column) for column in cte.args["alias"].args.get("columns") or ()]
        body = strip_query(cte.this)
        if clause.args.get("recursive") and isinstance(body, exp.SetOperation) and _mentions(body.right, name):
            scope.ctes[name] = _recursive(body, name, names, scope)
            continue
        writes = isinstance(body, (exp.Insert, exp.Update, exp.Delete, exp.Merge))
        result = scope.analyse(body)
        references = sum(
            1 for table in node.find_all(exp.Table) if name_of(table.this) == name and not table.args.get("db")
        )
        inlined = not writes and (cte.args.get("materialized") is False or references <= 1)
        if not inlined or cte.args.get("materialized"):
            result = result.sealed()
        source = result.source(name, names)
        scope.ctes[name] = Cte(dict(source.outputs) if source.outputs is not None else None, source.uses)


def _recursive(body: exp.SetOperation, name: str, names: Sequence[str], scope: Scope) -> Cte:
    """WITH RECURSIVE: the inner reference to itself is a work table, without an index."""
    add_ctes(body, scope)
    first = scope.analyse(body.left, demanded=True)
    columns = [names[at] if at < len(names) else output.name for at, output in enumerate(first.outputs)]
    cte = Cte({column: Output(column, (), False, False) for column in columns} if first.complete else None)
    scope.ctes[name] = cte
    scope.analyse(body.right, demanded=True)
    return cte


def _mentions(node: exp.Expr, name: str) -> bool:
    return any(name_of(table.this) == name for table in node.find_all(exp.Table))
