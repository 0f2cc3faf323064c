"""Tokens of a SQL text with their places in it: the ground that fingerprints, splitting and edits of spans stand on.

The rules are those of the server's own scanner (``src/backend/parser/scan.l``): strings of every kind, dollar quotes,
nested comments, operators by longest match. On top of it come the placeholders that drivers and tools write: ``$1``,
``?``, ``:name``, ``@name``, ``%s`` and ``%(name)s``. A text may end anywhere (``pg_stat_activity`` cuts statements):
an unfinished string or comment reaches to the end of the text. Nothing here raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dbtune.model.snapshot import Dialect
from dbtune.sql.lexing_mysql import mysql_tokens
from dbtune.sql.tokens import Token, TokenKind, fold_case

__all__ = ["NOT_OPERANDS", "SQUASHED", "Token", "TokenKind", "fold_case", "is_operand", "skip_comment", "tokens"]

_TOKEN = re.compile(
    r"""
      (?P<space>\s+|--[^\n]*)
    | (?P<comment>/\*)
    | (?P<string>
          [eE]'(?:[^'\\]|\\.|'')*(?:'|\Z)
        | (?:[bBxXnN]|[uU]&)?'(?:[^']|'')*(?:'|\Z)
        | (?P<tag>\$(?:[A-Za-z_\x80-\U0010ffff][\w\x80-\U0010ffff]*)?\$)(?:.*?(?P=tag)|.*\Z)
      )
    | (?P<parameter>\$\d+|:'\w+'|:"\w+")
    | (?P<quoted>(?:[uU]&)?"(?:[^"]|"")*(?:"|\Z)|`(?:[^`]|``)*(?:`|\Z))
    | (?P<number>0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?)
    | (?P<word>[A-Za-z_\x80-\U0010ffff][\w$\x80-\U0010ffff]*)
    | (?P<operator>[-+*/<>=~!@\#%^&|?]+)
    | (?P<punctuation>::|:=|.)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_SPACE = re.compile(r"\s+|--[^\n]*|/\*", re.ASCII)
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_NAME_OR_NUMBER = re.compile(r"\w+", re.ASCII)

SQUASHED = "/*, ... */"
"""How ``pg_stat_statements`` of Postgres 18 marks a list it has folded; kept where the folding is ours."""

NOT_OPERANDS = frozenset(
    """
    all analyze and any as asc between both by case check collate cross date default desc distinct else end escape
    except exists fetch filter first for from full group having ilike in inner insert intersect interval into is
    isnull join lateral leading left like limit natural next not notnull of offset on only or order outer over
    overlaps partition placing returning right row rows select set similar some symmetric tablesample then time
    timestamp timestamptz to trailing union unique using values when where window with zone
    """.split()
)
"""Words that are never the left operand of an operator: a ``?``, ``-`` or ``%s`` after one of them begins a value."""

_JSON_OPERATORS = frozenset({"?", "?|", "?&"})
_BEFORE_PLACEHOLDER = re.compile(
    r"(?:=|<=|>=|<>|!=|<|>|\+|-|\*|/|%|\|\||~~?\*?|!~~?\*?|->>?|\#>>?|@>|<@|&&|@@)(?=[?@%]\Z)"
)
_SIGNED_PLACEHOLDER = re.compile(r"%s\b|%\(\w+\)s|@[A-Za-z_]\w*", re.ASCII)


def skip_comment(text: str, start: int) -> int:
    """End of the (nested) block comment that begins at ``start``."""
    depth, at = 1, start + 2
    while depth:
        edge = _COMMENT_EDGE.search(text, at)
        if edge is None:
            return len(text)
        depth += 1 if edge[0] == "/*" else -1
        at = edge.end()
    return at


def tokens(text: str, dialect: Dialect = "postgres") -> list[Token]:
    """All tokens of the text, in order."""
    if dialect != "postgres":
        return mysql_tokens(text)
    found: list[Token] = []
    at, size = 0, len(text)
    match = _TOKEN.match
    brackets = 0
    while at < size:
        hit = match(text, at)
        assert hit is not None  # the last alternative takes any character
        kind, start, end = hit.lastgroup, at, hit.end()
        if kind == "comment":
            at = skip_comment(text, at)
            continue
        if kind == "space":
            at = end
            continue
        if kind == "operator":
            end = _operator_end(text, start, end)
            pieces = list(_operators(text, start, end, found))
            found += pieces
            at = pieces[-1].end
            continue
        if kind == "punctuation":
            spelling = text[start:end]
            brackets += (spelling == "[") - (spelling == "]")
            if spelling == ":" and not (brackets and found and is_operand(found[-1])):
                name = _NAME_OR_NUMBER.match(text, end)
                if name:
                    kind, end = "parameter", name.end()
        found.append(Token(kind, text[start:end], start, end))  # type: ignore[arg-type]
        at = end
    return found


def is_operand(token: Token) -> bool:
    """Whether a value can end with this token, so that an operator may follow it."""
    if token.kind == "word":
        return token.spelling.lower() not in NOT_OPERANDS
    if token.kind == "punctuation":
        return token.spelling in (")", "]")
    return token.kind != "operator"


def _operator_end(text: str, start: int, end: int) -> int:
    """A comment cuts an operator short; a trailing + or - belongs to what follows, unless the rest allows it."""
    run = text[start:end]
    for comment in ("--", "/*"):
        cut = run.find(comment)
        if cut > 0:
            run = run[:cut]
    while len(run) > 1 and run[-1] in "+-" and not any(character in "~!@#%^&|?" for character in run):
        run = run[:-1]
    return start + len(run)


def _operators(text: str, start: int, end: int, before: Sequence[Token]) -> Iterator[Token]:
    """One operator, or an operator and the placeholder that stands right behind or before it."""
    run = text[start:end]
    follows_operand = bool(before) and is_operand(before[-1])
    if run[0] == "?" and _is_placeholder(text, run, end, follows_operand):
        placeholder = Token("parameter", "?", start, start + 1)
        yield placeholder
        if len(run) > 1:
            yield from _operators(text, start + 1, end, [placeholder])
        return
    if len(run) == 1:
        named = None if follows_operand else _SIGNED_PLACEHOLDER.match(text, start)
        last = named.end() if named else end
        yield Token("parameter" if named else "operator", text[start:last], start, last)
        return
    glued = _BEFORE_PLACEHOLDER.match(run)
    if glued:
        split = start + glued.end()
        behind = _SIGNED_PLACEHOLDER.match(text, split)
        if run[-1] == "?" or behind:
            last = behind.end() if behind else end
            yield Token("operator", glued[0], start, split)
            yield Token("parameter", text[split:last], split, last)
            return
    yield Token("operator", run, start, end)


def _is_placeholder(text: str, run: str, end: int, follows_operand: bool) -> bool:
    if not follows_operand:
        return True
    if run not in _JSON_OPERATORS:
        return False
    # an operator needs a right operand: a literal, a placeholder, a name, a parenthesis
    while space := _SPACE.match(text, end):
        end = skip_comment(text, space.start()) if space[0] == "/*" else space.end()
    rest = text[end : end + 64]
    name = _NAME.match(rest)
    if name:
        return name[0].lower() in NOT_OPERANDS - {"any", "all", "array", "case"}
    return not rest or rest[0] not in "'\"($:@%?0123456789"
