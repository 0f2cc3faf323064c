"""Tokens by the rules of the scanner of MySQL and MariaDB (``sql/sql_lex.cc``), without ``ANSI_QUOTES``.

Both quotes make strings, with backslash escapes; names stand in backticks and may begin with digits; ``#`` and ``-- ``
begin comments; what stands in ``/*! */`` is code, as the server takes it.
"""

from __future__ import annotations

import re

from dbtune.sql.tokens import Token

_TOKEN = re.compile(
    r"""
      (?P<space>\s+|\#[^\n]*|--(?=\s|\Z)[^\n]*|/\*(?!M?!)(?:[^*]|\*(?!/))*(?:\*/|\Z)|/\*M?!\d*|\*/|/\*)
    | (?P<string>
          (?:_[A-Za-z0-9]+\s*(?=['"]))? (?:[nNxXbB](?='))?
          (?: '(?:[^'\\]|\\.|'')*(?:'|\\?\Z) | "(?:[^"\\]|\\.|"")*(?:"|\\?\Z) )
      )
    | (?P<quoted>`(?:[^`]|``)*(?:`|\Z))
    | (?P<parameter>\?|:[A-Za-z_]\w*|%s\b|%\(\w+\)s)
    | (?P<word>@@?[\w$.\x80-\U0010ffff]+|@(?=[`'"]))
    | (?P<number>
          (?:0[xX][\da-fA-F]+|0b[01]+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?) (?![\w$\x80-\U0010ffff])
      )
    | (?P<name>[\w$\x80-\U0010ffff]+)
    | (?P<operator>->>?|<=>|<<|>>|<>|!=|<=|>=|:=|&&|\|\||[-+*/%<>=!~^&|])
    | (?P<punctuation>.)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)


def mysql_tokens(text: str) -> list[Token]:
    """All tokens of the text, in order. Never raises: what is open at the end reaches to it."""
    found: list[Token] = []
    for hit in _TOKEN.finditer(text):
        kind = hit.lastgroup
        if kind != "space":
            found.append(Token("word" if kind == "name" else kind, hit[0], hit.start(), hit.end()))  # type: ignore[arg-type]
    return found
