"""Conditions of WHERE, ON and HAVING sorted into predicates on one relation and joins between two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlglot import exp

from dbtune.model.access import Join, Predicate, PredicateKind
from dbtune.sql.expressions import base_columns, index_expression, plain_column, strip
from dbtune.sql.relations import BaseColumn, Output, Use
from dbtune.sql.scopes import QueryResult, Scope
from dbtune.sql.values import SQUASHED_MEMBERS, literal_text, pattern_kind

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


@dataclass(frozen=True)
class Context:
    """Where a condition stands."""

    disjunct: bool = False
    outer: bool = False
    filterable: Callable[[Use], bool] = lambda use: True
    """Whether the condition removes rows of the relation: the preserved side of an outer join keeps them."""


@dataclass(frozen=True)
class Side:
    """What a predicate is on: a column, or an immutable expression, of one relation."""

    use: Use
    column: str | None
    expression: str | None
    columns: tuple[str, ...]
    type: str = ""
    category: str = "X"


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
        _add(node.this, node.expression, "json_contains", _JSON_KEYS[type(node)], scope, context)
    elif type(node) in _CONTAINMENT:
        _containment(node, scope, context)
    elif isinstance(node, exp.MatchAgainst):
        _full_text(node, scope, context)
    elif isinstance(node, exp.Column):
        _add(node, None, "boolean", "", scope, context)
    else:
        _other(node, scope, context)


def _negated(node: exp.Expr, scope: Scope, context: Context) -> None:
    if isinstance(node, exp.Not):
        gather_conditions(node.this, scope, context)
    elif isinstance(node, exp.Column):
        _add(node, None, "boolean", "not", scope, context)
    elif isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        negated = node.args.get("negate")
        kind: PredicateKind = "is_null" if negated else "is_not_null"
        _add(node.this, None, kind, "IS NULL" if negated else "IS NOT NULL", scope, context)
    elif isinstance(node, exp.Is) and isinstance(node.expression, exp.Boolean):
        _other(node, scope, context, f"IS NOT {node.expression.sql().upper()}")
    elif isinstance(node, exp.EQ):
        _compare(node.this, node.expression, ("not_equal", "<>", "<>"), scope, context)
    elif isinstance(node, exp.In) and not node.args.get("query"):
        _add(node.this, None, "not_equal", "NOT IN", scope, context)
    elif isinstance(node, exp.Exists) or (isinstance(node, exp.In) and node.args.get("query")):
        return  # an anti-join: the subquery's own conditions have been gathered with it
    else:
        _other(node, scope, context, "NOT")


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
            _other(node, scope, context, f"{operators[1]} ALL")
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
    if kind == "equal":
        one, other = plain_column(left, scope), plain_column(right, scope)
        if one and other:
            join_columns(one, other, context)
            return
    _add(left, right, kind, operator, scope, context)
    _add(right, left, kind, exchanged, scope, context)


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
        _add(right, left, "array_contains" if operators[0] == "equal" else "other", "@>", scope, context)
        return
    if operators[0] == "equal":
        members = list(right.expressions) if isinstance(right, (exp.Array, exp.Tuple)) else []
        _add(left, tuple(members) or right, "in", "= ANY", scope, context, count=_members(members, scope))
    else:
        _add(left, right, "other", f"{operators[1]} ANY", scope, context)


def _members(members: list[exp.Expr], scope: Scope) -> int:
    if len(members) == 1 and isinstance(members[0], exp.Placeholder) and scope.parsed.squashed(str(members[0].this)):
        return SQUASHED_MEMBERS
    return max(1, len(members))


def _between(node: exp.Between, scope: Scope, context: Context) -> None:
    low, high = node.args["low"], node.args["high"]
    for bound, operators in ((low, (">=", "<=")), (high, ("<=", ">="))):
        _add(node.this, bound, "range", operators[0], scope, context)
        _add(bound, node.this, "range", operators[1], scope, context)


def _membership(node: exp.In, scope: Scope, context: Context) -> None:
    left = strip(node.this)
    query = node.args.get("query")
    if query is not None:
        result = scope.queries.get(id(strip_query(query)))
        if result is not None:
            _semi_join(_row(left) or [left], result, scope, context)
        return
    if node.args.get("field") is not None or node.args.get("unnest") is not None:
        _add(left, None, "in", "IN", scope, context)
        return
    members = list(node.expressions)
    row = _row(left)
    if row is None:
        _add(left, tuple(members), "in", "IN", scope, context, count=_members(members, scope))
        return
    for position, column in enumerate(row):
        values = tuple(strip(m).expressions[position] for m in members if len(strip(m).expressions) == len(row))
        _add(column, values, "in", "IN", scope, context, count=max(1, len(values)))


def strip_query(node: exp.Expr) -> exp.Expr:
    """The query in its parentheses."""
    while isinstance(node, (exp.Subquery, exp.Paren)) and not any(
        node.args.get(part) for part in ("with_", "order", "limit", "offset", "alias", "joins")
    ):
        node = node.this
    return node


def _semi_join(left: list[exp.Expr], query: QueryResult, scope: Scope, context: Context) -> None:
    """``x IN (SELECT y …)``: a join of x with y."""
    for node, output in zip(left, query.outputs, strict=False):
        one = plain_column(node, scope)
        output.demand()
        base = output.base
        if one and base and not context.disjunct and query.uses:
            join_columns(one, base, context)
        elif one:
            _add_predicate(_side_of(one), "in", "IN", None, 1, context, constant=False)


def _is(node: exp.Is, scope: Scope, context: Context) -> None:
    if isinstance(node.expression, exp.Null) and node.args.get("negate"):
        _add(node.this, None, "is_not_null", "IS NOT NULL", scope, context)
    elif isinstance(node.expression, exp.Null):
        _add(node.this, None, "is_null", "IS NULL", scope, context)
    elif isinstance(node.expression, exp.Boolean) and node.args.get("negate"):
        _other(node, scope, context, f"IS NOT {node.expression.sql().upper()}")
    elif isinstance(node.expression, exp.Boolean):
        _add(node.this, None, "boolean", "" if node.expression.this else "not", scope, context)
    else:
        _other(node, scope, context)


def _pattern(node: exp.Expr, scope: Scope, context: Context) -> None:
    operator = _PATTERNS[type(node)]
    if node.args.get("negate"):
        _add(node.args["this"], None, "not_equal", f"NOT {operator}", scope, context)
        return
    pattern = strip(node.args["expression"])
    if isinstance(pattern, (exp.Any, exp.Anonymous)):
        _add(node.args["this"], None, "infix" if operator != "LIKE" else "prefix", f"{operator} ANY", scope, context)
        return
    _add(node.args["this"], pattern, pattern_kind(operator, pattern), operator, scope, context)


def _containment(node: exp.Expr, scope: Scope, context: Context) -> None:
    operator, exchanged = _CONTAINMENT[type(node)]
    for one, other, sign in (
        (node.args["this"], node.args["expression"], operator),
        (node.args["expression"], node.args["this"], exchanged),
    ):
        side = _side(one, scope)
        if side is not None:
            kind = _containment_kind(side, sign)
            _add(one, other, kind, sign, scope, context)


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
    sides = [*node.expressions, node.this]
    if not any(_side(side, scope) for side in sides):
        _other(node, scope, context, "@@")
    for one, other in ((sides[0], sides[-1]), (sides[-1], sides[0])):
        side = _side(one, scope)
        if side is None:
            continue
        if side.type == "jsonb":
            _add(one, other, "json_contains", "@@", scope, context)
        elif side.type == "tsvector" or (side.expression and _is_vector(side.expression)):
            _add(one, other, "full_text", "@@", scope, context)
        elif side.type not in ("tsquery",):
            _add(one, other, "other", "@@", scope, context)


def _is_vector(expression: str) -> bool:
    return "to_tsvector" in expression or "setweight" in expression or "tsvector" in expression


def _other(node: exp.Expr, scope: Scope, context: Context, operator: str = "") -> None:
    """A condition of another kind: it is kept where it is about one relation only."""
    columns = base_columns(node, scope)
    if not columns or len({column.use for column in columns}) != 1:
        return
    names = tuple(dict.fromkeys(column.column for column in columns))
    side = Side(columns[0].use, names[0] if len(names) == 1 else None, None, names)
    _add_predicate(side, "other", operator, None, 1, context, constant=True)


def _side(node: exp.Expr, scope: Scope) -> Side | None:
    base = plain_column(node, scope)
    if base is not None:
        return _side_of(base)
    found = index_expression(node, scope)
    return Side(found.use, None, found.text, found.columns) if found else None


def _side_of(base: BaseColumn) -> Side:
    return Side(base.use, base.column, None, (), base.type, base.category)


def _add(
    node: exp.Expr,
    value: exp.Expr | tuple[exp.Expr, ...] | None,
    kind: PredicateKind,
    operator: str,
    scope: Scope,
    context: Context,
    count: int = 1,
) -> None:
    """A predicate on ``node``, where that is a column or an immutable expression of one relation."""
    node = strip(node)
    if not any(node.find_all(exp.Column)):
        return
    values = value if isinstance(value, tuple) else (value,) if value is not None else ()
    constant = all(_is_constant(member, scope) for member in values)
    text = _literals(values, is_list=isinstance(value, tuple))
    side = _side(node, scope)
    if side is not None:
        if not constant and any(side.use in _uses_of(member, scope) for member in values):
            return  # compared with a column of its own row
        _add_predicate(side, kind, operator, text, count, context, constant)
        return
    if isinstance(node, exp.Column):
        output = scope.output(node)
        if output is not None and constant:
            _push_down(output, kind, operator, text, count, context)
        return
    if constant:
        _other(node, scope, context, operator)


def _push_down(
    output: Output, kind: PredicateKind, operator: str, text: str | None, count: int, context: Context
) -> None:
    """A condition on a column of a subquery, tested on the base columns inside."""
    if output.pushable:
        for target in output.targets:
            _add_predicate(_side_of(target), kind, operator, text, count, replace(context, filterable=lambda _: True))


def _add_predicate(
    side: Side,
    kind: PredicateKind,
    operator: str,
    text: str | None,
    count: int,
    context: Context,
    constant: bool = True,
) -> None:
    if not context.filterable(side.use):
        return
    if kind in ("array_contains", "json_contains") and side.column and side.type and operator == "":
        kind = "other"
    side.use.predicates.append(
        Predicate(kind, side.column, side.expression, operator, text, count, side.columns, context.disjunct, constant)
    )


def _literals(values: tuple[exp.Expr, ...], *, is_list: bool) -> str | None:
    texts = [literal_text(value) for value in values]
    if not texts or None in texts:
        return None
    joined = ", ".join(text for text in texts if text is not None)
    return f"({joined})" if is_list else joined


def _is_constant(value: exp.Expr, scope: Scope) -> bool:
    """No column of a relation in it; a subquery counts as constant when it does not depend on the row."""
    for node in value.walk(prune=lambda part: id(part) in scope.queries):
        result = scope.queries.get(id(node))
        if isinstance(node, exp.Column) or (result is not None and result.correlated):
            return False
    return True


def _uses_of(value: exp.Expr, scope: Scope) -> set[Use]:
    found: set[Use] = set()
    for column in value.find_all(exp.Column):
        output = scope.output(column)
        found.update(target.use for target in output.targets) if output else None
    return found
