"""The digest's formats by name and by file ending.

A new one is a module in this package with

```python
@digest_format("xml", ".xml")
def write(view: View) -> str: ...
```
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pathlib import Path

import dbtune.report.digest
from dbtune.logs.comparing import Comparison
from dbtune.model.digest import Digest
from dbtune.model.errors import UsageError


@dataclass(frozen=True)
class View:
    """What is to be shown."""

    digest: Digest
    comparison: Comparison | None = None
    top: int | None = None
    """Only the statements with the most time; None: all."""
    samples: bool = False
    verbose: bool = False

    def written(self) -> Digest:
        """The digest as a file may hold it: without samples unless they were asked for."""
        kept = self.digest.statements[: self.top]
        if not self.samples:
            kept = tuple(replace(one, samples=()) for one in kept)
        return replace(self.digest, statements=kept)


Writer = Callable[[View], str]


@dataclass(frozen=True)
class DigestFormat:
    """A form: its name for ``--format``, the file endings that choose it, the whole text."""

    name: str
    endings: tuple[str, ...]
    write: Writer


_registered: dict[str, DigestFormat] = {}


def digest_format(name: str, *endings: str) -> Callable[[Writer], Writer]:
    """Register the decorated function as the writer of that format."""

    def register(write: Writer) -> Writer:
        _registered[name] = DigestFormat(name, endings, write)
        return write

    return register


@cache
def digest_formats() -> Mapping[str, DigestFormat]:
    """All formats by name."""
    for module in pkgutil.iter_modules(dbtune.report.digest.__path__, "dbtune.report.digest."):
        if not module.name.endswith(".schema"):
            import_module(module.name)
    return dict(_registered)


def digest_format_for(path: Path, fallback: str | None = None) -> DigestFormat:
    """The format of an output file: by its ending, else the fallback's name. Raises UsageError where neither says."""
    for form in digest_formats().values():
        if path.name.lower().endswith(form.endings):
            return form
    if fallback is not None:
        return digest_formats()[fallback]
    endings = ", ".join(ending for form in digest_formats().values() for ending in form.endings)
    raise UsageError(f"{path}: the ending names no format; use one of {endings} or --format")
