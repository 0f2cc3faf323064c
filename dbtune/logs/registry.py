"""Every log format and envelope there is, and which of them a log is in, by its content.

A new format is one module in ``dbtune/logs/formats`` (or in another package, named by an entry point of the group
``dbtune.logs``), and nothing else has to change:

```python
@log_format("example", title="the log of example", dialect="postgres")
def sniff(head: bytes, options: LayoutOptions) -> Sniffed | None: ...
```

``sniff`` looks at the first ``HEAD_BYTES`` of a log and says how sure it is and how that log is laid out. An envelope,
such as what a container runtime puts around each line, is a module in ``dbtune/logs/wrappers`` with ``@log_wrapper``.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Protocol

import dbtune.logs.formats
import dbtune.logs.wrappers
from dbtune.logs.batch import Batch
from dbtune.model.errors import UsageError
from dbtune.model.snapshot import Dialect

ENTRY_POINTS = "dbtune.logs"

HEAD_BYTES = 1 << 18
"""What is looked at to tell a log's format."""


class Reader(Protocol):
    """Reads one log from its start, or from where an event starts; keeps what one block leaves for the next."""

    def read(self, block: bytes) -> Batch:
        """The events of ``block``, which holds whole events only. Never raises: what it cannot read, it counts."""
        ...

    def finish(self) -> Batch:
        """What was still waited for when the log ended (a statement whose duration never came)."""
        ...


class Layout(Protocol):
    """How one log is laid out. Frozen and picklable: it goes to the processes that read ranges of the log."""

    @property
    def boundary(self) -> re.Pattern[bytes]:
        """An event starts where a match ends: always the start of a line. The match may hold the line before it."""
        ...

    def reader(self) -> Reader:
        """A new reader."""
        ...


@dataclass(frozen=True)
class LayoutOptions:
    """What the user says about the logs, where sniffing is not to decide."""

    log_line_prefix: str | None = None
    """The setting of the Postgres server that wrote the log."""


@dataclass(frozen=True)
class Sniffed:
    """``confidence`` 0 to 1: 0.9 for what only this format has, 0.5 for what others could have too."""

    confidence: float
    layout: Layout


Sniff = Callable[[bytes, LayoutOptions], Sniffed | None]


@dataclass(frozen=True)
class LogFormat:
    """A format: its name for ``--log-format``, what it is in words, whose log it is, and how it is told."""

    name: str
    title: str
    dialect: Dialect | None
    """None: the log does not say (a file of SQL)."""
    sniff: Sniff
    """None for a head that cannot be this format. Also asked where the user named the format."""
    whole: bool
    """It must be read from its start in one go (a header line names its columns)."""


class Unwrap(Protocol):
    """Takes the envelope off whole lines. Keeps state from one piece to the next."""

    def __call__(self, lines: bytes, /) -> bytes: ...


@dataclass(frozen=True)
class LogWrapper:
    """An envelope around each line of a log: its name, how sure it is (0 to 1) by the head, and a new unwrapper."""

    name: str
    title: str
    sniff: Callable[[bytes], float]
    unwrap: Callable[[], Unwrap]


_formats: dict[str, LogFormat] = {}
_wrappers: dict[str, LogWrapper] = {}


def log_format(name: str, *, title: str, dialect: Dialect | None, whole: bool = False) -> Callable[[Sniff], Sniff]:
    """Register the decorated function as the one that tells the format."""

    def register(sniff: Sniff) -> Sniff:
        _formats[name] = LogFormat(name, title, dialect, sniff, whole)
        return sniff

    return register


def log_wrapper(
    name: str, *, title: str, sniff: Callable[[bytes], float]
) -> Callable[[Callable[[], Unwrap]], Callable[[], Unwrap]]:
    """Register the decorated function, which makes a new unwrapper."""

    def register(unwrap: Callable[[], Unwrap]) -> Callable[[], Unwrap]:
        _wrappers[name] = LogWrapper(name, title, sniff, unwrap)
        return unwrap

    return register


@cache
def formats() -> Mapping[str, LogFormat]:
    """All formats by name."""
    _load()
    return dict(sorted(_formats.items()))


@cache
def wrappers() -> Mapping[str, LogWrapper]:
    """All envelopes by name."""
    _load()
    return dict(sorted(_wrappers.items()))


@cache
def _load() -> None:
    for package in (dbtune.logs.formats, dbtune.logs.wrappers):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            import_module(module.name)
    for entry in entry_points(group=ENTRY_POINTS):
        entry.load()


@dataclass(frozen=True)
class Recognised:
    """What a log is: its format and layout, and the envelope around its lines, if any."""

    format: LogFormat
    layout: Layout
    wrapper: LogWrapper | None


NUL_BYTES = 8192
"""NULs here are those of a binary file; later ones may be a hole in a log that was truncated while it was written."""


class NoLog(UsageError):
    """A file that is no log that is known; ``reason`` says why without its name."""

    def __init__(self, name: str, reason: str, advice: str = "") -> None:
        super().__init__(f"{name} {reason}{advice}")
        self.reason = reason


LEAST_CONFIDENCE = 0.3
"""Below it, a log is said not to be one."""


EXPLAINED = 1.05
"""An envelope that fits explains more of a log than a format that takes it for a part of the lines."""


def recognise(head: bytes, name: str, options: LayoutOptions, wanted: str | None = None) -> Recognised:
    """The format of the log that begins with ``head``; ``wanted`` names it where the user did.

    Raises NoLog where no format fits, UsageError where there is none of the wanted name.
    """
    candidates = formats()
    if wanted is not None:
        if wanted not in candidates:
            raise UsageError(f"no log format '{wanted}'; there are {', '.join(candidates)}")
        candidates = {wanted: candidates[wanted]}
    best: tuple[float, Recognised] | None = None
    for wrapper in (None, *wrappers().values()):
        sure = 1.0 if wrapper is None else wrapper.sniff(head)
        if sure <= 0:
            continue
        inner = head if wrapper is None else wrapper.unwrap()(head[: head.rfind(b"\n") + 1] or head)
        for form in candidates.values():
            sniffed = form.sniff(inner, options)
            confidence = (
                sure * (0.0 if sniffed is None else sniffed.confidence) * (1.0 if wrapper is None else EXPLAINED)
            )
            if sniffed is not None and confidence > 0 and (best is None or confidence > best[0]):
                best = confidence, Recognised(form, sniffed.layout, wrapper)
    if best is None or (best[0] < LEAST_CONFIDENCE and wanted is None):
        raise _refusal(head, name, options, wanted)
    return best[1]


def _refusal(head: bytes, name: str, options: LayoutOptions, wanted: str | None) -> NoLog:
    if not head.strip():
        return NoLog(name, "is empty")
    if b"\0" in head[:NUL_BYTES]:
        return NoLog(name, "is a binary file, not a log")
    if options.log_line_prefix is not None and wanted in (None, "postgres-stderr"):
        prefix = f"has no line with the --log-line-prefix '{options.log_line_prefix}'"
        return NoLog(name, prefix, "; leave it out to have the prefix recognised")
    if wanted is not None:
        return NoLog(name, f"is no {formats()[wanted].title}", "; leave --log-format out to have it recognised")
    return NoLog(name, "is no log that is known", f"; name its format with --log-format ({', '.join(formats())})")
