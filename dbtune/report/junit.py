"""The findings as JUnit XML, a test case each, for servers that show test results.

What fails the run is a failure; a known finding, and one below ``--fail-on``, passes with its text; a silenced one is
skipped. There is no standard: elements and attributes are those that Jenkins, GitLab and junitparser read.
"""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from dbtune.model.recommendation import Recommendation, Report, SilencedFinding
from dbtune.report import wording
from dbtune.report.annotation import annotation
from dbtune.report.places import place_of
from dbtune.report.registry import report_format
from dbtune.report.text import one_line

NOT_IN_XML = dict.fromkeys([*range(0xD800, 0xE000), 0xFFFE, 0xFFFF])
"""Beside control characters, what no XML 1.0 document may hold."""


@report_format("junit", ".xml", ".junit")
def write(report: Report) -> str:
    """One suite for the database."""
    cases = [*(_case(one, report) for one in report.recommendations), *map(_skipped, report.silenced)]
    if not cases:  # servers take an empty suite for a run that broke
        cases = [Element("testcase", {"classname": "dbtune", "name": "no findings", "time": "0"})]
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(1 for one in report.recommendations if _is_failure(one, report))),
        "errors": "0",
        "skipped": str(len(report.silenced)),
        "time": "0",
    }
    root = Element("testsuites", {"name": "dbtune", **counts})
    suite = SubElement(root, "testsuite", {"name": _clean(wording.target_words(report)), **counts})
    suite.extend(cases)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _is_failure(one: Recommendation, report: Report) -> bool:
    """Where nobody said what fails, all that asks to be done does."""
    if report.fail_on is None:
        return report.is_new(one) and one.severity != "info"
    return report.fails(one)


def _case(one: Recommendation, report: Report) -> Element:
    place = place_of(one, report)
    case = Element(
        "testcase",
        {
            "classname": _clean(one.rule),
            "name": _clean(one.title),
            "file": _clean(place.path),
            "line": str(place.line),
            "time": "0",
        },
    )
    text = f"{one.severity}: {annotation(one).translate(NOT_IN_XML)}"
    if _is_failure(one, report):
        failure = SubElement(case, "failure", {"type": one.severity, "message": _clean(one.reason)})
        failure.text = text
    else:
        state = (
            "" if report.is_new(one) else f"known from {_clean(report.baseline.baseline)}\n" if report.baseline else ""
        )
        SubElement(case, "system-out").text = state + text
    return case


def _skipped(one: SilencedFinding) -> Element:
    case = Element("testcase", {"classname": _clean(one.rule), "name": _clean(one.title), "time": "0"})
    SubElement(case, "skipped", {"message": _clean(f"silenced by {one.by}: {one.reason}".rstrip(": "))})
    return case


def _clean(text: str) -> str:
    return one_line(text).translate(NOT_IN_XML)
