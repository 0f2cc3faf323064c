"""The files' texts from their templates; values arrive as SQL, and leave as each language writes it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dbtune.migrate.migration import MARK
from dbtune.model.text import in_comment

FOLDER = Path(__file__).parent / "templates"

LIMITS_ARE_SET = "squawk-ignore-file require-lock-timeout, require-statement-timeout"
"""In a file of Postgres that has no room for limits on waits: the first one of the run sets them."""

OBEYED = (MARK, LIMITS_ARE_SET)
"""Comments that are meant to be read by programs."""


def render(template: str, **values: object) -> str:
    """The template's text with the values, ending with a newline."""
    return _environment().get_template(template).render(values).rstrip("\n") + "\n"


COMMENT_WIDTH = 110
_DIRECTIVE = re.compile(
    r"[+!]|(migrate|atlas|transactional|depends|squawk-|liquibase|changeset|rollback|precondition|property|ignore|"
    r"validchecksum|comment|labels?|contexts?)\b",
    re.IGNORECASE,
)
"""How the comments begin that one tool or another obeys."""


def commented(lines: Iterable[str], sign: str = "--") -> str:
    """The lines as comments of readable width; none of them begins as what a tool obeys, but for dbtune's own."""
    return "\n".join(f"{sign} {part}".rstrip() for line in lines for part in _wrapped(in_comment(line)))


def _wrapped(line: str) -> list[str]:
    if line.startswith(OBEYED):
        return [line]
    parts = textwrap.wrap(line, COMMENT_WIDTH, break_long_words=False, break_on_hyphens=False)
    return [f"... {part}" if _DIRECTIVE.match(part) else part for part in parts]


def ended(statements: Iterable[str]) -> str:
    """SQL statements, each with its semicolon."""
    return "\n".join(f"{sql};" for sql in statements)


def python_string(text: str) -> str:
    """A string literal of Python, over several lines where the text is."""
    if "\n" not in text:
        return _python_line(text)
    escaped = text.replace("\\", "\\\\").replace("\r", "\\r").replace('"""', '\\"\\"\\"')
    return f'"""{escaped[:-1]}\\""""' if escaped.endswith('"') else f'"""{escaped}"""'


def _python_line(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("\r", "\\r")
    return f"'{escaped}'" if '"' in text and "'" not in text else '"' + escaped.replace('"', '\\"') + '"'


def docstring(text: str) -> str:
    """One line for the inside of a docstring."""
    return in_comment(text).replace("\\", "\\\\").replace('"', "'")


def text_clause(sql: str) -> str:
    """SQL for SQLAlchemy's ``text()``, to which ``:word`` is a parameter unless escaped."""
    pieces = sql.split("::")
    return "::".join(piece.replace(":", "\\:") for piece in pieces)


def js_string(text: str) -> str:
    """A template literal of JavaScript."""
    return "`" + text.replace("\\", "\\\\").replace("`", "\\`").replace("${", "\\${") + "`"


def knex_raw(sql: str) -> str:
    """SQL for ``knex.raw()``, to which ``?`` is a parameter unless escaped."""
    return sql.replace("?", "\\?")


_QUESTION = re.compile(
    r"""[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*" | (?P<tag>\$\w*\$).*?(?P=tag) | (?P<question>\?)""",
    re.VERBOSE | re.DOTALL,
)


def jdbc_statement(sql: str) -> str:
    """SQL for ``nativeSQL`` of Postgres' JDBC driver, to which ``?`` outside quotes is a parameter unless doubled."""
    return _QUESTION.sub(lambda match: "??" if match["question"] else match[0], sql)


def ruby_string(text: str) -> str:
    """A string literal of Ruby in which nothing is interpolated."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters.update(
        commented=commented,
        ended=ended,
        python_string=python_string,
        text_clause=text_clause,
        js_string=js_string,
        jdbc_statement=jdbc_statement,
        knex_raw=knex_raw,
        ruby_string=ruby_string,
    )
    return environment
