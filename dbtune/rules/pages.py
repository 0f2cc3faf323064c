"""What a rule's module says about it: its page, and where that page is to be read."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable
from difflib import get_close_matches

DOCS_URL = "https://dbtune.readthedocs.io/rules"


def page_of(module: str, id: str) -> str:  # noqa: A002
    """The docstring of the module of that name, Markdown. Raises ValueError where there is none."""
    page = inspect.cleandoc(sys.modules[module].__doc__ or "")
    if not page:
        raise ValueError(f"the module of rule {id} has no docstring, which is its page")
    return page


def url_of(id: str) -> str:  # noqa: A002
    return f"{DOCS_URL}/{id}/"


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """The end of a line that says a name is unknown."""
    close = get_close_matches(wrong, sorted(known), n=1, cutoff=0.5)
    return f"; did you mean '{close[0]}'?" if close else "; 'dbtune rules' lists all"
