"""From statements with their literals to keys: a whole block at once, at the speed of one regular expression.

Two statements with the same key differ only in literals, comments, white space, the length of IN lists and the number
of rows of VALUES. The key is finer than a fingerprint (case, signs and comments still tell apart), never coarser but
for the ordinals of ORDER BY behind the first. Fingerprints are made once a key, from one of its statements, when all
is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import blake2b

from dbtune.model.snapshot import Dialect

_VALUE = b"?"

_NUMBER = rb"""
    (?<=[^\w$][0-9])(?<!\b(?:BY|by)[ ][0-9])
    (?: [0-9]*+(?![\w.$]) | [0-9]*+\.?[0-9a-fA-FxX]*+(?:[+-]?[0-9]++)?+(?![\w$]) )
"""
_COMMENT = rb"(?<=/)\*%s[^*\0]*+(?:\*(?!/)[^*\0]*+)*+(?:\*/)?"

# Led by a character class, so that the engine jumps from one possible start to the next; what was met is told by
# looking behind, the most frequent first. A statement cut short leaves a string or a comment open: it reaches to the
# statement's end (NUL).
_POSTGRES = re.compile(
    rb"""
    [0-9'/\-$](?:
        (?<=')(?:
            (?<![\w$][eE]')(?<=[eE]') [^'\\\0]*+(?:(?:\\[^\0]|'')[^'\\\0]*+)*+ | [^'\0]*+(?:''[^'\0]*+)*+
        )'?+
      | """
    + _NUMBER
    + rb" | "
    + _COMMENT % b""
    + rb"""
      | (?<=-)-[^\n\0]*+
      | (?<=[^\w$]\$)([A-Za-z_]\w*+)?\$[^\0]*?(?:\$(?(1)\1)\$|(?=\0))
    )
    """,
    re.VERBOSE,
)
_MYSQL = re.compile(
    rb"""
    [0-9'"/\-\#](?:
        (?<=') [^'\\\0]*+(?:(?:\\[^\0]|'')[^'\\\0]*+)*+'?+
      | """
    + _NUMBER
    + rb"""
      | (?<=") [^"\\\0]*+(?:(?:\\[^\0]|"")[^"\\\0]*+)*+"?+
      | """
    + _COMMENT % b"(?!!)"
    + rb"""
      | (?<=-)-(?=[\s\0])[^\n\0]*+
      | (?<=\#)[^\n\0]*+
    )
    """,
    re.VERBOSE,
)

_QUOTED_NAME = {"postgres": rb'"[^"\0]*+"', "mysql": rb"`[^`\0]*+`"}
_SPACE = re.compile(rb"\s++")
_FRACTION = re.compile(rb"(?<![\w\"`\])])\.\?")
_LIST = re.compile(
    rb"\b(IN|ARRAY) ?([(\[]) ?(?:[-+]?\?|null|true|false) ?(?:, ?(?:[-+]?\?|null|true|false) ?)*+[)\]]", re.IGNORECASE
)
_ROW = rb"\((?:[^()]|\((?:[^()]|\([^()]*+\))*+\))*+\)"
_ROWS = re.compile(rb"\bVALUES? ?" + _ROW + rb"(?: ?, ?" + _ROW + rb")++", re.IGNORECASE)
_TUPLES = re.compile(rb"\bIN ?\( ?" + _ROW + rb"(?: ?, ?" + _ROW + rb")++", re.IGNORECASE)
_EQUAL_ROWS = re.compile(rb"(" + _ROW + rb")(?: ?, ?\1)++")
# a sign behind an operand is an operator
_CONSTANT = re.compile(rb"\b(?:null|true|false)\b|(?<=[(,])[-+]\?|(?<=[(,] )[-+]\?", re.IGNORECASE)

LONG_KEY = 2048
"""Longer keys are kept as their hash, in bytes."""

_MEMO_BYTES = 12 << 20
_MEMO_LONGEST = 8192


class Keys:
    """Keys of statements, with a memory of what was met last. Its size has a bound."""

    def __init__(self, dialect: Dialect) -> None:
        family = "postgres" if dialect == "postgres" else "mysql"
        self._literal = _POSTGRES if family == "postgres" else _MYSQL
        quoted = _QUOTED_NAME[family]
        self._quote = quoted[:1]
        self._quoted = re.compile(quoted)
        self._careful = re.compile(
            rb"(?P<name>" + quoted + rb")|" + self._literal.pattern.replace(rb"(?(1)\1)", rb"(?(2)\2)"), re.VERBOSE
        )
        self._memo: dict[bytes, bytes | None] = {}
        self._memo_bytes = 0

    def of(self, texts: list[bytes]) -> list[bytes]:
        """The key of each of the texts."""
        stripped = self._stripped(texts)
        found = list(map(self._memo.get, stripped))
        if None in found:
            for at, key in enumerate(found):
                if key is None:
                    found[at] = self._found_out(stripped[at], texts[at])
        return found  # type: ignore[return-value]  # the loop has filled every place

    def readable(self, text: bytes) -> bytes:
        """The text without literals, in the way of a key, whatever its length."""
        return _folded(self._stripped_carefully(text))

    def _stripped(self, texts: list[bytes]) -> list[bytes]:
        # the blank in front gives the first character something to look behind at
        stripped = self._literal.sub(_VALUE, b"\0 " + b"\0 ".join(texts)).split(b"\0 ")
        del stripped[0]
        if len(stripped) != len(texts):
            return [self._literal.sub(_VALUE, b" " + text.replace(b"\0", b" ")) for text in texts]
        return stripped

    def _found_out(self, stripped: bytes, text: bytes) -> bytes:
        """The key of a stripped text that is not in memory."""
        known = self._memo.get(stripped)
        if known is not None:
            return known
        if self._hurt_names(stripped):
            return _short(self.readable(text))
        key = _short(_folded(stripped))
        if len(stripped) <= _MEMO_LONGEST:
            self._memo_bytes += len(stripped) + len(key) + 200
            if self._memo_bytes > _MEMO_BYTES:
                self._memo.clear()
                self._memo_bytes = len(stripped)
            self._memo[stripped] = key
        return key

    def _hurt_names(self, stripped: bytes) -> bool:
        """Whether a quoted name may have lost digits or a quote (``"2024-05"``), which makes different names one."""
        if self._quote not in stripped:
            return False
        return stripped.count(self._quote) % 2 == 1 or any(_VALUE in name for name in self._quoted.findall(stripped))

    def _stripped_carefully(self, text: bytes) -> bytes:
        keep: Callable[[re.Match[bytes]], bytes] = lambda match: match["name"] or _VALUE  # noqa: E731
        return self._careful.sub(keep, b" " + text.replace(b"\0", b" "))


def _folded(stripped: bytes) -> bytes:
    text = _FRACTION.sub(_VALUE, _SPACE.sub(b" ", stripped).strip(b" ;"))
    if b"(" not in text and b"[" not in text:
        return text
    text = _LIST.sub(rb"\1 \2?)", text)
    return _ROWS.sub(_first_row, _TUPLES.sub(_first_row, text))


def _first_row(rows: re.Match[bytes]) -> bytes:
    """Equal rows as one. Constants are values in rows only: IS NULL is no comparison with a value."""
    anonymous = _CONSTANT.sub(_VALUE, rows[0])
    folded = _EQUAL_ROWS.sub(rb"\1", anonymous, count=1)
    return rows[0] if folded == anonymous else folded


def _short(key: bytes) -> bytes:
    return key if len(key) <= LONG_KEY else blake2b(key, digest_size=16).digest()
