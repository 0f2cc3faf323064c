"""The report's formats by name and by file ending.

A new one is a module in this package (or in another, named by an entry point of the group ``dbtune.reports``) with

```python
@report_format("csv", ".csv")
def write(report: Report) -> str: ...
```
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

from dbtune.model.errors import UsageError
from dbtune.model.recommendation import Report

Writer = Callable[[Report], str]

MODULES = ("terminal", "json", "markdown", "sql", "sarif", "github", "gitlab", "junit", "pull_request")
"""Modules of this package that register formats, in the order in which help texts name them."""

ENTRY_POINTS = "dbtune.reports"


@dataclass(frozen=True)
class ReportFormat:
    """A form the report can take: its name for ``--format``, the file endings that choose it, the whole text."""

    name: str
    endings: tuple[str, ...]
    write: Writer


_registered: dict[str, ReportFormat] = {}


def report_format(name: str, *endings: str) -> Callable[[Writer], Writer]:
    """Register the decorated function as the writer of that format."""

    def register(write: Writer) -> Writer:
        _registered[name] = ReportFormat(name, endings, write)
        return write

    return register


@cache
def formats() -> Mapping[str, ReportFormat]:
    """All formats by name: this package's, then those of installed plug-ins."""
    for module in MODULES:
        import_module(f"dbtune.report.{module}")
    for entry in entry_points(group=ENTRY_POINTS):
        entry.load()
    return dict(_registered)


def endings() -> tuple[str, ...]:
    """Every file ending that chooses a format."""
    return tuple(ending for form in formats().values() for ending in form.endings)


def format_of(path: Path) -> ReportFormat | None:
    """The format that the file's name chooses (the longest ending that fits), or None."""
    name = path.name.lower()
    fitting = [(ending, form) for form in formats().values() for ending in form.endings if name.endswith(ending)]
    return max(fitting, key=lambda pair: len(pair[0]))[1] if fitting else None


def format_for(path: Path, fallback: str | None = None) -> ReportFormat:
    """The format of an output file: by its ending, else the fallback's name. Raises UsageError where neither says."""
    found = format_of(path)
    if found is not None:
        return found
    if fallback is not None:
        return formats()[fallback]
    raise UsageError(f"{path}: the ending names no format; use one of {', '.join(endings())} or --format")
