"""A workload from a file of SQL: each distinct statement once, its executions as samples.

A comment right before a statement gives its weight: ``-- calls: 1200``, or ``-- dbtune: calls=1200 mean_ms=3.2``
(``total_ms=`` too). Without one, each time a statement stands in the file is one call. Utility statements (SET, BEGIN,
VACUUM, …), psql's own lines and the data of COPY are left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from dbtune.model.errors import UsageError
from dbtune.model.location import SourceLocation
from dbtune.model.snapshot import Dialect
from dbtune.model.workload import Skipped, Statement, Workload, WorkloadSource
from dbtune.sql.facts import is_utility
from dbtune.sql.fingerprint import fingerprint, normalise
from dbtune.sql.splitting import located_statements

KIND = "sql"

MAX_SAMPLES = 20
"""Different executions of a statement that are kept; more would not change its cost."""

REPLACED = "\N{REPLACEMENT CHARACTER}"

_WEIGHTS = re.compile(
    r"(?:^|[\s;,])(?P<name>calls|mean_ms|total_ms)\s*[:=]\s*(?P<number>\d[\d_]*(?:\.\d+)?)", re.IGNORECASE
)
_COMMENT = re.compile(r"--(?P<line>[^\n]*)|/\*(?P<block>.*?)\*/", re.DOTALL)


@dataclass
class _Seen:
    """One statement while the file is read."""

    text: str
    line: int
    calls: float = 0.0
    total_ms: float | None = None
    samples: dict[str, None] = field(default_factory=dict)


def read_sql_file(path: Path, dialect: Dialect = "postgres") -> Workload:
    """The file's workload, in the dialect of the server.

    Raises UsageError where the file is missing, no text of SQL, or without a statement.
    """
    content = read_sql_text(path)
    seen: dict[str, _Seen] = {}
    skipped: list[Skipped] = []
    if REPLACED in content:
        skipped.append(Skipped("", f"{path.name} is not wholly UTF-8: the characters that are not were replaced"))
    for one in weighted_statements(content, dialect):
        key, text = fingerprint(one.text, dialect), normalise(one.text, dialect)
        if one.utility:
            skipped.append(Skipped(key, "not a statement that is planned", text))
            continue
        known = seen.setdefault(key, _Seen(text, one.line))
        _count(known, one)
    if not seen:
        raise UsageError(f"there is no statement to plan in {path}")
    statements = tuple(
        Statement(
            fingerprint=key,
            text=each.text,
            calls=each.calls,
            total_ms=each.total_ms,
            samples=tuple(each.samples),
            source=path.name,
            location=SourceLocation(str(path), each.line),
        )
        for key, each in seen.items()
    )
    source = WorkloadSource(KIND, str(path), len(statements), sum(each.calls for each in statements))
    return Workload(statements, (source,), tuple(dict.fromkeys(skipped)))


@dataclass(frozen=True)
class Weighted:
    """A statement of a file, and what the comment above it says of its calls."""

    text: str
    calls: float
    total_ms: float | None
    utility: bool
    line: int
    """From 1 on."""

    @property
    def mean_ms(self) -> float | None:
        """Of one call, in ms."""
        return None if self.total_ms is None or self.calls <= 0 else self.total_ms / self.calls


def weighted_statements(content: str, dialect: Dialect = "postgres") -> list[Weighted]:
    """The statements of a text of SQL, in order."""
    found: list[Weighted] = []
    line, at = 1, 0
    for number, located in enumerate(located_statements(content, dialect)):
        line, at = line + content.count("\n", at, located.start), located.start
        given = weights(_above(located.before) if number else located.before)
        calls = given.get("calls", 1.0)
        total_ms = given.get("total_ms", given["mean_ms"] * calls if "mean_ms" in given else None)
        found.append(Weighted(located.text, calls, total_ms, is_utility(located.text, dialect), line))
    return found


def _above(before: str) -> str:
    """Comments that belong to this statement: one on the former statement's last line belongs to that."""
    return before.partition("\n")[2] if "\n" in before else before


def weights(comments: str) -> dict[str, float]:
    """Numbers in the last comment before a statement that gives any: ``calls``, ``mean_ms``, ``total_ms``."""
    found: dict[str, float] = {}
    for comment in _COMMENT.finditer(comments):
        numbers = {
            hit["name"].lower(): float(hit["number"].replace("_", ""))
            for hit in _WEIGHTS.finditer(comment["line"] or comment["block"] or "")
        }
        found.update(numbers)
    return found


def _count(seen: _Seen, one: Weighted) -> None:
    seen.calls += one.calls
    if len(seen.samples) < MAX_SAMPLES:
        seen.samples[one.text] = None
    if one.total_ms is not None:
        seen.total_ms = (seen.total_ms or 0.0) + one.total_ms


def read_sql_text(path: Path) -> str:
    """The whole text of an SQL file. Raises UsageError where it is missing, empty or no text."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}") from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a folder; name the SQL files in it") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    if not content.strip():
        raise UsageError(f"{path} is empty")
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace")
    if b"\0" in content:
        raise UsageError(f"{path} is not a text file of SQL")
    return content.decode("utf-8-sig", errors="replace")
