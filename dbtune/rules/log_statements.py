"""What can be told of a statement from its tokens alone: its verb, and what stands in its own clauses.

A query in parentheses, as in FROM, WHERE or WITH, is another statement's business. A statement that is a set operation
of queries in parentheses has no verb of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from dbtune.model.snapshot import Dialect
from dbtune.sql.lexing import Token, tokens

_BEGIN_QUERIES = frozenset({"select", "with", "values", "insert", "update", "delete", "merge"})
_VERBS = frozenset({"select", "insert", "update", "delete", "merge", "replace"})
_AGGREGATES = frozenset(
    """
    any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count every group_concat json_agg
    json_arrayagg json_object_agg json_objectagg jsonb_agg jsonb_object_agg max min mode percentile_cont
    percentile_disc regr_slope std stddev stddev_pop stddev_samp string_agg sum var_pop var_samp variance xmlagg
    """.split()
)


@dataclass(frozen=True)
class Shape:
    """A statement's outline."""

    verb: str
    """The first word, in lower case; behind WITH that of the main statement."""
    words: frozenset[str]
    """Unquoted words outside queries in parentheses, in lower case."""
    calls: frozenset[str]
    """Those with an opening parenthesis behind them: functions."""
    has_parameters: bool
    """Something in it differs from call to call."""

    @property
    def is_limited(self) -> bool:
        """LIMIT or FETCH FIRST bounds what it returns."""
        return bool(self.words & {"limit", "fetch"})

    @property
    def is_aggregate(self) -> bool:
        """It returns groups, or one row for all, and not the rows that it reads."""
        if self.words & {"group", "distinct"}:
            return True
        return bool(self.calls & _AGGREGATES) and "over" not in self.words


@lru_cache(maxsize=1024)
def shape_of(text: str, dialect: Dialect) -> Shape:
    """The outline of a statement, normalised or not. Never raises."""
    found = tokens(text, dialect)
    own = [(at, token.word) for at, token in _own(found) if token.word]
    return Shape(
        verb=_verb([word for _, word in own]),
        words=frozenset(word for _, word in own),
        calls=frozenset(word for at, word in own if at + 1 < len(found) and found[at + 1].spelling == "("),
        has_parameters=any(token.kind in ("parameter", "string", "number") for token in found),
    )


def _own(found: Sequence[Token]) -> Iterator[tuple[int, Token]]:
    foreign: list[bool] = []
    for at, token in enumerate(found):
        inside = bool(foreign) and foreign[-1]
        if token.spelling == "(":
            following = found[at + 1].word if at + 1 < len(found) else ""
            foreign.append(inside or following in _BEGIN_QUERIES)
        elif token.spelling == ")":
            if foreign:
                foreign.pop()
        elif not inside:
            yield at, token


def _verb(words: Sequence[str]) -> str:
    if not words or words[0] != "with":
        return words[0] if words else ""
    return next((word for word in words if word in _VERBS), "with")
