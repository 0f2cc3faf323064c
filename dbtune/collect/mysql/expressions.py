"""Expressions as the catalogs print them."""

from __future__ import annotations

import re

from dbtune.sql.lexing_mysql import mysql_tokens

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"0": "\0", "n": "\n", "r": "\r", "Z": "\x1a"}
_BARE_QUOTE = re.compile(r"(?<!\\)'")
_INTRODUCER = re.compile(r"_utf8mb[34](?=')")


def printed_expression(text: str) -> str:
    r"""STATISTICS.EXPRESSION, COLUMNS.GENERATION_EXPRESSION or CHECK_CLAUSE as SQL, without introducers.

    MySQL 8 and later escape once more what they print there, every quote included: ``\'it\\\'s\'`` is ``'it\'s'``.
    """
    if "\\'" in text and not _BARE_QUOTE.search(text):
        text = _ESCAPED.sub(lambda hit: _ESCAPES.get(hit[1], hit[1]), text)
    return without_outer_parentheses(_INTRODUCER.sub("", text))


def without_outer_parentheses(text: str) -> str:
    """``(a + b)`` is ``a + b``; ``(a) + (b)`` stays."""
    while text.startswith("(") and _closing(text) == len(text) - 1:
        text = text[1:-1].strip()
    return text


def _closing(text: str) -> int:
    """Where the parenthesis that opens at 0 is closed, or -1."""
    depth = 0
    for token in mysql_tokens(text):
        if token.spelling == "(":
            depth += 1
        elif token.spelling == ")":
            depth -= 1
            if depth == 0:
                return token.start
    return -1
