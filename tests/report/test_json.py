"""The JSON report, its schema, and reading it back."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from dbtune.model.errors import UsageError
from dbtune.model.recommendation import Report
from dbtune.report import json as json_report
from dbtune.report.schema import report_schema, schema_text
from tests.report.samples import EMPTY, HOSTILE, USUAL

SCHEMA_FILE = Path(__file__).parents[2] / "docs" / "report.schema.json"


def test_published_schema_is_current() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text(), (
        "renew it: python -m dbtune.report.schema > docs/report.schema.json"
    )


@pytest.mark.parametrize("report", [USUAL, EMPTY, HOSTILE])
def test_reports_follow_the_schema_and_read_back_the_same(report: Report) -> None:
    text = json_report.write(report)
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(text))
    assert json_report.read(text) == report


def test_the_promised_fields_are_there() -> None:
    report = json.loads(json_report.write(USUAL))
    assert next(iter(report)) == "version"
    assert set(report) >= {"version", "dbtune", "target", "workload", "summary", "recommendations", "limits"}
    assert set(report["target"]) >= {"dialect", "server_version", "database", "planner", "collected_at"}
    assert set(report["workload"]) >= {"statements", "calls", "total_ms", "sources", "skipped"}
    assert set(report["summary"]) >= {"cost_before", "cost_after", "new_index_bytes", "dropped_index_bytes"}
    recommendation = report["recommendations"][0]
    promised = {"id", "rule", "group", "severity", "title", "object", "reason", "sql", "evidence", "docs"}
    assert set(recommendation) >= promised
    evidence = {"cost_before", "cost_after", "gain", "planner", "confidence", "bytes", "write_cost", "statements"}
    assert set(recommendation["evidence"]) >= evidence


def test_schema_refuses_what_is_no_report() -> None:
    broken = json.loads(json_report.write(USUAL))
    broken["recommendations"][0]["severity"] = "urgent"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, report_schema())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a report"),
        ("{", "not a report"),
        ("[]", "not a report"),
        ('{"version": 1}', "not a report"),
        ('{"version": 99, "what": "is this"}', "newer dbtune"),
    ],
)
def test_what_is_no_report_is_said_in_one_line(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        json_report.read(text, "old.json")
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("old.json: ")
