"""A file of SQL cut into its statements, as psql does it.

Semicolons in strings, dollar quotes, comments, parentheses and the bodies of SQL-standard functions (BEGIN ATOMIC …
END) do not end a statement. psql's own lines (``\\connect``, ``\\restrict``) and the data of COPY … FROM stdin are
left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from dbtune.model.snapshot import Dialect
from dbtune.sql.lexing import Token, skip_comment, tokens
from dbtune.sql.splitting_mysql import Located, mysql_statements

_PIECE = re.compile(
    r"""
      --[^\n]*
    | (?P<comment>/\*)
    | [eE]'(?:[^'\\]|\\.|'')*(?:'|\Z)
    | '(?:[^']|'')*(?:'|\Z)
    | "(?:[^"]|"")*(?:"|\Z)
    | `[^`]*(?:`|\Z)
    | (?P<tag>\$(?:[A-Za-z_\x80-\U0010ffff][\w\x80-\U0010ffff]*)?\$)(?:.*?(?P=tag)|.*\Z)
    | (?P<word>[A-Za-z_\x80-\U0010ffff][\w$\x80-\U0010ffff]*)
    | (?P<open>[(\[])
    | (?P<close>[)\]])
    | (?P<end>;)
    | (?P<command>\\[^\n]*)
    | [^\-/'"`$A-Za-z_\x80-\U0010ffff()\[\];\\]+
    | .
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_COPY_DATA_END = re.compile(r"^\\\.[ \t]*(?:\r?\n|\Z)", re.MULTILINE)
_COPY_FROM_STDIN = re.compile(r"\bfrom\s+stdin\b", re.IGNORECASE)


def split_statements(text: str, dialect: Dialect = "postgres") -> Iterator[str]:
    """The statements one by one, trimmed, without semicolons; comments inside are kept, those around are not."""
    for statement in located_statements(text, dialect):
        yield statement.text


def located_statements(text: str, dialect: Dialect = "postgres") -> Iterator[Located]:
    """The statements with the comments that stand before them."""
    if dialect != "postgres":
        yield from mysql_statements(text)
        return
    start = at = 0
    depth = blocks = 0
    removed: list[tuple[int, int]] = []
    words: list[str] = []
    while at < len(text):
        hit = _PIECE.match(text, at)
        assert hit is not None  # the last alternative takes any character
        end = skip_comment(text, at) if hit["comment"] else hit.end()
        if hit["word"]:
            blocks = _blocks(blocks, words, hit["word"].lower())
            words = [*words[-1:], hit["word"].lower()]
        elif hit["open"] or hit["close"]:
            depth = max(0, depth + (1 if hit["open"] else -1))
        elif hit["command"]:
            command = hit["command"].split()[0].lower()
            removed.append((at, end))
            if command in ("\\g", "\\gx", "\\gexec", "\\gset") or not _holds_sql(_without(text, start, at, removed)):
                yield from _statement(text, start, at, removed)
                start, depth, blocks, words, removed = end, 0, 0, [], []
        elif hit["end"] and depth == 0 and blocks == 0:
            yield from _statement(text, start, at, removed)
            piece = _without(text, start, at, removed)
            if _COPY_FROM_STDIN.search(piece):
                end = _behind_copy_data(text, piece, end)
            start, words, removed = end, [], []
        at = end
    yield from _statement(text, start, len(text), removed)


def unfinished_at(text: str) -> int | None:
    """Where a string, a quoted name or a comment begins that does not end in the text; None where all do."""
    at = 0
    while at < len(text):
        hit = _PIECE.match(text, at)
        assert hit is not None  # the last alternative takes any character
        if hit["comment"]:
            end = skip_comment(text, at)
            if end == len(text) and _is_open_comment(text[at:]):
                return at
        else:
            end = hit.end()
            if end == len(text) and _is_open_quote(hit[0], hit["tag"]):
                return at
        at = end
    return None


def _is_open_comment(piece: str) -> bool:
    depth = 0
    for edge in _COMMENT_EDGE.finditer(piece):
        depth = depth + 1 if edge[0] == "/*" else depth - 1
    return depth > 0


def _is_open_quote(piece: str, tag: str | None) -> bool:
    if tag is not None:
        return len(piece) < 2 * len(tag) or not piece.endswith(tag)
    if piece[:1] in "eE" and piece[1:2] == "'":
        return re.fullmatch(r"[eE]'(?:[^'\\]|\\.|'')*'", piece, re.DOTALL) is None
    quote = piece[0]
    return quote in "'\"`" and re.fullmatch(f"{quote}(?:[^{quote}]|{quote}{quote})*{quote}", piece) is None


def _blocks(blocks: int, before: list[str], word: str) -> int:
    """Depth of BEGIN ATOMIC … END, in which CASE … END counts too."""
    if word == "atomic" and before[-1:] == ["begin"]:
        return blocks + 1
    if blocks and word == "case" and before[-1:] != ["end"]:
        return blocks + 1
    return blocks - 1 if blocks and word == "end" else blocks


def _behind_copy_data(text: str, statement: str, at: int) -> int:
    words = [token.word for token in tokens(statement)]
    if words[:1] != ["copy"] or not any(pair == ("from", "stdin") for pair in pairwise(words)):
        return at
    last = _COPY_DATA_END.search(text, at)
    return last.end() if last else len(text)


def _without(text: str, start: int, end: int, removed: list[tuple[int, int]]) -> str:
    pieces: list[str] = []
    for first, last in removed:
        if first >= start:
            pieces.append(text[start:first])
            start = last
    return "".join([*pieces, text[start:end]]) if start <= end else "".join(pieces)


def _holds_sql(piece: str) -> bool:
    return bool(tokens(piece))


def _statement(text: str, start: int, end: int, removed: list[tuple[int, int]]) -> Iterator[Located]:
    piece = _without(text, start, end, removed)
    found: list[Token] = tokens(piece)
    if found:
        at = _place(start, removed, found[0].start)
        yield Located(piece[found[0].start : found[-1].end], piece[: found[0].start], at)


def _place(start: int, removed: list[tuple[int, int]], offset: int) -> int:
    """Where in the whole text a place of the text without the removed parts is."""
    at = start + offset
    for first, last in removed:
        if start <= first <= at:
            at += last - first
    return at
