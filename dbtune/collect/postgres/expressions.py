"""Expressions as the server prints them."""

from __future__ import annotations


def without_outer_parentheses(text: str) -> str:
    """``(a + b)`` is ``a + b``; ``(a) + (b)`` stays. Quoted parts may hold parentheses."""
    while text.startswith("(") and _closing(text) == len(text) - 1:
        text = text[1:-1].strip()
    return text


def _closing(text: str) -> int:
    """Where the parenthesis that opens at 0 is closed, or -1."""
    depth = 0
    quote = ""
    for place, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if depth == 0:
                return place
    return -1
