"""The findings as SARIF 2.1.0, for code scanning.

Checked in the tests against the schema that OASIS publishes. What GitHub asks beyond it (a location for each result,
paths from the repository's root, fingerprints, an id of the run's kind) is from its manual, "SARIF support for code
scanning".
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

import msgspec

from dbtune.model.plan import Confidence
from dbtune.model.recommendation import Recommendation, Report, Severity
from dbtune.report.annotation import annotation
from dbtune.report.places import place_of
from dbtune.report.registry import report_format
from dbtune.report.text import one_line
from dbtune.rules.registry import all_rules

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
HOME = "https://dbtune.readthedocs.io/"

LEVELS: Mapping[Severity, str] = {"high": "error", "medium": "warning", "low": "note", "info": "note"}
PRECISIONS: Mapping[Confidence, str] = {"proven": "very-high", "estimated": "high", "heuristic": "medium"}
"""GitHub's words for how often a rule is right."""

Value = object
"""What JSON can hold."""


@report_format("sarif", ".sarif", ".sarif.json")
def write(report: Report) -> str:
    """One run with the findings that are not silenced, new and known."""
    rules = sorted({one.rule for one in report.recommendations})
    run: dict[str, Value] = {
        "tool": {
            "driver": {
                "name": "dbtune",
                "semanticVersion": one_line(report.dbtune),
                "informationUri": HOME,
                "rules": [_rule(rule, report) for rule in rules],
            }
        },
        "automationDetails": {"id": automation_id(report)},
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, report, rules.index(one.rule)) for one in report.recommendations],
        "properties": {"silenced": len(report.silenced)},
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(log), indent=2).decode() + "\n"


def automation_id(report: Report) -> str:
    """``dbtune/postgres/shop/``: what is before the last slash keeps the results of several databases apart."""
    names = (report.target.dialect, report.target.database)
    return "/".join(("dbtune", *(quote(one_line(name), safe="") for name in names), ""))


def _rule(id: str, report: Report) -> dict[str, Value]:  # noqa: A002
    found = all_rules().get(id)
    first = next(one for one in report.recommendations if one.rule == id)
    summary, page, url = (found.summary, found.page, found.url) if found else (id, id, first.docs)
    described: dict[str, Value] = {
        "id": one_line(id),
        "shortDescription": {"text": summary},
        "fullDescription": {"text": summary},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": LEVELS[found.severity if found else first.severity]},
        "properties": {
            "tags": ["database", "performance", first.group],
            "precision": PRECISIONS[found.confidence if found else first.evidence.confidence],
        },
    }
    return {**described, "helpUri": url} if url.startswith("https://") else described


def _result(one: Recommendation, report: Report, rule: int) -> dict[str, Value]:
    place = place_of(one, report)
    result: dict[str, Value] = {
        "ruleId": one_line(one.rule),
        "ruleIndex": rule,
        "level": LEVELS[one.severity],
        "message": {"text": f"{one_line(one.title)}: {annotation(one)}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(place.path)},
                    "region": {"startLine": place.line},
                }
            }
        ],
        # GitHub follows a finding from run to run by this one, and would else take the text of the line
        "partialFingerprints": {"primaryLocationLineHash": f"{one.id}:1", "dbtuneId/v1": one.id},
        "properties": {"severity": one.severity, "confidence": one.evidence.confidence},
    }
    if report.baseline is not None:
        result["baselineState"] = "new" if report.is_new(one) else "unchanged"
    return result
