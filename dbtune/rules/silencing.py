"""What the user does not want to hear of, and why: from the configuration file and from comments in files of SQL.

A comment ``-- dbtune: ignore RULE[, RULE] [reason]`` above a statement, or at the end of its last line, is about what
is located there; among the comments at a file's head, with an empty line below it, about the whole file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

from dbtune.model.errors import UsageError
from dbtune.model.location import SourceLocation
from dbtune.model.recommendation import Recommendation, Report, SilencedFinding, Subject
from dbtune.model.snapshot import Dialect
from dbtune.rules.pages import did_you_mean
from dbtune.sql.ignoring import ignored_parts


@dataclass(frozen=True)
class Silence:
    """A wish not to hear of some findings: of these rules, and of these objects or files where any are named."""

    rules: tuple[str, ...]
    """Ids or groups; empty: all, which is meant for ``findings`` alone."""
    by: str
    """Where it is written, for people: ``dbtune.toml``, ``migrations/7.sql:3``."""
    reason: str = ""
    tables: tuple[str, ...] = ()
    """Patterns of ``schema.table``, or of the table's name alone where there is no dot in one."""
    indexes: tuple[str, ...] = ()
    """Patterns of indexes' names."""
    files: tuple[str, ...] = ()
    """Patterns of paths from ``base`` on, or of a file's name alone where there is no slash in one. A ``*`` also
    stands for slashes."""
    findings: tuple[str, ...] = ()
    """Ids of recommendations."""
    until: date | None = None
    """The last day on which it holds."""
    base: str = ""
    """The folder from which ``files`` are named."""
    lines: tuple[int, int] | None = None
    """Only what is located on these lines (first and last)."""
    is_literal: bool = False
    """``files`` are names and no patterns."""

    def is_expired(self, today: date) -> bool:
        return self.until is not None and today > self.until

    def covers(self, recommendation: Recommendation) -> bool:
        """Whether the finding is one of those."""
        one = recommendation
        return (
            (not self.findings or one.id in self.findings)
            and self.covers_subject(one.rule, one.group, one.object)
            and (not self.files or self._covers_location(one.location))
        )

    def covers_subject(self, rule: str, group: str, subject: Subject) -> bool:
        """Whether rule, table and index are among those, wherever the finding is located."""
        return (
            (not self.rules or rule in self.rules or group in self.rules)
            and (not self.tables or _is_named(subject, self.tables))
            and (not self.indexes or _matches(subject.index or "", self.indexes))
        )

    @property
    def is_about_objects(self) -> bool:
        """Neither a finding's id nor its location has to be known to tell what it covers."""
        return not self.files and not self.findings

    def _covers_location(self, location: SourceLocation | None) -> bool:
        if location is None:
            return False
        if self.lines is not None and not self.lines[0] <= location.line <= self.lines[1]:
            return False
        path = Path(os.path.normpath(Path.cwd() / location.file))
        base = Path(os.path.normpath(Path.cwd() / self.base))
        if not path.is_relative_to(base):
            return False
        relative = path.relative_to(base)
        if self.is_literal:
            return relative.as_posix() in self.files
        return any(fnmatchcase(*_name_and_pattern(relative, pattern)) for pattern in self.files)


def silence_of(recommendation: Recommendation, silences: Iterable[Silence]) -> Silence | None:
    """The first that covers the finding."""
    return next((silence for silence in silences if silence.covers(recommendation)), None)


def silenced_finding(recommendation: Recommendation, silence: Silence) -> SilencedFinding:
    """What the report keeps of it."""
    return SilencedFinding(recommendation.id, recommendation.rule, recommendation.title, silence.by, silence.reason)


def without_silenced(report: Report, silences: Sequence[Silence]) -> Report:
    """The report with what the silences cover among what is silenced. Its totals stay: they count no recommendation."""
    covered = [(one, silence_of(one, silences)) for one in report.recommendations]
    return replace(
        report,
        recommendations=tuple(one for one, silence in covered if silence is None),
        silenced=tuple(silenced_finding(one, silence) for one, silence in covered if silence is not None),
    )


def silences_in(path: Path, text: str, known: Iterable[str], dialect: Dialect = "postgres") -> list[Silence]:
    """What the comments in a file of SQL say. ``known`` are the ids and groups of rules.

    Raises UsageError, naming the file and the line, for a comment that names no rule, an unknown one, or is followed by
    no statement.
    """
    names = frozenset(known)
    found = []
    for part in ignored_parts(text, dialect):
        by = f"{path}:{part.line}"
        if not part.rules:
            raise UsageError(f"{by}: 'dbtune: ignore' names no rule; write -- dbtune: ignore RULE[, RULE] [reason]")
        for name in part.rules:
            if name not in names:
                raise UsageError(f"{by}: no rule or group '{name}'{did_you_mean(name, names)}")
        if part.covered is None and not part.whole_file:
            raise UsageError(f"{by}: no statement follows 'dbtune: ignore', so it is about nothing")
        found.append(
            Silence(
                part.rules,
                by,
                part.reason,
                files=(path.name,),
                base=str(path.parent),
                lines=part.covered,
                is_literal=True,
            )
        )
    return found


def _name_and_pattern(path: PurePath, pattern: str) -> tuple[str, str]:
    return (path.as_posix() if "/" in pattern else path.name, pattern.removeprefix("./"))


def _is_named(subject: Subject, patterns: Sequence[str]) -> bool:
    full = f"{subject.schema}.{subject.table}"
    return bool(subject.table) and any(fnmatchcase(full if "." in one else subject.table, one) for one in patterns)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return bool(name) and any(fnmatchcase(name, pattern) for pattern in patterns)
