"""Puts the tables of a benchmark into its page of the handbook, between two marks, and tells what it is about."""

from __future__ import annotations

import sys
from pathlib import Path

END = "<!-- end of tables -->"


def put_tables(page: Path, mark: str, tables: str) -> None:
    """In place of those behind ``mark``, up to the next ``END``. Raises SystemExit where the page has no such mark."""
    before, found, rest = page.read_text().partition(mark)
    if not found:
        raise SystemExit(f"{page.name} has no place for the tables: {mark}")
    page.write_text(f"{before}{mark}\n\n{tables}\n\n{rest[rest.index(END) :]}")


def say(text: str) -> None:
    """A line of progress, to standard error."""
    print(f"{text} …", file=sys.stderr, flush=True)
