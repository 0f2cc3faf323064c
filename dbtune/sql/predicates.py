"""Conditions of WHERE, ON and HAVING sorted into predicates on one relation and joins between two."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from dbtune.model.access import Join, Predicate, PredicateKind
from dbtune.sql.expressions import base_columns, plain_column, strip, strip_query
from dbtune.sql.json_members import JsonMembers, json_members
from dbtune.sql.operands import (
    Context,
    Side,
    add_condition,
    add_other,
    add_own_columns,
    add_predicate,
    side_of,
    side_on,
)
from dbtune.sql.relations import BaseColumn
from dbtune.sql.scopes import QueryResult, Scope
from dbtune.sql.values import SQUASHED_MEMBERS, pattern_kind

_COMPARISONS: dict[type[exp.Expr], tuple[PredicateKind, str, str]] = {
    exp.EQ: ("equal", "=", "="),
    exp.NullSafeEQ: ("equal", "IS NOT DISTINCT FROM", "IS NOT DISTINCT FROM"),
    exp.NEQ: ("not_equal", "<>", "<>"),
    exp.NullSafeNEQ: ("not_equal", "IS DISTINCT FROM", "IS DISTINCT FROM"),
    exp.LT: ("range", "<", ">"),
    exp.LTE: ("range", "<=", ">="),
    exp.GT: ("range", ">", "<"),
    exp.GTE: ("range", ">=", "<="),
}
"""Kind, operator, and the operator with its sides exchanged."""

_PATTERNS: dict[type[exp.Expr], str] = {
    exp.Like: "LIKE",
    exp.ILike: "ILIKE",
    exp.RegexpLike: "~",
    exp.RegexpILike: "~*",
    exp.SimilarTo: "SIMILAR TO",
    exp.StartsWith: "^@",
}
_JSON_KEYS: dict[type[exp.Expr], str] = {
    exp.JSONBContainsTopKey: "?",
    exp.JSONBContainsAnyTopKeys: "?|",
    exp.JSONBContainsAllTopKeys: "?&",
    exp.JSONBPathExists: "@?",
}
_CONTAINMENT: dict[type[exp.Expr], tuple[str, str]] = {
    exp.ArrayContainsAll: ("@>", "<@"),
    exp.ArrayContainedBy: ("<@", "@>"),
    exp.ArrayOverlaps: ("&&", "&&"),
}
_RANGE_TYPES = ("int4range", "int8range", "numrange", "tsrange", "tstzrange", "daterange")


def gather_conditions(node: exp.Expr, scope: Scope, context: Context) -> None:
    """Add what a condition says to the relations it is about. Its columns have been read before."""
    node = strip(node)
    if isinstance(node, exp.And):
        gather_conditions(node.this, scope, context)
        gather_conditions(node.expression, scope, context)
    elif isinstance(node, exp.Or):
        below = replace(context, disjunct=True)
        gather_conditions(node.this, scope, below)
        gather_conditions(node.expression, scope, below)
    elif isinstance(node, exp.Not):
        _negated(strip(node.this), scope, context)
    else:
        _condition(node, scope, context)


def _condition(node: exp.Expr, scope: Scope, context: Context) -> None:
    if isinstance(node, exp.Escape):
        node = node.this
    if type(node) in _COMPARISONS:
        _comparison(node, scope, context)
    elif isinstance(node, exp.Between):
        _between(node, scope, context)
    elif isinstance(node, exp.In):
        _membership(node, scope, context)
    elif isinstance(node, exp.Is):
        _is(node, scope, context)
    elif type(node) in _PATTERNS:
        _pattern(node, scope, context)
    elif type(node) in _JSON_KEYS:
        add_condition(node.this, node.expression, "json_contains", _JSON_KEYS[type(node)], scope, context)
    elif type(node) in _CONTAINMENT:
        _containment(node, scope, context)
    elif isinstance(node, exp.MatchAgainst):
        _full_text(node, scope, context)
    elif isinstance(node, exp.Column):
        add_condition(node, None, "boolean", "", scope, context)
    elif scope.parsed.dialect == "mysql" and (found := json_members(node)):
        _json_members(node, found, scope, context)
    else:
        add_other(node, scope, context)


def _negated(node: exp.Expr, scope: Scope, context: Context) -> None:
    if isinstance(node, exp.Not):
        gather_conditions(node.this, scope, context)
    elif isinstance(node, exp.Column):
        add_condition(node, None, "boolean", "not", scope, context)
    elif isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        negated = node.args.get("negate")
        kind: PredicateKind = "is_null" if negated else "is_not_null"
        add_condition(node.this, None, kind, "IS NULL" if negated else "IS NOT NULL", scope, context)
    elif isinstance(node, exp.Is) and isinstance(node.expression, exp.Boolean):
        add_other(node, scope, context, f"IS NOT {node.expression.sql().upper()}")
    elif isinstance(node, exp.EQ):
        _compare(node.this, node.expression, ("not_equal", "<>", "<>"), scope, context)
    elif isinstance(node, exp.In) and not node.args.get("query"):
        add_condition(node.this, None, "not_equal", "NOT IN", scope, context)
    elif isinstance(node, exp.Exists) or (isinstance(node, exp.In) and node.args.get("query")):
        return  # an anti-join: the subquery's own conditions have been gathered with it
    else:
        add_other(node, scope, context, "NOT")


def _comparison(node: exp.Expr, scope: Scope, context: Context) -> None:
    left, right = strip(node.args["this"]), strip(node.args["expression"])
    operators = _COMPARISONS[type(node)]
    if isinstance(left, exp.Any) or _is_quantified(left):
        left, right, operators = right, left, (operators[0], operators[2], operators[1])
    if isinstance(right, exp.Any):
        _any(left, strip(right.this), operators, scope, context)
    elif _is_quantified(right):
        arguments = right.args.get("expressions") or [exp.null()]
        if str(right.this).lower() == "some":
            _any(left, strip(arguments[0]), operators, scope, context)
        else:
            add_other(node, scope, context, f"{operators[1]} ALL")
    else:
        rows = _rows(left, right)
        if rows is None:
            _compare(left, right, operators, scope, context)
        elif operators[0] == "equal":
            for one, other in rows:
                _compare(one, other, operators, scope, context)
        elif operators[0] == "range":
            # (a, b) > (x, y) is at least a >= x for an index that begins with a
            loose = {"<": "<=", ">": ">="}
            wider = ("range", loose.get(operators[1], operators[1]), loose.get(operators[2], operators[2]))
            _compare(rows[0][0], rows[0][1], wider, scope, context)  # type: ignore[arg-type]


def _is_quantified(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and str(node.this).lower() in ("all", "some")


def _rows(left: exp.Expr, right: exp.Expr) -> list[tuple[exp.Expr, exp.Expr]] | None:
    members = [_row(left), _row(right)]
    if members[0] is None or members[1] is None or len(members[0]) != len(members[1]):
        return None
    return list(zip(members[0], members[1], strict=True))


def _row(node: exp.Expr) -> list[exp.Expr] | None:
    is_row = isinstance(node, exp.Tuple) or (isinstance(node, exp.Anonymous) and str(node.this).lower() == "row")
    return list(node.expressions) if is_row else None


def _compare(
    left: exp.Expr,
    right: exp.Expr,
    operators: tuple[PredicateKind, str, str],
    scope: Scope,
    context: Context,
) -> None:
    kind, operator, exchanged = operators
    one, other = plain_column(left, scope), plain_column(right, scope)
    if one and other and one.use is other.use:
        add_own_columns(one, operator, other, kind, context)
        return
    if one and other and kind == "equal":
        join_columns(one, other, context)
        return
    add_condition(left, right, kind, operator, scope, context)
    add_condition(right, left, kind, exchanged, scope, context)


def join_columns(one: BaseColumn, other: BaseColumn, context: Context) -> None:
    if one.use is other.use:
        return
    if context.disjunct:
        for side, far in ((one, other), (other, one)):
            side.use.predicates.append(Predicate("equal", side.column, None, "=", disjunct=True, constant=False))
            far.use.columns.add(far.column)
        return
    for side, far in ((one, other), (other, one)):
        table = far.use.table.name
        side.use.joins.append(Join(side.column, table, far.column, far.use.alias, context.outer))


def _any(
    left: exp.Expr,
    right: exp.Expr,
    operators: tuple[PredicateKind, str, str],
    scope: Scope,
    context: Context,
) -> None:
    query = scope.queries.get(id(right))
    if query is not None:
        if operators[0] == "equal":
            _semi_join([left], query, scope, context)
        return
    array = plain_column(right, scope)
    if array is not None:  # value = ANY (column)
        add_condition(right, left, "array_contains" if operators[0] == "equal" else "other", "@>", scope, context)
        return
    if operators[0] == "equal":
        members = list(right.expressions) if isinstance(right, (exp.Array, exp.Tuple)) else []
        add_condition(left, tuple(members) or right, "in", "= ANY", scope, context, count=_members(members, scope))
    else:
        add_condition(left, right, "other", f"{operators[1]} ANY", scope, context)


def _members(members: list[exp.Expr], scope: Scope) -> int:
    if len(members) == 1 and isinstance(members[0], exp.Placeholder) and scope.parsed.squashed(str(members[0].this)):
        return SQUASHED_MEMBERS
    return max(1, len(members))


def _between(node: exp.Between, scope: Scope, context: Context) -> None:
    low, high = node.args["low"], node.args["high"]
    for bound, operators in ((low, (">=", "<=")), (high, ("<=", ">="))):
        add_condition(node.this, bound, "range", operators[0], scope, context)
        add_condition(bound, node.this, "range", operators[1], scope, context)


def _membership(node: exp.In, scope: Scope, context: Context) -> None:
    left = strip(node.this)
    query = node.args.get("query")
    if query is not None:
        result = scope.queries.get(id(strip_query(query)))
        if result is not None:
            _semi_join(_row(left) or [left], result, scope, context)
        return
    if node.args.get("field") is not None or node.args.get("unnest") is not None:
        add_condition(left, None, "in", "IN", scope, context)
        return
    members = list(node.expressions)
    row = _row(left)
    if row is None:
        add_condition(left, tuple(members), "in", "IN", scope, context, count=_members(members, scope))
        return
    for position, column in enumerate(row):
        values = tuple(strip(m).expressions[position] for m in members if len(strip(m).expressions) == len(row))
        add_condition(column, values, "in", "IN", scope, context, count=max(1, len(values)))


def _semi_join(left: list[exp.Expr], query: QueryResult, scope: Scope, context: Context) -> None:
    """``x IN (SELECT y …)``: a join of x with y."""
    for node, output in zip(left, query.outputs, strict=False):
        one = plain_column(node, scope)
        output.demand()
        base = output.base
        if one and base and not context.disjunct and query.uses:
            join_columns(one, base, context)
        elif one:
            add_predicate(side_of(one), "in", "IN", None, 1, context, constant=False)


def _is(node: exp.Is, scope: Scope, context: Context) -> None:
    if isinstance(node.expression, exp.Null) and node.args.get("negate"):
        add_condition(node.this, None, "is_not_null", "IS NOT NULL", scope, context)
    elif isinstance(node.expression, exp.Null):
        add_condition(node.this, None, "is_null", "IS NULL", scope, context)
    elif isinstance(node.expression, exp.Boolean) and node.args.get("negate"):
        add_other(node, scope, context, f"IS NOT {node.expression.sql().upper()}")
    elif isinstance(node.expression, exp.Boolean):
        add_condition(node.this, None, "boolean", "" if node.expression.this else "not", scope, context)
    else:
        add_other(node, scope, context)


def _pattern(node: exp.Expr, scope: Scope, context: Context) -> None:
    operator = _PATTERNS[type(node)]
    if node.args.get("negate"):
        add_condition(node.args["this"], None, "not_equal", f"NOT {operator}", scope, context)
        return
    pattern = strip(node.args["expression"])
    if isinstance(pattern, (exp.Any, exp.Anonymous)):
        add_condition(
            node.args["this"], None, "infix" if operator != "LIKE" else "prefix", f"{operator} ANY", scope, context
        )
        return
    add_condition(node.args["this"], pattern, pattern_kind(operator, pattern), operator, scope, context)


def _containment(node: exp.Expr, scope: Scope, context: Context) -> None:
    operator, exchanged = _CONTAINMENT[type(node)]
    for one, other, sign in (
        (node.args["this"], node.args["expression"], operator),
        (node.args["expression"], node.args["this"], exchanged),
    ):
        side = side_on(one, scope)
        if side is not None:
            kind = _containment_kind(side, sign)
            add_condition(one, other, kind, sign, scope, context)


def _containment_kind(side: Side, operator: str) -> PredicateKind:
    if side.category == "A" or side.type.endswith("[]"):
        return "array_contains"
    if side.type == "jsonb":
        return "json_contains" if operator == "@>" else "other"
    if side.type in _RANGE_TYPES or side.type.endswith("multirange") or side.category == "R":
        return "range_overlap"
    if side.expression and ("->" in side.expression or "jsonb" in side.expression):
        return "json_contains" if operator == "@>" else "other"
    return "other"


def _full_text(node: exp.MatchAgainst, scope: Scope, context: Context) -> None:
    sides = [side for side in (*node.expressions, node.this) if isinstance(side, exp.Expr)]
    if len(sides) != 2:
        return
    if not any(side_on(side, scope) for side in sides):
        add_other(node, scope, context, "@@")
    for one, other in ((sides[0], sides[-1]), (sides[-1], sides[0])):
        side = side_on(one, scope)
        if side is None:
            continue
        if side.type == "jsonb":
            add_condition(one, other, "json_contains", "@@", scope, context)
        elif side.type == "tsvector" or (side.expression and _is_vector(side.expression)):
            add_condition(one, other, "full_text", "@@", scope, context)
        elif side.type not in ("tsquery",):
            add_condition(one, other, "other", "@@", scope, context)


def _json_members(node: exp.Expr, found: tuple[JsonMembers, ...], scope: Scope, context: Context) -> None:
    one = next((condition for condition in found if side_on(condition.array, scope) is not None), None)
    side = side_on(one.array, scope) if one is not None else None
    if one is None or side is None:
        add_other(node, scope, context)
        return
    constant = len(base_columns(node, scope) or ()) == 1
    count = 1 if one.members is None else max(1, len(one.members))
    add_predicate(side, "json_members", one.operator, one.value, count, context, constant)


def _is_vector(expression: str) -> bool:
    return "to_tsvector" in expression or "setweight" in expression or "tsvector" in expression
