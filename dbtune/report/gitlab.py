"""The findings as GitLab's Code Quality report.

Fields and severities are those of GitLab's manual, "Code Quality", "Code Quality report format". GitLab itself compares
the report with that of the target branch by ``fingerprint``, so known findings are in it as well as new ones.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from dbtune.model.recommendation import Recommendation, Report, Severity
from dbtune.report.places import place_of
from dbtune.report.registry import report_format
from dbtune.report.text import one_line

SEVERITIES: Mapping[Severity, str] = {"high": "critical", "medium": "major", "low": "minor", "info": "info"}


@report_format("gitlab", ".gitlab.json", "code-quality-report.json")
def write(report: Report) -> str:
    """An array with an object for each finding."""
    found = [_issue(one, report) for one in report.recommendations]
    return msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n"


def _issue(one: Recommendation, report: Report) -> dict[str, object]:
    place = place_of(one, report)
    return {
        "description": f"{one_line(one.title)}: {one_line(one.reason)}",
        "check_name": one_line(one.rule),
        "fingerprint": one.id,
        "severity": SEVERITIES[one.severity],
        "location": {"path": place.path, "lines": {"begin": place.line}},
    }
