"""ORDER BY, GROUP BY, DISTINCT, LIMIT and window orders that lie on one relation, so that an index could give them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from dbtune.model.access import OrderKey
from dbtune.sql.expressions import index_expression, plain_column, strip
from dbtune.sql.relations import Output, Use
from dbtune.sql.scopes import Scope, name_of


@dataclass(frozen=True)
class Key:
    """A key as written: its expression and its direction."""

    node: exp.Expr
    descending: bool = False
    nulls_first: bool = False


def gather_order(select: exp.Expr, scope: Scope) -> None:
    """Set order, grouping, limit and aggregates on the relations of a SELECT."""
    selected = list(select.expressions)
    order = order_keys(select.args.get("order"), selected, scope)
    group = _group_keys(select, selected, scope)
    distinct = select.args.get("distinct")
    if distinct is not None and not group:
        on = distinct.args.get("on")
        nodes = list(on.expressions) if isinstance(on, exp.Tuple) else [on] if on is not None else selected
        group = [Key(_input_first(strip(node), selected, scope)) for node in nodes]
    if not order:
        order = _window_keys(select, scope)
    for use, keys in _on_one_relation(group, scope):
        use.group_by = keys
    for use, keys in _on_one_relation(order, scope):
        use.order_by = keys
    if has_limit(select):
        for use in scope.uses:
            use.limit = True
    _gather_aggregates(select, scope)


def has_limit(query: exp.Expr) -> bool:
    """LIMIT or FETCH FIRST."""
    return query.args.get("limit") is not None or query.args.get("fetch") is not None


def order_keys(order: exp.Expr | None, selected: Sequence[exp.Expr], scope: Scope) -> list[Key]:
    """Keys of an ORDER BY: ordinals and names of the select list are replaced by what they stand for."""
    keys: list[Key] = []
    for ordered in order.expressions if order is not None else ():
        node = strip(ordered.this if isinstance(ordered, exp.Ordered) else ordered)
        descending = bool(ordered.args.get("desc"))
        nulls_first = bool(ordered.args.get("nulls_first", descending))
        keys.append(Key(_selected(node, selected, scope), descending, nulls_first))
    return keys


def gather_union_order(order: exp.Expr | None, outputs: Sequence[Output], limited: bool) -> None:
    """ORDER BY of a set operation: each branch can give it in order (a merge append)."""
    keys: list[tuple[Output, Key]] = []
    names = {output.name: output for output in outputs}
    for ordered in order.expressions if order is not None else ():
        node = strip(ordered.this if isinstance(ordered, exp.Ordered) else ordered)
        output = None
        if isinstance(node, exp.Literal) and str(node.this).isdigit() and 0 < int(node.this) <= len(outputs):
            output = outputs[int(node.this) - 1]
        elif isinstance(node, exp.Column):
            output = names.get(name_of(node.this))
        if output is None or not output.targets:
            return
        descending = bool(ordered.args.get("desc"))
        keys.append((output, Key(node, descending, bool(ordered.args.get("nulls_first", descending)))))
    if not keys:
        return
    uses = [target.use for target in keys[0][0].targets]
    for use in uses:
        columns = [next((t.column for t in output.targets if t.use is use), None) for output, _ in keys]
        if None not in columns:
            use.order_by = tuple(
                OrderKey(column, None, key.descending, key.nulls_first)
                for column, (_, key) in zip(columns, keys, strict=True)
            )
            use.limit = use.limit or limited


def _selected(node: exp.Expr, selected: Sequence[exp.Expr], scope: Scope) -> exp.Expr:
    """ORDER BY: an ordinal, else a name of the select list, else an expression over the FROM items."""
    if isinstance(node, exp.Literal) and not node.is_string and str(node.this).isdigit():
        position = int(node.this) - 1
        return _unaliased(selected[position]) if position < len(selected) else node
    if isinstance(node, exp.Column) and node.args.get("table") is None:
        return strip(scope.aliases.get(name_of(node.this), node))
    return node


def _input_first(node: exp.Expr, selected: Sequence[exp.Expr], scope: Scope) -> exp.Expr:
    """GROUP BY: an ordinal, else a column of the FROM items, else a name of the select list."""
    if isinstance(node, exp.Column) and scope.output(node) is not None:
        return node
    return _selected(_unaliased(node), selected, scope)


def _unaliased(node: exp.Expr) -> exp.Expr:
    return strip(node.this if isinstance(node, exp.Alias) else node)


def _group_keys(select: exp.Expr, selected: Sequence[exp.Expr], scope: Scope) -> list[Key]:
    group = select.args.get("group")
    if group is None or any(group.args.get(part) for part in ("rollup", "cube", "grouping_sets", "all")):
        return []
    return [Key(_input_first(strip(node), selected, scope)) for node in group.expressions]


def _window_keys(select: exp.Expr, scope: Scope) -> list[Key]:
    """The order that the first window function wants, where the query has none of its own."""
    if select.args.get("group") is not None:
        return []
    named = {name_of(window.this): window for window in select.args.get("windows") or ()}
    for projection in select.expressions:
        for window in projection.find_all(exp.Window):
            shape = named.get(name_of(window.args.get("alias")), window)
            partition = [Key(strip(node)) for node in shape.args.get("partition_by") or ()]
            keys = partition + order_keys(shape.args.get("order"), (), scope)
            if keys:
                return keys
    return []


def _on_one_relation(keys: Sequence[Key], scope: Scope) -> Iterable[tuple[Use, tuple[OrderKey, ...]]]:
    """The keys as order keys, where all of them lie on one relation."""
    found: list[tuple[Use, OrderKey]] = []
    for key in keys:
        if isinstance(key.node, (exp.Literal, exp.Placeholder, exp.Null)):
            continue
        base = plain_column(key.node, scope)
        if base is not None:
            found.append((base.use, OrderKey(base.column, None, key.descending, key.nulls_first)))
            continue
        expression = index_expression(key.node, scope)
        if expression is None:
            return []
        found.append((expression.use, OrderKey(None, expression.text, key.descending, key.nulls_first)))
    if not found or len({use for use, _ in found}) != 1:
        return []
    return [(found[0][0], tuple(dict.fromkeys(key for _, key in found)))]


def _gather_aggregates(select: exp.Expr, scope: Scope) -> None:
    for projection in select.expressions:
        for aggregate in projection.find_all(exp.Min, exp.Max):
            if aggregate.find_ancestor(exp.Select) is not select or aggregate.args.get("expressions"):
                continue
            base = plain_column(aggregate.this, scope)
            if base is not None:
                base.use.aggregates.append(("min" if isinstance(aggregate, exp.Min) else "max", base.column))
