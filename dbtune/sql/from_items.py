"""FROM items brought into sight: tables, views, WITH queries, subqueries, functions, and their joins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlglot import exp

from dbtune.model.schema import Table
from dbtune.model.schema_objects import View
from dbtune.sql.operands import Context
from dbtune.sql.parsing import Unparsable, parse
from dbtune.sql.predicates import gather_conditions, join_columns
from dbtune.sql.reading import implied_name, read
from dbtune.sql.relations import Output, Source, TableSource, Use
from dbtune.sql.scopes import Gathered, Scope, name_of

MAX_VIEW_DEPTH = 20
_SYSTEM_SCHEMAS = ("pg_catalog", "information_schema", "pg_toast")


def add_joins(node: exp.Expr, scope: Scope, before: set[str]) -> None:
    """Bring the joined items of a FROM clause into sight; ``before`` are aliases that do not take part in it."""
    for join in node.args.get("joins") or ():
        if not any(join.args.get(part) for part in ("kind", "side", "method", "on", "using")):
            before = set(scope.sources)  # a comma: what follows joins among itself
        add_join(join, scope, before)


def add_join(join: exp.Join, scope: Scope, before: set[str]) -> None:
    """Bring a joined item into sight and gather its condition."""
    former = scope.uses
    known = dict(scope.sources)
    add_from(join.this, scope)
    new = [source for alias, source in scope.sources.items() if alias not in known]
    side = str(join.args.get("side") or "").upper()
    joined = {use for source in new for use in source.uses}
    context = _join_context(side, joined, former)
    partners = [source for alias, source in known.items() if alias not in before]
    condition = join.args.get("on")
    if condition is not None:
        read(condition, scope)
        gather_conditions(condition, scope, context)
    names = [name_of(column) for column in join.args.get("using") or ()]
    if str(join.args.get("method") or "").upper() == "NATURAL":
        left = {name for source in partners for name in source.outputs or {}}
        names = [name for source in new for name in source.outputs or {} if name in left]
    for name in names:
        _merge(name, partners, new, scope, context)


def _join_context(side: str, joined: set[Use], before: Sequence[Use]) -> Context:
    former = set(before)
    if side == "LEFT":
        return Context(outer=True, filterable=lambda use: use in joined or use not in former)
    if side == "RIGHT":
        return Context(outer=True, filterable=lambda use: use not in joined)
    if side == "FULL":
        return Context(outer=True, filterable=lambda use: False)
    return Context()


def _merge(name: str, left: Iterable[Source], right: Iterable[Source], scope: Scope, context: Context) -> None:
    """A column of JOIN … USING: an equality of both sides, and one name for both."""
    sides = list(scope.merged.get(name, ()))
    if not sides:
        sides = [found for source in left if source.outputs and (found := source.output(name))][:1]
    sides += [found for source in right if source.outputs and (found := source.output(name))][:1]
    if len(sides) < 2:
        scope.gathered.note(f'column "{name}" of USING is not known on both sides')
    for output in sides:
        output.demand()
    one, other = (sides[0].base, sides[-1].base) if len(sides) > 1 else (None, None)
    if one and other:
        join_columns(one, other, context)
    scope.merged[name] = tuple(sides)


def add_from(node: exp.Expr, scope: Scope) -> None:
    """Bring a FROM item into sight: a table, view, WITH query, subquery, function, or a join in parentheses."""
    before = set(scope.sources)
    if isinstance(node, exp.Lateral):
        _add_lateral(node, scope)
    elif isinstance(node, exp.Subquery) and isinstance(_inside(node), exp.Table):
        _add_parenthesised_join(node, scope)
    elif isinstance(node, (exp.Subquery, exp.Query)):
        result = scope.analyse(node if not isinstance(node, exp.Subquery) else _without_alias(node))
        scope.add(result.source(*_alias(node)))
    elif isinstance(node, exp.Values):
        result = scope.analyse(node)
        scope.add(result.source(*_alias(node)))
    elif isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
        scope.add(_table(node, scope))
    else:
        _add_function(node, scope)
    add_joins(node, scope, before)


def _inside(node: exp.Expr) -> exp.Expr:
    while isinstance(node, (exp.Subquery, exp.Paren)):
        node = node.this
    return node


def _without_alias(node: exp.Subquery) -> exp.Expr:
    return node.this if not any(node.args.get(part) for part in ("with_", "order", "limit", "offset")) else node


def _add_parenthesised_join(node: exp.Subquery, scope: Scope) -> None:
    add_from(node.this, scope)
    alias, _ = _alias(node)
    if alias:  # (a JOIN b …) AS x hides a and b
        scope.gathered.note(f'columns of the aliased join "{alias}"')
        scope.add(Source(alias, None))


def _alias(node: exp.Expr) -> tuple[str, list[str]]:
    alias = node.args.get("alias")
    if not isinstance(alias, exp.TableAlias):
        return name_of(alias), []
    columns = [
        name_of(part.this if isinstance(part, exp.ColumnDef) else part) for part in alias.args.get("columns") or ()
    ]
    return name_of(alias.this), columns


def _add_lateral(node: exp.Lateral, scope: Scope) -> None:
    inner = node.this
    alias, names = _alias(node)
    if isinstance(inner, (exp.Subquery, exp.Query)):
        body = _without_alias(inner) if isinstance(inner, exp.Subquery) else inner
        scope.add(scope.analyse(body).source(alias, names))
    else:
        read(inner, scope)
        _add_named(alias or implied_name(inner), names, scope)


def _add_function(node: exp.Expr, scope: Scope) -> None:
    """A function in FROM; its columns are known where an alias names them."""
    alias, names = _alias(node)
    inner = node.this if isinstance(node, exp.Table) else node
    if isinstance(node, exp.Unnest):
        for part in node.expressions:
            read(part, scope)
        offset = node.args.get("offset")
        names = [*names, name_of(offset)] if isinstance(offset, exp.Identifier) else names
        _add_named(alias or "unnest", names, scope)
        return
    for function in node.args.get("rows_from") or ():
        read(function.this, scope)
    if isinstance(inner, exp.Expr):
        read(inner, scope)
        alias = alias or implied_name(inner)
    _add_named(alias, names, scope)


def _add_named(alias: str, names: Sequence[str], scope: Scope) -> None:
    del names  # a composite result has further columns: any name is accepted
    scope.add(Source(alias, None))


def _table(node: exp.Table, scope: Scope) -> Source:
    schema, name = name_of(node.args.get("db")), name_of(node.this)
    alias, names = _alias(node)
    alias = alias or name
    cte = scope.cte(name) if not schema else None
    if cte is not None:
        outputs = cte.outputs
        if outputs is not None and names:
            outputs = {names[at] if at < len(names) else key: value for at, (key, value) in enumerate(outputs.items())}
        return Source(alias, outputs, cte.uses)
    found = scope.gathered.relation(schema, name)
    if isinstance(found, Table):
        return table_source(found, alias, names, scope.gathered)
    if isinstance(found, View):
        return _view(found, alias, names, scope)
    if any(sequence.name.name == name for sequence in scope.gathered.snapshot.sequences):
        return Source(alias, {column: Output(column) for column in ("last_value", "log_cnt", "is_called")})
    if schema not in _SYSTEM_SCHEMAS and not name.startswith(("pg_", "sql_")):
        scope.gathered.note(f'relation "{schema + "." if schema else ""}{name}" is not in the snapshot')
    return Source(alias, None)


def table_source(table: Table, alias: str, names: Sequence[str], gathered: Gathered) -> TableSource:
    """A new use of a table."""
    use = Use(table, alias)
    gathered.uses.append(use)
    columns = [column.name for column in table.columns]
    renamed = {names[at] if at < len(names) else column: column for at, column in enumerate(columns)}
    return TableSource(use, renamed)


def _view(view: View, alias: str, names: Sequence[str], scope: Scope) -> Source:
    """A view is the query behind it, with its columns' names."""
    gathered = scope.gathered
    known = [column.name for column in view.columns]
    try:
        if gathered.view_depth >= MAX_VIEW_DEPTH:
            raise Unparsable("the views are nested too deeply")
        parsed = parse(view.definition.strip().rstrip(";"), gathered.snapshot.server.dialect)
    except Unparsable as error:
        gathered.note(f'the view "{view.name}" could not be read: {error}')
        return Source(alias, None)
    gathered.view_depth += 1
    try:
        result = Scope(gathered, parsed).analyse(parsed.tree)
    finally:
        gathered.view_depth -= 1
    for at, output in enumerate(result.outputs):
        column_type = view.columns[at].type if at < len(view.columns) else ""
        if not output.targets:
            result.outputs[at] = replace(output, type=column_type)
    return result.source(alias, [*names, *known[len(names) :]])
