"""Expressions over one relation's columns as an index could hold them: their text, and whether they are immutable.

The text is cut out of the statement itself and then parsed again: it counts only when the parser reads the same tree,
so nothing is printed from a tree that the parser may have read differently from the server.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from dbtune.sql.fingerprint import Piece, render
from dbtune.sql.lexing import NOT_OPERANDS, Token
from dbtune.sql.mysql_arrows import with_arrows
from dbtune.sql.parsing import DIALECTS, Parsed
from dbtune.sql.relations import BaseColumn, Use
from dbtune.sql.scopes import Scope, name_of
from dbtune.sql.volatility import is_immutable

_LEFT_TOKENS, _RIGHT_TOKENS = 4, 8
"""How far beyond the outermost known places an expression may reach: ``CAST(`` before, ``::numeric(10, 2)`` behind."""

_NEVER_IN_AN_INDEX = (exp.Query, exp.AggFunc, exp.Window, exp.Placeholder, exp.Parameter, exp.Star, exp.Case)


@dataclass(frozen=True)
class IndexExpression:
    """An immutable expression over one relation's columns."""

    use: Use
    text: str
    columns: tuple[str, ...]


def strip(node: exp.Expr) -> exp.Expr:
    """Without the parentheses around it."""
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def strip_query(node: exp.Expr) -> exp.Expr:
    """The query in its parentheses."""
    while isinstance(node, (exp.Subquery, exp.Paren)) and not any(
        node.args.get(part) for part in ("with_", "order", "limit", "offset", "alias", "joins")
    ):
        node = node.this
    return node


def plain_column(node: exp.Expr, scope: Scope) -> BaseColumn | None:
    """The base column that an expression is, through parentheses and casts that change nothing for an index."""
    node = strip(node)
    if isinstance(node, exp.Cast) and isinstance(strip(node.this), exp.Column):
        inner = plain_column(node.this, scope)
        # views print varchar columns as (status)::text; the cast is a relabelling that indexes see through
        return inner if inner and inner.type.startswith("character varying") and _is_text(node) else None
    if isinstance(node, exp.Collate):
        return None
    if not isinstance(node, exp.Column):
        return None
    output = scope.output(node)
    return output.base if output else None


def _is_text(cast: exp.Cast) -> bool:
    return cast.to.is_type(exp.DataType.Type.TEXT, exp.DataType.Type.VARCHAR)


def base_columns(node: exp.Expr, scope: Scope) -> list[BaseColumn] | None:
    """The base columns in an expression; None where one of its columns is no base column."""
    found: list[BaseColumn] = []
    for column in node.find_all(exp.Column):
        output = scope.output(column)
        base = output.base if output else None
        if base is None:
            return None
        found.append(base)
    return found


def index_expression(node: exp.Expr, scope: Scope) -> IndexExpression | None:
    """The expression as an index could hold it, or None: not immutable, or over more than one relation."""
    node = strip(node)
    if isinstance(node, exp.Column):  # a computed column of a view or subquery stands for its expression
        output = scope.output(node)
        return index_expression(*output.definition) if output and output.definition else None
    if isinstance(node, exp.Literal) or any(node.find_all(*_NEVER_IN_AN_INDEX)):
        return None
    columns = base_columns(node, scope)
    if not columns or len({column.use for column in columns}) != 1:
        return None
    text = _text(node, scope, columns)
    if text is None or not is_immutable(node, text, scope):
        return None
    names = tuple(dict.fromkeys(column.column for column in columns))
    return IndexExpression(columns[0].use, text, names)


def _text(node: exp.Expr, scope: Scope, columns: list[BaseColumn]) -> str | None:
    renamed = any(
        name_of(column.this) != base.column for column, base in zip(node.find_all(exp.Column), columns, strict=True)
    )
    if not renamed:
        for first, last in _spans(node, scope.parsed):
            found = scope.parsed.tokens[first : last + 1]
            text = scope.parsed.text[found[0].start : found[-1].end]
            if _reads_as(text, node, scope.parsed.dialect):
                return render(_unqualified(found))
    return _printed(node, scope, columns)


def _spans(node: exp.Expr, parsed: Parsed) -> Iterator[tuple[int, int]]:
    """First and last token of where the expression may stand, the likeliest first."""
    places = [part.meta for part in node.walk() if "start" in part.meta]
    if not places:
        return
    starts = [token.start for token in parsed.tokens]
    # a place counts characters; a quoted name's lies inside its quotes
    first = max(0, bisect_left(starts, min(place["start"] for place in places) + 1) - 1)
    last = max(0, bisect_left(starts, max(place["end"] for place in places) + 1) - 1)
    for reach in range(_LEFT_TOKENS + _RIGHT_TOKENS + 1):
        for left in range(min(reach, _LEFT_TOKENS) + 1):
            right = reach - left
            if right <= _RIGHT_TOKENS and first >= left and last + right < len(parsed.tokens):
                span = (first - left, last + right)
                if _is_balanced(parsed.tokens[span[0] : span[1] + 1]):
                    yield span


def _is_balanced(found: list[Token]) -> bool:
    depth = 0
    for token in found:
        depth += (token.spelling in ("(", "[")) - (token.spelling in (")", "]"))
        if depth < 0:
            return False
    return depth == 0


def _reads_as(text: str, node: exp.Expr, dialect: str) -> bool:
    try:
        tree = sqlglot.parse_one(f"SELECT {text}", dialect=DIALECTS.get(dialect, dialect))
    except (SqlglotError, RecursionError):
        return False
    if dialect != "postgres":
        tree = with_arrows(tree)
    selected = tree.args.get("expressions") or []
    others = [name for name, value in tree.args.items() if value and name != "expressions"]
    return len(selected) == 1 and not others and bool(strip(selected[0]) == node)


def _unqualified(found: list[Token]) -> list[Piece]:
    """Pieces of an expression without the qualifiers of its columns."""
    pieces: list[Piece] = []
    position = 0
    while position < len(found):
        token = found[position]
        qualifies = (
            token.kind in ("word", "quoted")
            and position + 2 < len(found)
            and found[position + 1].spelling == "."
            and found[position + 2].kind in ("word", "quoted")
            and not (position + 3 < len(found) and found[position + 3].spelling == "(")
            and not (position and found[position - 1].spelling == "::")
        )
        if qualifies:
            position += 2
            continue
        kind = "quoted" if token.kind in ("string", "number") else token.kind
        pieces.append(Piece(kind, token.word or token.spelling))
        position += 1
    return pieces


def _printed(node: exp.Expr, scope: Scope, columns: list[BaseColumn]) -> str | None:
    """The expression printed from its tree, with the base columns' names; it has to read as the same tree again."""
    found = zip(node.find_all(exp.Column), columns, strict=True)
    renames = {column.sql(dialect="postgres"): base.column for column, base in found}

    def with_base_name(part: exp.Expr) -> exp.Expr:
        if isinstance(part, exp.Column):
            name = renames[part.sql(dialect="postgres")]
            return exp.column(exp.to_identifier(name, quoted=_needs_quotes(name)))
        return part

    tree = node.copy().transform(with_base_name)
    text = str(tree.sql(dialect=DIALECTS.get(scope.parsed.dialect, "postgres")))
    return text if _reads_as(text, tree, scope.parsed.dialect) else None


def _needs_quotes(name: str) -> bool:
    return not (name.isascii() and name.replace("_", "a").isalnum() and name == name.lower()) or name in NOT_OPERANDS
