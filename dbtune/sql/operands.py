"""What a predicate is on, and what it is compared with: the two sides of a condition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlglot import exp

from dbtune.ddl.quoting import identifier
from dbtune.model.access import Predicate, PredicateKind
from dbtune.sql.expressions import base_columns, index_expression, plain_column, strip
from dbtune.sql.relations import BaseColumn, Output, Use
from dbtune.sql.scopes import Scope
from dbtune.sql.values import literal_text


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


def add_other(node: exp.Expr, scope: Scope, context: Context, operator: str = "") -> None:
    """A condition of another kind: it is kept where it is about one relation only."""
    columns = base_columns(node, scope)
    if not columns or len({column.use for column in columns}) != 1:
        return
    names = tuple(dict.fromkeys(column.column for column in columns))
    side = Side(columns[0].use, names[0] if len(names) == 1 else None, None, names)
    add_predicate(side, "other", operator, None, 1, context, constant=True)


def add_own_columns(one: BaseColumn, operator: str, other: BaseColumn, kind: PredicateKind, context: Context) -> None:
    """Two columns of one row compared: a condition without a constant, which a partial index may hold."""
    if kind not in ("equal", "range") or one.column == other.column:
        return
    if one.type != other.type and not (one.category == other.category == "N"):
        return  # a cast between two types of time depends on the session's time zone: no index can hold it
    if operator in (">", ">="):  # written one way, so that statements that say the same have the same condition
        one, operator, other = other, operator.replace(">", "<"), one
    text = f"{identifier(one.column)} {operator} {identifier(other.column)}"
    side = Side(one.use, None, text, (one.column, other.column))
    add_predicate(side, "own_columns", operator, None, 1, context)


def side_on(node: exp.Expr, scope: Scope) -> Side | None:
    base = plain_column(node, scope)
    if base is not None:
        return side_of(base)
    found = index_expression(node, scope)
    return Side(found.use, None, found.text, found.columns) if found else None


def side_of(base: BaseColumn) -> Side:
    return Side(base.use, base.column, None, (), base.type, base.category)


def add_condition(
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
    side = side_on(node, scope)
    if side is not None:
        if not constant and any(side.use in _uses_of(member, scope) for member in values):
            return  # compared with a column of its own row
        add_predicate(side, kind, operator, text, count, context, constant)
        return
    if isinstance(node, exp.Column):
        output = scope.output(node)
        if output is not None and constant:
            _push_down(output, kind, operator, text, count, context)
        return
    if constant:
        add_other(node, scope, context, operator)


def _push_down(
    output: Output, kind: PredicateKind, operator: str, text: str | None, count: int, context: Context
) -> None:
    """A condition on a column of a subquery, tested on the base columns inside."""
    if output.pushable:
        for target in output.targets:
            add_predicate(side_of(target), kind, operator, text, count, replace(context, filterable=lambda _: True))


def add_predicate(
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
