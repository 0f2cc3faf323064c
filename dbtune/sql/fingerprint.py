"""Statements that differ only in literals, white space, comments and case are one: their common text and its hash.

The common text follows ``pg_stat_statements``, so that a statement from the server, from a log and from a file meet:
every literal becomes ``$n``, numbered as they come (``?`` for MySQL); ordinals of ORDER BY and GROUP BY and the lengths
in type names stay, because the server keeps them too and the text could not be planned without them. Lists of IN and
ARRAY and the rows of VALUES shrink to their first member with the mark that Postgres 18 puts there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from dbtune.model.snapshot import Dialect
from dbtune.sql.lexing import NOT_OPERANDS, SQUASHED, Token, tokens


class Piece(NamedTuple):
    """A token of the normalised text. ``kind`` is a token's, or ``value`` for what a placeholder stands for."""

    kind: str
    text: str

    @property
    def is_operand(self) -> bool:
        if self.kind == "word":
            return self.text not in NOT_OPERANDS
        if self.kind == "punctuation":
            return self.text in (")", "]")
        return self.kind != "operator"


VALUE = Piece("value", "$")
MARK = Piece("mark", SQUASHED)

_CONSTANT_WORDS = frozenset({"true", "false", "null"})
_NEVER_SHOUTED = frozenset("date time timestamp timestamptz filter first next row rows zone".split())
_UPPER = (NOT_OPERANDS - _NEVER_SHOUTED) | frozenset(
    "values materialized conflict do nothing update delete merge matched true false null array is".split()
)
"""Words shown in capitals, for the reader."""
_AFTER_ORDINAL = frozenset(
    "asc desc nulls using limit offset fetch for having window union intersect except order returning".split()
)
_END_OF_LIST = frozenset("limit offset fetch for having window union intersect except where returning".split())
_SPACE_BEFORE_PARENTHESIS = NOT_OPERANDS | frozenset({"values", "materialized", "conflict", "key"})


@lru_cache(maxsize=4096)
def normalise(text: str, dialect: Dialect = "postgres") -> str:
    """The statement on one line, without literals and comments, keywords in capitals; the same for its own result.

    >>> normalise("select * from T where a = 'x' and b in (1, 2, 3) -- why")
    'SELECT * FROM t WHERE a = $1 AND b IN ($2 /*, ... */)'
    """
    return render(_pieces(text, dialect), dialect)


@lru_cache(maxsize=4096)
def fingerprint(text: str, dialect: Dialect = "postgres") -> str:
    """16 hexadecimal digits that identify the statement; equal for a text and for its ``normalise``.

    >>> fingerprint("SELECT 1 FROM t WHERE a IN (1, 2)") == fingerprint("select $1 from t where a in ($2)")
    True
    """
    pieces = [piece for piece in _pieces(text, dialect) if piece is not MARK]
    if dialect != "postgres":
        pieces = [_as_mysql_counts(piece) for piece in pieces]
    anonymous = ["?" if _is_value(pieces, at) else piece.text for at, piece in enumerate(pieces)]
    return hashlib.blake2b("\x00".join(anonymous).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _as_mysql_counts(piece: Piece) -> Piece:
    """A name is the same one with and without backticks, in any case; ``<>`` is ``!=``, as in the server's digests."""
    if piece.kind == "quoted":
        return Piece("word", piece.text[1:-1].lower())
    return Piece("operator", "!=") if piece.text == "<>" else piece


def _is_value(pieces: Sequence[Piece], at: int) -> bool:
    """What the server counts as a constant: also TRUE, FALSE, NULL as values, and the field of EXTRACT."""
    piece = pieces[at]
    if piece.kind != "word":
        return piece.kind == "value"
    if piece.text in _CONSTANT_WORDS:
        return at == 0 or pieces[at - 1].text not in ("is", "not")
    return 2 <= at < len(pieces) - 1 and pieces[at - 2].text == "extract" and pieces[at + 1].text == "from"


@lru_cache(maxsize=256)
def _pieces(text: str, dialect: Dialect) -> list[Piece]:
    found = tokens(text, dialect)
    while found and found[-1].spelling == ";":
        found.pop()
    return _fold_lists(_fold_literals(text, found))


def _fold_literals(text: str, found: Sequence[Token]) -> list[Piece]:
    kept = _numbers_that_stay(found)
    pieces: list[Piece] = []
    former_string = -1
    marked = SQUASHED in text
    for position, token in enumerate(found):
        if token.kind in ("string", "parameter") or (token.kind == "number" and position not in kept):
            if token.kind == "string":
                # 'a' <newline> 'b' is one literal
                continued = former_string == position - 1 and "\n" in text[found[position - 1].end : token.start]
                former_string = position
                if continued and position > 0:
                    continue
            _drop_signs(pieces)
            pieces.append(VALUE)
        elif token.kind == "word":
            pieces.append(Piece("word", token.word))
        else:
            pieces.append(Piece(token.kind, token.spelling))
        if (
            marked
            and SQUASHED in text[token.end : found[position + 1].start if position + 1 < len(found) else len(text)]
        ):
            pieces.append(MARK)
    return pieces


def _drop_signs(pieces: list[Piece]) -> None:
    """The server counts the sign of a number as a part of it."""
    while (
        pieces
        and pieces[-1].kind == "operator"
        and pieces[-1].text in ("-", "+")
        and (len(pieces) == 1 or not pieces[-2].is_operand)
    ):
        pieces.pop()


def _numbers_that_stay(found: Sequence[Token]) -> set[int]:
    """Positions of ordinals (ORDER BY 1) and of lengths in type names (numeric(10, 2))."""
    kept: set[int] = set()
    listed = [False]  # by depth: inside the list of ORDER BY, GROUP BY or DISTINCT ON
    for position, token in enumerate(found):
        spelling = token.spelling
        if spelling in ("(", "["):
            listed.append(position > 1 and found[position - 1].word == "on" and found[position - 2].word == "distinct")
        elif spelling in (")", "]") and len(listed) > 1:
            listed.pop()
        elif token.kind == "word":
            word = token.word
            if word == "by" and position and found[position - 1].word in ("order", "group"):
                listed[-1] = True
            elif word in _END_OF_LIST:
                listed[-1] = False
            elif word == "as":
                kept.update(_type_lengths(found, position + 1))
        elif spelling == "::":
            kept.update(_type_lengths(found, position + 1))
        elif token.kind == "number" and listed[-1] and _is_ordinal(found, position):
            kept.add(position)
    return kept


def _is_ordinal(found: Sequence[Token], position: int) -> bool:
    before = found[position - 1]
    if not (before.word == "by" or before.spelling in (",", "(")) or not found[position].spelling.isdigit():
        return False
    if position + 1 == len(found):
        return True
    after = found[position + 1]
    return after.spelling in (",", ")", ";") or after.word in _AFTER_ORDINAL


def _type_lengths(found: Sequence[Token], position: int) -> list[int]:
    """Positions of the numbers in ``numeric(10, 2)``, where a type's name begins at ``position``."""
    start = position
    while position < len(found) and (found[position].kind in ("word", "quoted") or found[position].spelling == "."):
        position += 1
    if position == start or position >= len(found) or found[position].spelling != "(":
        return []
    numbers: list[int] = []
    for at in range(position + 1, len(found)):
        if found[at].kind == "number":
            numbers.append(at)
        elif found[at].spelling == ")":
            return numbers
        elif found[at].spelling != ",":
            break
    return []


def _fold_lists(pieces: list[Piece]) -> list[Piece]:
    folded: list[Piece] = []
    at = 0
    while at < len(pieces):
        piece = pieces[at]
        folded.append(piece)
        at += 1
        if piece.text not in ("in", "array", "values") or piece.kind != "word" or at >= len(pieces):
            continue
        if piece.text == "values":
            at = _fold_rows(pieces, at, folded)
        elif pieces[at].text == ("(" if piece.text == "in" else "["):
            at = _fold_list(pieces, at, folded)
    return folded


def _fold_list(pieces: list[Piece], opening: int, folded: list[Piece]) -> int:
    """Append the folded list and return the place behind it; or leave it as it is, and return ``opening``."""
    closing = _closing(pieces, opening)
    if closing is None:
        return opening
    marked = pieces[closing - 1] is MARK
    members = _split(pieces[opening + 1 : closing - marked])
    first = _anonymous(members[0])
    if VALUE not in first or any(_anonymous(member) != first for member in members[1:]):
        return opening
    folded += [pieces[opening], *(first if len(members) > 1 else members[0])]
    if marked or len(members) > 1:
        folded.append(MARK)
    folded.append(pieces[closing])
    return closing + 1


def _fold_rows(pieces: list[Piece], opening: int, folded: list[Piece]) -> int:
    rows: list[list[Piece]] = []
    at = end = opening
    while at < len(pieces) and pieces[at].text == "(":
        closing = _closing(pieces, at)
        if closing is None:
            break
        rows.append(pieces[at : closing + 1])
        end = at = closing + 1
        if at >= len(pieces) or pieces[at].text != ",":
            break
        at += 1
    if len(rows) < 2:
        return opening
    first = _anonymous(rows[0])
    if VALUE not in first or any(_anonymous(row) != first for row in rows[1:]):
        return opening
    folded += [*first, MARK]
    return end + (end < len(pieces) and pieces[end] is MARK)


def _anonymous(member: Sequence[Piece]) -> list[Piece]:
    return [VALUE if piece.kind == "word" and piece.text in _CONSTANT_WORDS else piece for piece in member]


def _closing(pieces: Sequence[Piece], opening: int) -> int | None:
    depth = 0
    for at in range(opening, len(pieces)):
        text = pieces[at].text
        if text in ("(", "["):
            depth += 1
        elif text in (")", "]"):
            depth -= 1
            if depth == 0:
                return at
    return None


def _split(pieces: Sequence[Piece]) -> list[list[Piece]]:
    members: list[list[Piece]] = [[]]
    depth = 0
    for piece in pieces:
        depth += (piece.text in ("(", "[")) - (piece.text in (")", "]"))
        if depth == 0 and piece.text == ",":
            members.append([])
        else:
            members[-1].append(piece)
    return members


def render(pieces: Sequence[Piece], dialect: Dialect = "postgres") -> str:
    parts: list[str] = []
    number = 0
    former: Piece | None = None
    unary = False
    for piece in pieces:
        glued = unary and (piece.kind in ("word", "quoted") or piece.text == "(")
        if former is not None and not glued and _spaced(former, piece):
            parts.append(" ")
        if piece.kind == "value":
            number += 1
            parts.append(f"${number}" if dialect == "postgres" else "?")
        else:
            parts.append(piece.text.upper() if piece.kind == "word" and piece.text in _UPPER else piece.text)
        unary = False
        if piece.kind == "operator" and piece.text in ("-", "+"):
            unary = former is None or not former.is_operand
        former = piece
        if unary:
            former = Piece("operator", "unary")
    return "".join(parts)


def _spaced(former: Piece, piece: Piece) -> bool:
    """Whether a space stands between the two; by the tokens alone, so that the spacing found does not matter."""
    if former.kind == "punctuation" and former.text in ("(", "[", ".", "::"):
        return former.text == "." and piece.kind in ("number", "punctuation")
    if piece.kind != "punctuation":
        return True
    if piece.text in (")", "]", ",", ";"):
        return False
    if piece.text in (".", "::"):
        return former.kind in ("number", "operator") or former.text == ":"
    if piece.text == "[":
        return not (former.is_operand or former.text == "array")
    if piece.text == "(":
        return former.kind not in ("word", "quoted") or former.text in _SPACE_BEFORE_PARENTHESIS
    return True
