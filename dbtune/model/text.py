"""Foreign text made harmless: names and statements that go into comments, terminals and files."""

from __future__ import annotations

import re

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters but tab and newline, and the marks that turn the direction of writing: a statement's text or an
object's name must not move the cursor, colour the screen or show something else than it is."""

TYPOGRAPHY = str.maketrans({"→": "->", "·": ",", "…": "...", "−": "-", "±": "+-", "⋈": "x"})
"""A database in another encoding may not have these, and psql sends comments along with a statement."""


def printable(text: str) -> str:
    """The text without control characters; line ends become newlines, tabs become spaces."""
    return CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    "))


def one_line(text: str) -> str:
    """The text on one line, every run of white space a single space, without control characters."""
    return " ".join(printable(text).split())


def in_comment(text: str) -> str:
    """The text on one line, with typography that files of SQL can hold."""
    return one_line(text).translate(TYPOGRAPHY).replace(" ,", ",")
