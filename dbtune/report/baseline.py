"""Baselines: what was found before, so that only what is new fails a run.

A baseline is a JSON report, or the short file that ``--write-baseline`` makes of one, which is meant to be committed:
sorted, a finding a line, and without numbers that change from run to run.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from dbtune.model.errors import UsageError
from dbtune.model.recommendation import Comparison, KnownFinding, Recommendation, Report
from dbtune.report import json as json_report

VERSION = 1


@dataclass(frozen=True)
class Baseline:
    """The findings that were known, and of which database they are."""

    dialect: str
    database: str
    findings: tuple[KnownFinding, ...] = ()
    baseline: int = VERSION
    """The version of this form."""


class _Head(msgspec.Struct):
    """Tells the two forms apart."""

    baseline: object = None
    recommendations: object = None


def read(path: Path) -> Baseline:
    """The baseline in a file. Raises UsageError where it is neither form, or of a newer dbtune."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    try:
        head = msgspec.json.decode(content, type=_Head)
        if head.recommendations is None and head.baseline is not None:
            return _short_form(path, content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: neither a baseline nor a JSON report of dbtune ({error})") from error
    if head.recommendations is None:
        raise UsageError(f"{path}: neither a baseline nor a JSON report of dbtune")
    return of_report(json_report.read(content, str(path)))


def _short_form(path: Path, content: bytes) -> Baseline:
    found = msgspec.json.decode(content, type=Baseline)
    if found.baseline > VERSION:
        raise UsageError(f"{path}: written by a newer dbtune (baseline version {found.baseline}); update dbtune")
    return found


def of_report(report: Report) -> Baseline:
    """All recommendations of a report. What was silenced is not among them: it is new when the silence ends."""
    found = sorted((_known(one) for one in report.recommendations), key=lambda one: (one.rule, one.title, one.id))
    return Baseline(report.target.dialect, report.target.database, tuple(found))


def text_of(baseline: Baseline) -> str:
    """The short form, a finding a line."""
    head = {"baseline": baseline.baseline, "dialect": baseline.dialect, "database": baseline.database}
    lines = [f"  {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}," for name, value in head.items()]
    found = [f"    {msgspec.json.encode(one).decode()}" for one in baseline.findings]
    body = "[\n" + ",\n".join(found) + "\n  ]" if found else "[]"
    return "\n".join(["{", *lines, f'  "findings": {body}', "}"]) + "\n"


def check_same_database(baseline: Baseline, path: Path, dialect: str, database: str) -> None:
    """Raise UsageError where the baseline is of another database than the one looked at."""
    if (baseline.dialect, baseline.database) != (dialect, database):
        raise UsageError(
            f"{path}: a baseline of the {baseline.dialect} database {baseline.database}, "
            f"and TARGET is the {dialect} database {database}"
        )


def compare(
    report: Report, baseline: Baseline, name: str, looked: Collection[str], schemas: Collection[str] = ()
) -> Report:
    """The report with what is known and what is gone. ``looked``: ids of the rules that looked this time, in these
    schemas (none: in all): of the findings of others nothing can be said."""
    before = {one.id for one in baseline.findings}
    now = {one.id for one in report.recommendations}
    silenced = {one.id for one in report.silenced}
    gone = tuple(
        one
        for one in baseline.findings
        if one.id not in now | silenced and one.rule in looked and (not schemas or one.schema in schemas)
    )
    known = tuple(one.id for one in report.recommendations if one.id in before)
    return replace(report, baseline=Comparison(name, known, gone))


def _known(one: Recommendation) -> KnownFinding:
    return KnownFinding(one.id, one.rule, one.title, one.object.schema)
