"""Queries: SELECT, VALUES and set operations; what the planner sees of them from outside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlglot import exp

from dbtune.sql.expressions import strip, strip_query
from dbtune.sql.from_items import add_from, add_joins
from dbtune.sql.operands import Context
from dbtune.sql.ordering import gather_order, gather_union_order, has_limit
from dbtune.sql.predicates import gather_conditions
from dbtune.sql.reading import implied_name, read
from dbtune.sql.relations import Output, Use
from dbtune.sql.scopes import QueryResult, Scope, name_of
from dbtune.sql.with_queries import add_ctes


def analyse_query(node: exp.Expr, outer: Scope, *, demanded: bool = False) -> QueryResult:
    """Analyse a query standing in ``outer``. ``demanded``: all its columns are read (a statement's own query)."""
    node = strip_query(node)
    if isinstance(node, exp.Subquery):
        return _parenthesised(node, outer, demanded)
    if isinstance(node, exp.SetOperation):
        return _set_operation(node, outer, demanded)
    if isinstance(node, exp.Select):
        return _select(node, outer, demanded)
    if isinstance(node, exp.Values):
        scope = Scope(outer.gathered, outer.parsed, outer)
        width = 0
        for row in node.expressions:
            members = row.expressions if isinstance(row, exp.Tuple) else [row]
            width = max(width, len(members))
            for member in members:
                read(member, scope)
        return QueryResult([Output(f"column{number + 1}", (), False, False) for number in range(width)])
    if isinstance(node, exp.Table):
        scope = Scope(outer.gathered, outer.parsed, outer)
        add_from(node, scope)
        source = next(iter(scope.sources.values()), None)
        return QueryResult(list((source.outputs or {}).values()) if source else [], tuple(scope.uses))
    outer.gathered.note(f"a query of an unknown kind ({type(node).__name__})")
    return QueryResult([], complete=False)


def _parenthesised(node: exp.Subquery, outer: Scope, demanded: bool) -> QueryResult:
    """``(SELECT …) ORDER BY … LIMIT …`` and ``WITH … (SELECT …)``."""
    scope = Scope(outer.gathered, outer.parsed, outer)
    add_ctes(node, scope)
    limited = has_limit(node)
    result = scope.analyse(node.this, demanded=demanded)
    gather_union_order(node.args.get("order"), result.outputs, limited)
    return result.sealed() if limited else result


def _set_operation(node: exp.SetOperation, outer: Scope, demanded: bool) -> QueryResult:
    scope = Scope(outer.gathered, outer.parsed, outer)
    add_ctes(node, scope)
    keeps_all = isinstance(node, exp.Union) and not node.args.get("distinct")
    left = scope.analyse(node.left, demanded=demanded or not keeps_all)
    right = scope.analyse(node.right, demanded=demanded or not keeps_all)
    outputs: list[Output] = []
    for position, output in enumerate(left.outputs):
        other = right.outputs[position] if position < len(right.outputs) else Output("", (), False, False)
        known = bool(output.targets) and bool(other.targets)
        pushable = output.pushable and other.pushable and known and isinstance(node, (exp.Union, exp.Intersect))
        outputs.append(Output(output.name, output.targets + other.targets, pushable, False))
    limited = has_limit(node)
    if keeps_all:
        gather_union_order(node.args.get("order"), outputs, limited)
    result = QueryResult(outputs, (), left.correlated or right.correlated, left.complete and right.complete)
    return result.sealed() if limited else result


def _select(node: exp.Select, outer: Scope, demanded: bool) -> QueryResult:
    scope = Scope(outer.gathered, outer.parsed, outer)
    add_ctes(node, scope)
    source = node.args.get("from_")
    if source is not None:
        add_from(source.this, scope)
    add_joins(node, scope, set())
    for lateral in node.args.get("laterals") or ():
        add_from(lateral, scope)
    scope.aliases.update(_aliases(node))
    for part in ("where", "having", "qualify"):
        clause = node.args.get(part)
        if clause is not None:
            read(clause.this, scope)
            if part == "where":
                gather_conditions(clause.this, scope, Context())
    outputs, complete = _outputs(node, scope, demanded)
    for part in ("group", "order", "limit", "offset", "fetch"):
        clause = node.args.get(part)
        if clause is not None:
            read(clause, scope, aliases=scope.aliases)
    distinct = node.args.get("distinct")
    if distinct is not None and distinct.args.get("on") is not None:
        read(distinct.args["on"], scope, aliases=scope.aliases)
    for window in node.args.get("windows") or ():
        for part in ("partition_by", "order"):
            for child in _children(window.args.get(part)):
                read(child, scope, aliases=scope.aliases)
    gather_order(node, scope)
    return _result(node, scope, outputs, _is_correlated(node, scope), complete)


def _result(node: exp.Select, scope: Scope, outputs: list[Output], correlated: bool, complete: bool) -> QueryResult:
    """What is seen from outside: everything of a plain query, only the group keys of a grouped one, …"""
    aggregated = node.args.get("group") is not None or any(_own(node, exp.AggFunc))
    windowed = any(_own(node, exp.Window))
    distinct = node.args.get("distinct") is not None
    limited = has_limit(node) or node.args.get("offset") is not None
    if not (aggregated or windowed or distinct or limited):
        return QueryResult(outputs, tuple(scope.uses), correlated, complete)
    keys = _pushable_columns(node, scope, aggregated, windowed)
    for position, output in enumerate(outputs):
        inside = {(target.use, target.column) for target in output.targets}
        pushable = not limited and (keys is None or bool(inside & keys)) and not (distinct and _distinct_on(node))
        outputs[position] = Output(output.name, output.targets, pushable, False)
    return QueryResult(outputs, (), correlated, complete)


def _pushable_columns(node: exp.Select, scope: Scope, aggregated: bool, windowed: bool) -> set[tuple[Use, str]] | None:
    """Columns on which a condition can be tested before grouping: None for all of them."""
    if aggregated:
        group = node.args.get("group")
        nodes = list(group.expressions) if group is not None else []
        named = [scope.aliases.get(name_of(key.this), key) if isinstance(key, exp.Column) else key for key in nodes]
        selected = [key.this if isinstance(key, exp.Alias) else key for key in node.expressions]
        named = [
            selected[int(key.this) - 1]
            if isinstance(key, exp.Literal) and str(key.this).isdigit() and 0 < int(key.this) <= len(selected)
            else key
            for key in named
        ]
    elif windowed:
        windows = list(_own(node, exp.Window))
        named = [strip(key) for key in windows[0].args.get("partition_by") or ()] if len(windows) == 1 else []
    else:
        return None
    found: set[tuple[Use, str]] = set()
    for key in named:
        output = scope.output(key) if isinstance(key, exp.Column) else None
        found.update((target.use, target.column) for target in output.targets) if output else None
    return found


def _distinct_on(node: exp.Select) -> bool:
    distinct = node.args.get("distinct")
    return distinct is not None and distinct.args.get("on") is not None


def _own(node: exp.Select, kind: type[exp.Expr]) -> Iterable[exp.Expr]:
    """Nodes of that kind in the select list, ORDER BY and HAVING that belong to this query and not to one inside."""
    parts = [*node.expressions, *(node.args[part] for part in ("having", "order") if node.args.get(part))]
    for part in parts:
        for found in part.find_all(kind):
            if found.find_ancestor(exp.Select) is node and not (
                kind is exp.AggFunc and isinstance(found.parent, exp.Window)
            ):
                yield found


def _aliases(node: exp.Select) -> dict[str, exp.Expr]:
    return {name_of(part.args["alias"]): part.this for part in node.expressions if isinstance(part, exp.Alias)}


def _outputs(node: exp.Select, scope: Scope, demanded: bool) -> tuple[list[Output], bool]:
    """Columns of the select list; plain ones count as read only when somebody outside reads them."""
    outputs: list[Output] = []
    complete = True
    demanded = demanded or node.args.get("distinct") is not None
    for part in node.expressions:
        value = strip(part.this if isinstance(part, exp.Alias) else part)
        if isinstance(value, exp.Star) or (isinstance(value, exp.Column) and isinstance(value.this, exp.Star)):
            qualifier = name_of(value.args.get("table")) if isinstance(value, exp.Column) else ""
            for source in [s for s in scope.sources.values() if not qualifier or s.alias == qualifier]:
                if demanded:
                    source.demand_all()
                complete = complete and source.outputs is not None
                outputs += (source.outputs or {}).values()
            continue
        name = name_of(part.args["alias"]) if isinstance(part, exp.Alias) else implied_name(value)
        found = scope.output(value) if isinstance(value, exp.Column) else None
        if found is not None:
            if demanded:
                found.demand()
            outputs.append(replace(found, name=name))
        else:
            read(value, scope)
            outputs.append(Output(name, (), False, False, (value, scope)))
    return outputs, complete


def _is_correlated(node: exp.Expr, scope: Scope) -> bool:
    for column in node.find_all(exp.Column):
        if column.find_ancestor(exp.Query) is node:
            _, found = scope.find(column)
            if found is not None and found is not scope and found.sources:
                return True
    return any(result.correlated for result in scope.queries.values())


def _children(value: object) -> Iterable[exp.Expr]:
    if isinstance(value, exp.Expr):
        yield value
    elif isinstance(value, list):
        yield from (part for part in value if isinstance(part, exp.Expr))
