"""Where each parameter of a statement stands: what it is compared with, and what the server will take it for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from sqlglot import exp

from dbtune.model.schema import Column, Table
from dbtune.sql.arguments import NAMED_ARGUMENTS
from dbtune.sql.expressions import strip
from dbtune.sql.parsing import Parsed
from dbtune.sql.scopes import Gathered, name_of
from dbtune.sql.value_types import describe

Role = Literal[
    "equal",
    "member",  # of an IN list
    "lower",
    "upper",
    "array",  # = ANY ($1)
    "prefix",
    "infix",
    "contained",  # column @> $1, && $1
    "key",  # payload ->> $1, payload ? $1
    "limit",
    "offset",
    "value",  # written, or returned, as a column's value
    "number",
    "interval",
    "condition",  # stands for a boolean
    "text",
    "argument",
    "row_order",  # ORDER BY $1
    "unknown",
]


@dataclass(frozen=True)
class Site:
    """The place of one parameter."""

    role: Role
    column: Column | None = None
    type: str = ""
    """The type it has by a cast or its column, where known."""
    paired: bool = False
    """A bound whose column has the other bound in a parameter too."""
    position: int = 0
    """Among the members of its list, or the arguments of its function."""
    function: str = ""
    """The function it is an argument of; ``cast`` where only a cast to ``type`` gives it that type."""
    arguments: int = 0
    key: str = ""
    """The relation's column it is compared with, to find its pair."""


_LOWER = (exp.GT, exp.GTE)
_UPPER = (exp.LT, exp.LTE)
_EQUAL = (exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.NullSafeNEQ)
_PATTERNS = (exp.Like, exp.ILike, exp.SimilarTo, exp.RegexpLike, exp.RegexpILike, exp.StartsWith)
_SEE_THROUGH = (
    exp.Paren,
    exp.Coalesce,
    exp.Case,
    exp.If,
    exp.Lower,
    exp.Upper,
    exp.Trim,
    exp.Nullif,
    exp.Tuple,
    exp.Alias,
)
_KEYS = (exp.JSONExtract, exp.JSONExtractScalar, exp.JSONBExtract, exp.JSONBExtractScalar, exp.JSONBContainsTopKey)
_KEY_ARRAYS = (exp.JSONBContainsAnyTopKeys, exp.JSONBContainsAllTopKeys, exp.JSONBDeleteAtPath)
_PATHS = (exp.JSONBExtract, exp.JSONBExtractScalar)
_CONTAINMENT = (exp.ArrayContainsAll, exp.ArrayContainedBy, exp.ArrayOverlaps)


def sites(parsed: Parsed, gathered: Gathered) -> dict[int, Site]:
    """The site of each parameter, by its number. One that stands in several places has the most telling one."""
    found: dict[int, Site] = {}
    for node in parsed.tree.find_all(exp.Placeholder):
        name = str(node.this or "")
        if not (name.startswith("p") and name[1:].isdigit()):
            continue
        number = int(name[1:])
        if number <= len(parsed.parameters):
            site = _site(node, gathered)
            prefix = parsed.parameters[number - 1].type_name
            found[number] = replace(site, type=prefix) if prefix else site
    return _with_pairs(found)


def _with_pairs(found: dict[int, Site]) -> dict[int, Site]:
    lower = {site.key for site in found.values() if site.role == "lower"}
    upper = {site.key for site in found.values() if site.role == "upper"}
    both = (lower & upper) - {""}
    return {number: replace(site, paired=True) if site.key in both else site for number, site in found.items()}


def _site(node: exp.Expr, gathered: Gathered) -> Site:
    """Go up from the parameter until something says what it is."""
    cast = ""
    child, parent = node, node.parent
    position = 0
    in_array = quantified = False
    while parent is not None:
        if isinstance(parent, (exp.Cast, exp.TryCast)):
            cast = cast or parent.to.sql(dialect="postgres")
        elif isinstance(parent, (exp.Array, exp.Tuple)) or _is_row(parent):
            position = _index(parent.expressions, child)
            in_array = in_array or isinstance(parent, exp.Array)
        elif isinstance(parent, exp.Any) or (isinstance(parent, exp.Anonymous) and _name(parent) in ("all", "some")):
            quantified = not in_array
        elif not isinstance(parent, (exp.Paren, exp.Neg)):
            found = _by_parent(node, child, parent, position, gathered)
            if found is not None:
                if quantified and found.role in ("equal", "lower", "upper", "prefix", "infix", "array"):
                    found = replace(found, role="array")
                elif in_array and found.role == "equal":
                    found = replace(found, role="member", position=position)
                elif in_array and found.role == "key":
                    found = replace(found, type="")
                return replace(found, type=cast or found.type)
            if not isinstance(parent, _SEE_THROUGH):
                break
        child, parent = parent, parent.parent
    return Site("unknown", type=cast)


def _by_parent(node: exp.Expr, child: exp.Expr, parent: exp.Expr, position: int, gathered: Gathered) -> Site | None:
    """What the node above says of the parameter; None: look further up."""
    if isinstance(parent, (exp.Limit, exp.Fetch)):
        return Site("limit")
    if isinstance(parent, exp.Offset):
        return Site("offset")
    if isinstance(parent, exp.EQ) and isinstance(parent.parent, (exp.Update, exp.OnConflict)):
        return _written(parent, child, position, gathered)
    if isinstance(parent, (*_EQUAL, *_LOWER, *_UPPER)):
        return _compared(child, parent, position, gathered)
    if isinstance(parent, exp.Between):
        return _bound(child, parent, gathered)
    if isinstance(parent, exp.In):
        return _listed(node, child, parent, position, gathered)
    if isinstance(parent, _PATTERNS):
        return _patterned(node, child, parent, gathered)
    if isinstance(parent, _CONTAINMENT):
        other = parent.expression if parent.this is child else parent.this
        column, type_name = describe(other, gathered)
        return Site("contained", column, type_name)
    if isinstance(parent, (*_KEYS, *_KEY_ARRAYS)):
        if parent.this is child:
            return Site("value", type="jsonb", function="cast")
        return Site("key", type="text[]" if isinstance(parent, (*_KEY_ARRAYS, *_PATHS)) else "")
    if isinstance(parent, exp.JSONBPathExists):
        return Site("value", type="jsonpath")
    if isinstance(parent, exp.AtTimeZone) and parent.args.get("zone") is child:
        return Site("value", function="time zone")
    if isinstance(parent, (exp.Where, exp.Join, exp.And, exp.Or, exp.Not, exp.Having, exp.Filter)):
        return Site("condition") if not isinstance(parent, exp.Join) or parent.args.get("on") is child else None
    if isinstance(parent, exp.Values) and not isinstance(parent.parent, exp.Insert):
        return _of_column_named(_values_name(parent, position), node, gathered)
    if isinstance(parent, exp.Values) or (isinstance(parent, exp.Insert) and isinstance(child, exp.Tuple)):
        return _inserted(parent, position, gathered)
    if isinstance(parent, (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)):
        return _computed(child, parent, gathered)
    if isinstance(parent, (exp.DPipe, exp.Concat, exp.ConcatWs)):
        return _concatenated(node, parent, gathered)
    if isinstance(parent, exp.Bracket):
        return Site("number")
    if isinstance(parent, (exp.Ordered, exp.Group)):
        return Site("row_order")
    if isinstance(parent, exp.MatchAgainst):
        return Site("text", type="tsquery")
    if isinstance(parent, exp.Select):
        return _selected(child, parent, gathered)
    if isinstance(parent, exp.Interval):
        return Site("interval", type="interval")
    if isinstance(parent, exp.Is):
        return Site("unknown", function="is")
    if isinstance(parent, exp.Case) and parent.this is child:
        return Site("text")
    if isinstance(parent, exp.If) and parent.this is child:
        return _case_value(parent, gathered)
    if isinstance(parent, (exp.Coalesce, exp.Nullif)) and parent.this is not child:
        column, type_name = describe(parent.this, gathered)
        return Site("equal", column, type_name) if type_name else None
    if isinstance(parent, exp.Kwarg):
        return Site("number")
    if isinstance(parent, exp.Func) and not isinstance(parent, _SEE_THROUGH):
        return _argument(child, parent)
    if isinstance(parent, exp.Binary) and not isinstance(parent, exp.Escape):
        column, type_name = describe(parent.expression if parent.this is child else parent.this, gathered)
        return Site("equal", column, type_name) if type_name else Site("number")
    return None


def _compared(child: exp.Expr, parent: exp.Expr, position: int, gathered: Gathered) -> Site:
    is_right = parent.args.get("expression") is child
    other = strip(parent.args["this"] if is_right else parent.args["expression"])
    if isinstance(other, exp.Any):  # $1 = ANY (column)
        column, type_name = describe(strip(other.this), gathered)
        return Site("contained", column, type_name, function="element")
    members = other.expressions if isinstance(other, exp.Tuple) or _is_row(other) else []
    if members and position < len(members):
        other = members[position]
    column, type_name = describe(other, gathered)
    key = other.sql() if isinstance(other, exp.Column) else ""
    role: Role = "equal"
    if isinstance(parent, (*_LOWER, *_UPPER)):
        role = "lower" if isinstance(parent, _LOWER) == is_right else "upper"
    return Site(role, column, type_name, key=key)


def _bound(child: exp.Expr, parent: exp.Between, gathered: Gathered) -> Site:
    if parent.this is child:
        column, type_name = describe(parent.args["low"], gathered)
        return Site("equal", column, type_name)
    column, type_name = describe(parent.this, gathered)
    key = parent.this.sql()
    return Site("lower" if parent.args["low"] is child else "upper", column, type_name, key=key)


def _listed(node: exp.Expr, child: exp.Expr, parent: exp.In, position: int, gathered: Gathered) -> Site | None:
    if parent.this is child:
        members = parent.expressions
        column, type_name = describe(members[0], gathered) if members else (None, "")
        return Site("equal", column, type_name)
    place = _index(parent.expressions, child)
    left = strip(parent.this)
    if isinstance(left, exp.Tuple) and position < len(left.expressions):
        left = left.expressions[position]
    column, type_name = describe(left, gathered)
    del node
    return Site("member", column, type_name, position=place)


def _patterned(node: exp.Expr, child: exp.Expr, parent: exp.Expr, gathered: Gathered) -> Site:
    if parent.args.get("this") is child:
        return Site("text")
    column, type_name = describe(parent.args["this"], gathered)
    if child is not node and isinstance(child, (exp.DPipe, exp.Concat)):
        return Site("text", column, type_name)
    infix = isinstance(parent, (exp.ILike, exp.SimilarTo))
    plain = isinstance(parent, (exp.RegexpLike, exp.RegexpILike, exp.StartsWith))
    return Site("text" if plain else "infix" if infix else "prefix", column, type_name)


def _concatenated(node: exp.Expr, parent: exp.Expr, gathered: Gathered) -> Site:
    """``LIKE '%' || $1 || '%'``: a piece of the column's text."""
    above: exp.Expr | None = parent
    while above is not None and isinstance(above, (exp.DPipe, exp.Concat, exp.Paren, exp.Cast)):
        above = above.parent
    if isinstance(above, _PATTERNS):
        column, type_name = describe(above.args["this"], gathered)
        return Site("text", column, type_name)
    del node
    other = list(parent.find_all(exp.Column))
    if len(other) == 1:
        column, type_name = describe(other[0], gathered)
        if type_name.endswith("[]"):
            return Site("value", None, type_name)
        if type_name == "jsonb":
            return Site("value", None, "jsonb")
    return Site("text", type="text")


def _written(parent: exp.EQ, child: exp.Expr, position: int, gathered: Gathered) -> Site | None:
    """SET column = $1, also within an expression."""
    if parent.args.get("expression") is not child:
        return Site("number")
    statement = parent.parent
    while statement is not None and id(statement) not in gathered.targets:
        statement = statement.parent
    table = gathered.targets.get(id(statement)) if statement is not None else None
    left = parent.this
    members = left.expressions if isinstance(left, exp.Tuple) else [left]
    column = members[min(position, len(members) - 1)]
    found = column if isinstance(column, exp.Column) else column.find(exp.Column)
    return _value_of(table, name_of(found.this) if found is not None else "")


def _inserted(parent: exp.Expr, position: int, gathered: Gathered) -> Site:
    statement = parent if isinstance(parent, exp.Insert) else parent.parent
    if statement is None:
        return Site("value")
    table = gathered.targets.get(id(statement))
    target = statement.this if isinstance(statement, exp.Insert) else None
    if table is None or target is None:
        return Site("value")
    listed = getattr(target, "expressions", [])
    names = [name_of(part.this if isinstance(part, exp.Column) else part) for part in listed]
    names = names or [column.name for column in table.columns]
    return _value_of(table, names[position]) if position < len(names) else Site("value")


def _selected(child: exp.Expr, parent: exp.Select, gathered: Gathered) -> Site:
    """The select list of INSERT … SELECT gives the column; elsewhere the value is only returned."""
    place = _index(parent.expressions, child)
    statement = parent.parent
    if isinstance(statement, exp.Insert) and statement.args.get("expression") is parent:
        return _inserted(statement, place, gathered)
    return _of_column_named(child.alias if isinstance(child, exp.Alias) else "", child, gathered)


def _values_name(values: exp.Values, position: int) -> str:
    alias = values.args.get("alias")
    names = alias.args.get("columns") or [] if isinstance(alias, exp.TableAlias) else []
    return name_of(names[position]) if position < len(names) else ""


def _of_column_named(name: str, node: exp.Expr, gathered: Gathered) -> Site:
    """A value given a name in a select list or VALUES: it is of the type that the name is used as elsewhere."""
    uses = [column for column in node.root().find_all(exp.Column) if name and name_of(column.this) == name]
    for column in uses:
        parent = column.parent
        if isinstance(parent, (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)):
            return Site("number")
        if isinstance(parent, (*_EQUAL, *_LOWER, *_UPPER)):
            other = parent.expression if parent.this is column else parent.this
            found, type_name = describe(other, gathered)
            if type_name:
                return Site("equal", found, type_name, function="cast")
    return Site("value")


def _value_of(table: Table | None, name: str) -> Site:
    column = table.column(name) if table is not None else None
    return Site("value", column, column.type if column else "")


def _computed(child: exp.Expr, parent: exp.Expr, gathered: Gathered) -> Site:
    other = strip(parent.expression if parent.this is child else parent.this)
    type_name = describe(other, gathered)[1]
    if isinstance(other, (exp.CurrentTimestamp, exp.CurrentDate)) or type_name.startswith("timestamp"):
        return Site("interval", type="interval" if not isinstance(other, exp.CurrentDate) else "integer")
    if type_name == "jsonb" and isinstance(parent, exp.Sub):
        return Site("key")
    if type_name.startswith(("interval", "json")) or type_name.endswith("[]"):
        return Site("value", None, type_name)
    return Site("number", type="integer" if type_name == "date" else "")


def _case_value(parent: exp.If, gathered: Gathered) -> Site:
    """``CASE x WHEN $1``: compared with x; ``CASE WHEN $1``: a condition."""
    case = parent.parent
    if isinstance(case, exp.Case) and case.this is not None:
        column, type_name = describe(case.this, gathered)
        return Site("equal", column, type_name)
    return Site("condition")


def _argument(child: exp.Expr, parent: exp.Func) -> Site:
    arguments = list(_arguments(parent))
    name = _name(parent)
    if not isinstance(parent, exp.Anonymous) and f"{name}.{child.arg_key}" in NAMED_ARGUMENTS:
        name = f"{name}.{child.arg_key}"
    return Site("argument", position=_index(arguments, child), function=name, arguments=len(arguments))


def _arguments(node: exp.Expr) -> Iterator[exp.Expr]:
    for value in node.args.values():
        if isinstance(value, exp.Expr):
            yield value
        elif isinstance(value, list):
            yield from (part for part in value if isinstance(part, exp.Expr))


def _is_row(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and _name(node) == "row"


def _name(node: exp.Expr) -> str:
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower()
    return node.sql_name().lower() if isinstance(node, exp.Func) else ""


def _index(members: list[exp.Expr], child: exp.Expr) -> int:
    return next((at for at, member in enumerate(members) if member is child), 0)
