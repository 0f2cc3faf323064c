"""INSERT, UPDATE, DELETE and MERGE: what is written, and the relations that are read to find the rows."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from dbtune.model.access import Write
from dbtune.model.schema import Table
from dbtune.sql.from_items import add_from, add_joins
from dbtune.sql.operands import Context
from dbtune.sql.predicates import gather_conditions
from dbtune.sql.reading import read
from dbtune.sql.relations import Output, Source, TableSource, Use
from dbtune.sql.scopes import QueryResult, Scope, name_of
from dbtune.sql.with_queries import add_ctes


def analyse_write(node: exp.Expr, outer: Scope) -> QueryResult:
    """Analyse a data-modifying statement; its RETURNING columns are its result."""
    scope = Scope(outer.gathered, outer.parsed, outer)
    add_ctes(node, scope)
    if isinstance(node, exp.Insert):
        _insert(node, scope)
    elif isinstance(node, exp.Update):
        _update(node, scope)
    elif isinstance(node, exp.Delete):
        _delete(node, scope)
    elif isinstance(node, exp.Merge):
        _merge(node, scope)
    return _returning(node, scope)


def _target(node: exp.Expr, scope: Scope, *, read_too: bool) -> Table | None:
    """Bring the written table into sight. An INSERT's is not read, so it is no use of its own."""
    table_node = node.this if isinstance(node, exp.Schema) else node
    if not isinstance(table_node, exp.Table):
        scope.gathered.note("the written table could not be read")
        return None
    name = name_of(table_node.this)
    alias_node = table_node.args.get("alias")
    alias = name_of(alias_node.this) if isinstance(alias_node, exp.TableAlias) else name_of(alias_node) or name
    found = scope.gathered.relation(name_of(table_node.args.get("db")), name)
    if not isinstance(found, Table):
        if found is None:
            scope.gathered.note(f'relation "{name}" is not in the snapshot')
        else:
            scope.gathered.note(f'the view "{name}" is written through')
        scope.add(Source(alias, None))
        return None
    use = Use(found, alias, written=read_too)
    if read_too:
        scope.gathered.uses.append(use)
    scope.add(TableSource(use))
    return found


def _insert(node: exp.Insert, scope: Scope) -> None:
    body = node.args.get("expression")
    rows = None
    if isinstance(body, exp.Values):
        rows = float(len(body.expressions))
        for row in body.expressions:
            read(row, scope)
    elif isinstance(body, exp.Expr):
        scope.analyse(body, demanded=True)
    elif body is None:
        rows = 1.0  # DEFAULT VALUES
    table = _target(node.this, scope, read_too=False)
    if table is None:
        return
    scope.gathered.targets[id(node)] = table
    columns = [name_of(part) for part in node.this.expressions] if isinstance(node.this, exp.Schema) else []
    scope.gathered.writes.append(Write(table.name, "insert", frozenset(columns), rows))
    conflict = node.args.get("conflict")
    if conflict is not None and conflict.expressions:
        scope.add(Source("excluded", {column.name: Output(column.name) for column in table.columns}))
        for value in _assigned(conflict.expressions):
            read(value, scope)
        scope.gathered.writes.append(Write(table.name, "update", frozenset(_set_columns(conflict.expressions))))


def _update(node: exp.Update, scope: Scope) -> None:
    table = _target(node.this, scope, read_too=True)
    add_joins(node.this, scope, set())
    target = set(scope.sources)
    source = node.args.get("from_")
    if source is not None:
        add_from(source.this, scope)
    add_joins(node, scope, target)
    for value in _assigned(node.expressions):
        read(value, scope)
    _where(node, scope)
    if table is not None:
        scope.gathered.targets[id(node)] = table
        scope.gathered.writes.append(Write(table.name, "update", frozenset(_set_columns(node.expressions))))


def _delete(node: exp.Delete, scope: Scope) -> None:
    table = _target(node.this, scope, read_too=True)
    target = set(scope.sources)
    using = node.args.get("using") or []
    for item in using if isinstance(using, list) else [using]:
        add_from(item, scope)
    add_joins(node, scope, target)
    _where(node, scope)
    if table is not None:
        scope.gathered.writes.append(Write(table.name, "delete"))


def _merge(node: exp.Merge, scope: Scope) -> None:
    table = _target(node.this, scope, read_too=True)
    add_from(node.args["using"], scope)
    condition = node.args.get("on")
    if condition is not None:
        read(condition, scope)
        gather_conditions(condition, scope, Context())
    whens = node.args.get("whens")
    for when in whens.expressions if whens is not None else ():
        if when.args.get("condition") is not None:
            read(when.args["condition"], scope)
        then = when.args.get("then")
        if isinstance(then, exp.Update):
            for value in _assigned(then.expressions):
                read(value, scope)
            if table is not None:
                scope.gathered.targets[id(then)] = table
                scope.gathered.writes.append(Write(table.name, "update", frozenset(_set_columns(then.expressions))))
        elif isinstance(then, exp.Insert):
            if isinstance(then.args.get("expression"), exp.Expr):
                read(then.expression, scope)
            columns = [name_of(part.this) for part in getattr(then.this, "expressions", ())]
            if table is not None:
                scope.gathered.targets[id(then)] = table
                scope.gathered.writes.append(Write(table.name, "insert", frozenset(columns)))
        elif then is not None and "delete" in then.sql().lower() and table is not None:
            scope.gathered.writes.append(Write(table.name, "delete"))


def _where(node: exp.Expr, scope: Scope) -> None:
    where = node.args.get("where")
    if where is not None and isinstance(where.this, exp.Expr):
        read(where.this, scope)
        gather_conditions(where.this, scope, Context())


def _assigned(assignments: Iterable[exp.Expr]) -> Iterable[exp.Expr]:
    """Right sides of SET."""
    for assignment in assignments:
        if isinstance(assignment, exp.EQ):
            yield assignment.expression


def _set_columns(assignments: Iterable[exp.Expr]) -> Iterable[str]:
    """Columns on the left of SET: ``a = …``, ``(a, b) = …``, ``a[1] = …``, ``a.b = …``."""
    for assignment in assignments:
        left = assignment.this if isinstance(assignment, exp.EQ) else assignment
        members = left.expressions if isinstance(left, exp.Tuple) else [left]
        for member in members:
            column = member if isinstance(member, exp.Column) else member.find(exp.Column)
            if column is not None:
                # a.b sets field b of the composite column a
                yield name_of(column.args["table"] if column.args.get("table") is not None else column.this)


def _returning(node: exp.Expr, scope: Scope) -> QueryResult:
    clause = node.args.get("returning")
    if clause is None:
        return QueryResult([], complete=False)
    outputs: list[Output] = []
    for part in clause.expressions:
        value = part.this if isinstance(part, exp.Alias) else part
        if isinstance(value, exp.Star):
            for source in scope.sources.values():
                source.demand_all()
                outputs += [Output(name, (), False, False) for name in source.outputs or {}]
            continue
        read(value, scope)
        name = name_of(part.args["alias"]) if isinstance(part, exp.Alias) else name_of(getattr(value, "this", ""))
        outputs.append(Output(name, (), False, False))
    return QueryResult(outputs)
