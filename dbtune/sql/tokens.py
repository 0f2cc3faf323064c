"""What a text of SQL is made of, whatever the server."""

from __future__ import annotations

from typing import Literal, NamedTuple

TokenKind = Literal["word", "quoted", "string", "number", "parameter", "operator", "punctuation"]


class Token(NamedTuple):
    """A token; ``text[start:end]`` is its spelling. Comments and white space are no tokens."""

    kind: TokenKind
    spelling: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The spelling in lower case where it is an unquoted word, else the empty string."""
        return fold_case(self.spelling) if self.kind == "word" else ""


_ASCII_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def fold_case(word: str) -> str:
    """ASCII letters in lower case: what Postgres does with an unquoted identifier in a multi-byte encoding."""
    return word.lower() if word.isascii() else word.translate(_ASCII_LOWER)
