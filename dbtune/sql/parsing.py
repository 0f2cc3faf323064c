"""A text made ready for sqlglot, and its syntax tree.

Placeholders come in many spellings, and some that ``pg_stat_statements`` makes are no SQL at all (``interval $1``).
The parser is given one spelling, ``:pN``, numbered by place; where each stood in the text is kept, so that values can
be put in without printing the tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from dbtune.model.snapshot import Dialect
from dbtune.sql.lexing import SQUASHED, Token, tokens
from dbtune.sql.mysql_arrows import with_arrows

DIALECTS = {"postgres": "postgres", "mysql": "mysql", "mariadb": "mysql"}

UTILITY_WORDS = frozenset(
    """
    abort alter analyze begin call checkpoint close cluster comment commit copy create deallocate declare discard do
    drop end execute explain fetch grant import listen load lock move notify prepare reassign refresh reindex release
    reset revoke rollback savepoint security set show start truncate unlisten use vacuum
    """.split()
)

MYSQL_UTILITY_WORDS = UTILITY_WORDS | frozenset(
    """
    analyse binlog cache change check checksum delimiter desc describe flush get handler help install kill optimize
    purge rename repair reset resignal shutdown signal stop uninstall unlock use xa
    """.split()
)

TYPE_WORDS = frozenset(
    """
    bigint bit bool boolean box bytea char character cidr circle date decimal double float float4 float8 inet int int2
    int4 int8 integer interval json jsonb lseg macaddr money name numeric oid path point polygon precision real
    regclass smallint text time timestamp timestamptz timetz tsquery tsvector uuid varbit varchar varying xml
    """.split()
)
_ZONE = ("time", "zone")
_INTERVAL_UNITS = frozenset("year month day hour minute second to".split())


class Unparsable(Exception):
    """The parser does not know this statement; the message says why, in one line."""


@dataclass(frozen=True)
class Parameter:
    """A placeholder of the text. ``text[start:end]`` is its spelling."""

    number: int
    """1, 2, … by place, whatever the spelling."""
    spelling: str
    start: int
    end: int
    type_name: str = ""
    """The type that stands before it (``interval`` of ``interval $1``), else empty."""
    squashed: bool = False
    """It stands for a list of values (``IN ($1 /*, ... */)``)."""
    type_start: int = -1
    """Where the type's name begins, or -1."""


@dataclass(frozen=True, eq=False)
class Parsed:
    """A parsed statement. ``text`` is what the parser read: the statement with ``:pN`` for its placeholders."""

    text: str
    tree: exp.Expr
    parameters: tuple[Parameter, ...]
    dialect: Dialect = "postgres"

    @cached_property
    def tokens(self) -> list[Token]:
        """Tokens of ``text``."""
        return tokens(self.text, self.dialect)

    def squashed(self, name: str) -> bool:
        """Whether the placeholder ``pN`` stands for a list of values."""
        return name.startswith("p") and name[1:].isdigit() and self.parameters[int(name[1:]) - 1].squashed


@lru_cache(maxsize=2048)
def parse(text: str, dialect: Dialect = "postgres") -> Parsed:
    """Parse one statement. Raises Unparsable with the reason."""
    found = parameters(text, dialect)
    ready = _with_plain_placeholders(text, found)
    try:
        trees = [tree for tree in sqlglot.parse(ready, dialect=DIALECTS.get(dialect, dialect)) if tree is not None]
    except SqlglotError as error:
        raise Unparsable(_reason(error)) from None
    except RecursionError:
        raise Unparsable("the statement is nested too deeply for the parser") from None
    except (ValueError, TypeError, AttributeError, KeyError, IndexError) as error:  # defects of the parser
        raise Unparsable(f"the parser does not know this syntax ({type(error).__name__})") from None
    if len(trees) != 1 or not isinstance(trees[0], exp.Expr):
        raise Unparsable("there is no statement" if not trees else "there is more than one statement")
    if isinstance(trees[0], exp.Command):
        raise Unparsable("the parser does not know this kind of statement")
    return Parsed(ready, trees[0] if dialect == "postgres" else with_arrows(trees[0]), found, dialect)


@lru_cache(maxsize=2048)
def parameters(text: str, dialect: Dialect = "postgres") -> tuple[Parameter, ...]:
    """The placeholders of a statement, in order."""
    found: list[Parameter] = []
    all_tokens = tokens(text, dialect)
    for position, token in enumerate(all_tokens):
        if token.kind != "parameter":
            continue
        first = _type_before(all_tokens, position)
        type_start = all_tokens[first].start if first < position else -1
        type_name = text[type_start : token.start].strip() if first < position else ""
        after = all_tokens[position + 1].start if position + 1 < len(all_tokens) else len(text)
        number = len(found) + 1
        squashed = SQUASHED in text[token.end : after]
        found.append(Parameter(number, token.spelling, token.start, token.end, type_name, squashed, type_start))
    return tuple(found)


def _type_before(found: list[Token], position: int) -> int:
    """Index of the first word of the type that stands right before the placeholder, or ``position``."""
    first = position
    while first > 0 and found[first - 1].word in (TYPE_WORDS | {"with", "without", "zone"}):
        first -= 1
    words = [token.word for token in found[first:position]]
    if not words or words[0] in ("with", "without", "zone", "precision", "varying"):
        return position
    before = found[first - 1] if first else None
    if before is not None and (before.spelling in (".", "::") or before.word in ("as", "at")):
        return position
    return first


def _with_plain_placeholders(text: str, found: tuple[Parameter, ...]) -> str:
    pieces: list[str] = []
    end = 0
    for parameter in found:
        start = parameter.start if parameter.type_start < 0 else parameter.type_start
        pieces.append(text[end:start])
        glued = text[start - 1 : start] == ":"
        pieces.append(f"{' ' if glued else ''}:p{parameter.number}")
        end = parameter.end
        if parameter.type_name.lower() == "interval":
            end = _behind_interval_unit(text, end)
    return "".join([*pieces, text[end:]])


def _behind_interval_unit(text: str, end: int) -> int:
    """``interval $1 day to second``: the unit is no SQL behind a placeholder."""
    for token in tokens(text[end : end + 60]):
        if token.word not in _INTERVAL_UNITS:
            break
        last = end + token.end
        if token.word != "to":
            end_of_unit = last
            return (
                _behind_interval_unit(text, end_of_unit)
                if text[last : last + 8].lstrip()[:3].lower() == "to "
                else last
            )
    return end


def _reason(error: Exception) -> str:
    """sqlglot's message without the statement it quotes: literals must not reach a report."""
    said = str(error).split("\n")[0].split("Line ")[0].strip().rstrip(".")
    inner = "" if said.startswith(("Error tokenizing", "Required keyword")) else f": {said}"
    return f"the parser does not know this syntax{inner}"
