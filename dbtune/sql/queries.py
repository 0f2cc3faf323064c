"""Queries: FROM items, WITH, subqueries, views and set operations brought into scopes, their expressions read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from sqlglot import exp

from dbtune.model.schema import Table, View
from dbtune.sql.expressions import strip
from dbtune.sql.ordering import gather_order, gather_union_order, has_limit
from dbtune.sql.parsing import Unparsable, parse
from dbtune.sql.predicates import Context, gather_conditions, join_columns, strip_query
from dbtune.sql.relations import Output, Source, TableSource, Use
from dbtune.sql.scopes import Cte, Gathered, QueryResult, Scope, name_of

MAX_VIEW_DEPTH = 20
_SYSTEM_SCHEMAS = ("pg_catalog", "information_schema", "pg_toast")

WriteAnalyser = Callable[[exp.Expr, Scope], QueryResult]
"""Analyses an INSERT, UPDATE, DELETE or MERGE that stands in a WITH; set by ``dbtune.sql.writes``."""

_write_analysers: list[WriteAnalyser] = []


def register_write_analyser(analyser: WriteAnalyser) -> WriteAnalyser:
    """Tell how data-modifying WITH queries are analysed (they need this module, which cannot need theirs)."""
    _write_analysers[:] = [analyser]
    return analyser


def analyse_query(node: exp.Expr, outer: Scope, *, demanded: bool = False) -> QueryResult:
    """Analyse a query standing in ``outer``. ``demanded``: all its columns are read (a statement's own query)."""
    node = _unwrapped(node)
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
    if isinstance(node, (exp.Insert, exp.Update, exp.Delete, exp.Merge)) and _write_analysers:
        return _write_analysers[0](node, outer)
    if isinstance(node, exp.Table):
        scope = Scope(outer.gathered, outer.parsed, outer)
        add_from(node, scope)
        source = next(iter(scope.sources.values()), None)
        return QueryResult(list((source.outputs or {}).values()) if source else [], tuple(scope.uses))
    outer.gathered.note(f"a query of an unknown kind ({type(node).__name__})")
    return QueryResult([], complete=False)


def _unwrapped(node: exp.Expr) -> exp.Expr:
    return strip_query(node)


def _parenthesised(node: exp.Subquery, outer: Scope, demanded: bool) -> QueryResult:
    """``(SELECT …) ORDER BY … LIMIT …`` and ``WITH … (SELECT …)``."""
    scope = Scope(outer.gathered, outer.parsed, outer)
    add_ctes(node, scope)
    limited = has_limit(node)
    result = analyse_query(node.this, scope, demanded=demanded)
    gather_union_order(node.args.get("order"), result.outputs, limited)
    return _opaque(result) if limited else result


def _set_operation(node: exp.SetOperation, outer: Scope, demanded: bool) -> QueryResult:
    scope = Scope(outer.gathered, outer.parsed, outer)
    add_ctes(node, scope)
    keeps_all = isinstance(node, exp.Union) and not node.args.get("distinct")
    left = analyse_query(node.left, scope, demanded=demanded or not keeps_all)
    right = analyse_query(node.right, scope, demanded=demanded or not keeps_all)
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
    return _opaque(result) if limited else result


def _opaque(result: QueryResult) -> QueryResult:
    """Seen through a LIMIT: conditions from outside cannot move in."""
    outputs = [Output(output.name, output.targets, False, False) for output in result.outputs]
    return QueryResult(outputs, (), result.correlated, result.complete)


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
    correlated = False
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
    correlated = _is_correlated(node, scope)
    return _result(node, scope, outputs, correlated, complete)


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
        name = name_of(part.args["alias"]) if isinstance(part, exp.Alias) else _implied_name(value)
        found = scope.output(value) if isinstance(value, exp.Column) else None
        if found is not None:
            if demanded:
                found.demand()
            outputs.append(replace(found, name=name))
        else:
            read(value, scope)
            outputs.append(Output(name, (), False, False, (value, scope)))
    return outputs, complete


def _implied_name(value: exp.Expr) -> str:
    if isinstance(value, exp.Column):
        return name_of(value.this)
    if isinstance(value, exp.Cast):
        return _implied_name(strip(value.this))
    if isinstance(value, exp.Dot):
        return name_of(value.expression)
    if isinstance(value, exp.Anonymous):
        return str(value.this).lower()
    if isinstance(value, exp.Exists):
        return "exists"
    if isinstance(value, exp.Func):
        return value.sql_name().lower()
    return "?column?"


def _is_correlated(node: exp.Expr, scope: Scope) -> bool:
    for column in node.find_all(exp.Column):
        if column.find_ancestor(exp.Query) is node:
            _, found = scope.find(column)
            if found is not None and found is not scope and found.sources:
                return True
    return any(result.correlated for result in scope.queries.values())


def add_ctes(node: exp.Expr, scope: Scope) -> None:
    """Analyse the WITH queries of a statement."""
    clause = node.args.get("with_")
    if clause is None:
        return
    for cte in clause.expressions:
        name = name_of(cte.args["alias"].this)
        names = [name_of(column) for column in cte.args["alias"].args.get("columns") or ()]
        body = _unwrapped(cte.this)
        if clause.args.get("recursive") and isinstance(body, exp.SetOperation) and _mentions(body.right, name):
            scope.ctes[name] = _recursive(body, name, names, scope)
            continue
        writes = isinstance(body, (exp.Insert, exp.Update, exp.Delete, exp.Merge))
        result = analyse_query(body, scope)
        references = sum(
            1 for table in node.find_all(exp.Table) if name_of(table.this) == name and not table.args.get("db")
        )
        inlined = not writes and (cte.args.get("materialized") is False or references <= 1)
        if not inlined or cte.args.get("materialized"):
            result = _opaque(result)
        source = result.source(name, names)
        scope.ctes[name] = Cte(dict(source.outputs) if source.outputs is not None else None, source.uses)


def _recursive(body: exp.SetOperation, name: str, names: Sequence[str], scope: Scope) -> Cte:
    """WITH RECURSIVE: the inner reference to itself is a work table, without an index."""
    add_ctes(body, scope)
    first = analyse_query(body.left, scope, demanded=True)
    columns = [names[at] if at < len(names) else output.name for at, output in enumerate(first.outputs)]
    cte = Cte({column: Output(column, (), False, False) for column in columns} if first.complete else None)
    scope.ctes[name] = cte
    analyse_query(body.right, scope, demanded=True)
    return cte


def _mentions(node: exp.Expr, name: str) -> bool:
    return any(name_of(table.this) == name for table in node.find_all(exp.Table))


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
        result = analyse_query(node if not isinstance(node, exp.Subquery) else _without_alias(node), scope)
        scope.add(result.source(*_alias(node)))
    elif isinstance(node, exp.Values):
        result = analyse_query(node, scope)
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
        scope.add(analyse_query(body, scope).source(alias, names))
    else:
        read(inner, scope)
        _add_named(alias or _implied_name(inner), names, scope)


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
        alias = alias or _implied_name(inner)
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
        result = analyse_query(parsed.tree, Scope(gathered, parsed))
    finally:
        gathered.view_depth -= 1
    for at, output in enumerate(result.outputs):
        column_type = view.columns[at].type if at < len(view.columns) else ""
        if not output.targets:
            result.outputs[at] = replace(output, type=column_type)
    return result.source(alias, [*names, *known[len(names) :]])


def read(node: exp.Expr, scope: Scope, aliases: dict[str, exp.Expr] | None = None) -> None:
    """Count every column below ``node`` as read, and analyse the subqueries in it."""
    if isinstance(node, (exp.Query, exp.Subquery)) and not isinstance(node, exp.Table):
        body = _unwrapped(node)
        if id(body) not in scope.queries:
            # EXISTS reads no column of its query; IN and comparisons read theirs
            demanded = not isinstance(node.parent, exp.Exists)
            scope.queries[id(body)] = analyse_query(body, scope, demanded=demanded)
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


def _children(value: object) -> Iterable[exp.Expr]:
    if isinstance(value, exp.Expr):
        yield value
    elif isinstance(value, list):
        yield from (part for part in value if isinstance(part, exp.Expr))
