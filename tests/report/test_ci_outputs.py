"""The outputs for CI: against published schemas and other readers, and that no text of others leaves its place."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import junitparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbtune.model.location import SourceLocation
from dbtune.model.recommendation import Change, Comparison, KnownFinding, Report, SilencedFinding
from dbtune.report.annotation import annotation
from dbtune.report.github import escaped, escaped_property
from dbtune.report.places import NOWHERE, in_repository
from dbtune.report.pull_request import MOST_COMMENT, marker, summary
from dbtune.report.registry import formats
from tests.report.samples import EMPTY, HOSTILE, HOSTILE_TEXT, MISSING, UNUSED, USUAL
from tests.report.test_outputs import assert_as_stored

SARIF_SCHEMA = Path(__file__).parent / "schemas" / "sarif-schema-2.1.0.json"

COMPARED = replace(
    USUAL,
    recommendations=(
        replace(MISSING, location=SourceLocation("queries/shop.sql", 7)),
        *USUAL.recommendations[1:],
    ),
    baseline=Comparison("main.json", (UNUSED.id,), (KnownFinding("1" * 16, "index.duplicate", "Drop orders_again"),)),
    silenced=(SilencedFinding("2" * 16, "index.unused", "Drop orders_note_idx", "dbtune.toml", "the yearly report"),),
    fail_on="medium",
    anchor="shop.json.zst",
)
HOSTILE_COMPARED = replace(
    HOSTILE,
    recommendations=tuple(replace(one, location=SourceLocation(HOSTILE_TEXT, 3)) for one in HOSTILE.recommendations),
    baseline=Comparison(HOSTILE_TEXT, (), (KnownFinding("1", HOSTILE_TEXT, HOSTILE_TEXT),)),
    silenced=(SilencedFinding("2", HOSTILE_TEXT, HOSTILE_TEXT, HOSTILE_TEXT, HOSTILE_TEXT),),
    anchor=HOSTILE_TEXT,
)
REPORTS = {
    "usual": USUAL,
    "empty": EMPTY,
    "hostile": HOSTILE,
    "compared": COMPARED,
    "hostile-compared": HOSTILE_COMPARED,
}
FORMS = ["sarif", "github", "gitlab", "junit", "pull-request"]
RUNNER_COMMAND = re.compile(r"::(?P<kind>error|warning|notice) (?P<properties>[^:]*)::(?P<message>.*)")


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: ``db`` in a repository of its own."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "db").mkdir()
    monkeypatch.chdir(tmp_path / "db")
    return tmp_path


def written(form: str, report: Report) -> str:
    return formats()[form].write(report)


def sarif_results(report: Report) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = json.loads(written("sarif", report))["runs"][0]["results"]
    return results


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_sarif_follows_the_published_schema(report: Report) -> None:
    schema = json.loads(SARIF_SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft4Validator(schema).validate(json.loads(written("sarif", report)))


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_sarif_has_what_github_asks_for(report: Report) -> None:
    run = json.loads(written("sarif", report))["runs"][0]
    assert run["automationDetails"]["id"].endswith("/")
    rules = run["tool"]["driver"]["rules"]
    for rule in rules:
        assert rule["shortDescription"]["text"]
        assert rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")
    assert len(run["results"]) == len(report.recommendations)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["partialFingerprints"]["primaryLocationLineHash"]
        (location,) = result["locations"]
        uri = location["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"[\w./%~-]+", uri, re.ASCII)
        assert not unquote(uri).startswith("/")
        assert location["physicalLocation"]["region"]["startLine"] >= 1


def test_sarif_tells_new_from_known_where_there_is_a_baseline() -> None:
    assert [one["baselineState"] for one in sarif_results(COMPARED)] == ["new", "unchanged", "new"]
    assert not any("baselineState" in one for one in sarif_results(USUAL))
    assert [one["level"] for one in sarif_results(USUAL)] == ["error", "note", "note"]


def test_a_finding_is_shown_at_its_line_else_at_the_anchor_else_where_it_could_be_silenced() -> None:
    def places(report: Report) -> list[tuple[str, int]]:
        found = json.loads(written("gitlab", report))
        return [(one["location"]["path"], one["location"]["lines"]["begin"]) for one in found]

    assert places(COMPARED) == [("db/queries/shop.sql", 7), ("db/shop.json.zst", 1), ("db/shop.json.zst", 1)]
    assert places(USUAL) == [(NOWHERE, 1)] * 3
    outside = replace(MISSING, location=SourceLocation("/var/log/postgresql/15.log", 12))
    assert places(replace(COMPARED, recommendations=(outside,))) == [("db/shop.json.zst", 1)]


def test_paths_are_told_from_the_root_of_the_repository(repository: Path) -> None:
    assert in_repository("a.sql") == "db/a.sql"
    assert in_repository("../migrations/./1 a.sql") == "migrations/1 a.sql"
    assert in_repository(str(repository / "x.sql")) == "x.sql"
    assert in_repository("../../x.sql") is None
    assert in_repository("/etc/passwd") is None
    assert in_repository("") is None


def test_a_name_that_is_no_utf_8_is_still_told() -> None:
    assert in_repository(os.fsdecode(b"caf\xe9.sql")) == "db/caf\N{REPLACEMENT CHARACTER}.sql"


def test_without_a_repository_the_working_folder_is_the_root(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / ".git").rmdir()
    if any((parent / ".git").exists() for parent in repository.parents):
        pytest.skip("the folder for temporary files lies within a repository")
    assert in_repository("a.sql") == "a.sql"


def test_gitlab_has_the_fields_of_its_manual() -> None:
    found = json.loads(written("gitlab", COMPARED))
    for one in found:
        assert set(one) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert one["severity"] in ("info", "minor", "major", "critical", "blocker")
    assert len({one["fingerprint"] for one in found}) == len(found) == 3
    assert json.loads(written("gitlab", EMPTY)) == []


def test_junit_is_read_by_another_reader_and_counts_what_fails() -> None:
    suites = junitparser.JUnitXml.fromstring(written("junit", COMPARED).encode())
    (suite,) = suites
    assert (suite.tests, suite.failures, suite.skipped, suite.errors) == (4, 1, 1, 0)
    states = {case.name: [type(result).__name__ for result in case.result] for case in suite}
    assert states == {
        MISSING.title: ["Failure"],
        UNUSED.title: [],
        COMPARED.recommendations[2].title: [],
        "Drop orders_note_idx": ["Skipped"],
    }
    known = next(case for case in suite if case.name == UNUSED.title)
    assert known.system_out.startswith("known from main.json")


@pytest.mark.parametrize(("fail_on", "failures"), [(None, 2), ("high", 1), ("low", 2), ("info", 3)])
def test_junit_fails_what_the_run_fails(fail_on: Any, failures: int) -> None:
    text = written("junit", replace(USUAL, fail_on=fail_on))
    assert junitparser.JUnitXml.fromstring(text.encode()).failures == failures


def test_junit_without_a_finding_is_a_test_that_passed() -> None:
    suites = junitparser.JUnitXml.fromstring(written("junit", EMPTY).encode())
    assert (suites.tests, suites.failures) == (1, 0)


def test_github_is_told_of_new_findings_alone_the_most_severe_first() -> None:
    commands = [RUNNER_COMMAND.fullmatch(line) for line in written("github", COMPARED).splitlines()]
    found = [command for command in commands if command]
    assert [command["kind"] for command in found] == ["error", "notice"]
    assert found[0]["properties"].startswith("file=db/queries/shop.sql,line=7,title=Index orders (customer_id%2C ")
    assert found[0]["message"].endswith("(customer_id, created_at DESC);")


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_no_line_for_github_is_a_command_but_those_meant(report: Report) -> None:
    lines = written("github", report).splitlines()
    meant = [line for line in lines if RUNNER_COMMAND.fullmatch(line)]
    assert len(meant) == sum(report.is_new(one) for one in report.recommendations)
    assert not any(line.lstrip().startswith(("::", "##[")) for line in lines if line not in meant)


@given(st.text())
def test_github_gets_back_what_was_escaped(text: str) -> None:
    """As the runner unescapes it: ``ActionCommand`` of actions/runner."""

    def unescaped(value: str, *mappings: tuple[str, str]) -> str:
        for code, character in (*mappings, ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
            value = value.replace(code, character)
        return value

    assert unescaped(escaped(text)) == text
    assert not {"\n", "\r"} & set(escaped(text))
    assert unescaped(escaped_property(text), ("%3A", ":"), ("%2C", ",")) == text
    assert not {"\n", "\r", ":", ","} & set(escaped_property(text))


@settings(deadline=None)
@given(st.text(), st.text(), st.integers(-1, 10**6))
def test_any_text_leaves_every_output_whole(text: str, other: str, line: int) -> None:
    """Read back by other readers: as many findings as there are, each on its own."""
    hostile = replace(
        MISSING, title=text, reason=other, risk=text, rule=other or "r", location=SourceLocation(text, line)
    )
    report = replace(COMPARED, recommendations=(hostile, UNUSED), anchor=other)
    assert len(json.loads(written("gitlab", report))) == 2
    assert len(sarif_results(report)) == 2
    suites = junitparser.JUnitXml.fromstring(written("junit", report).encode())
    assert suites.tests == 3
    assert sum(bool(RUNNER_COMMAND.fullmatch(one)) for one in written("github", report).split("\n")) == 1
    assert written("pull-request", report).startswith(marker(report) + "\n## dbtune: 1 new finding on ")


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
@pytest.mark.parametrize("form", FORMS)
def test_no_control_characters(form: str, report: Report) -> None:
    text = written(form, report)
    assert not [character for character in text if ord(character) < 32 and character != "\n"]
    assert not {"\x9b", "\x7f", "\u202e"} & set(text)


@given(st.text(min_size=1))
def test_the_marker_is_one_comment_that_ends_where_it_should(database: str) -> None:
    line = marker(replace(USUAL, target=replace(USUAL.target, database=database)))
    assert re.fullmatch(r"<!-- [\w./%~]+ -->", line, re.ASCII)


def test_the_marker_is_the_same_in_every_run_and_another_for_another_database() -> None:
    assert marker(USUAL) == marker(replace(EMPTY, target=USUAL.target))
    assert marker(USUAL) != marker(replace(USUAL, target=replace(USUAL.target, database="other")))


def test_a_comment_is_never_longer_than_github_takes() -> None:
    many = tuple(replace(MISSING, id=f"{n:016x}", title=f"Index number {n}") for n in range(300))
    report = replace(COMPARED, recommendations=many)
    text = written("pull-request", report)
    assert len(text) <= MOST_COMMENT
    assert "Index number 299" in text  # in the table, if not in full
    assert "left out for want of room" in text
    assert "left out" not in summary(replace(COMPARED, recommendations=many[:100]))


def test_a_change_of_many_statements_is_cut_beside_the_code() -> None:
    long = replace(MISSING, sql=Change(tuple(f"SELECT {n}" for n in range(40))))
    lines = annotation(long).split("\n")
    assert lines[3] == "SELECT 0;"
    assert lines[-1].startswith("… and 34 more statements")
    assert "more statement" not in annotation(MISSING)


def test_known_findings_stand_folded_in_a_comment() -> None:
    text = written("pull-request", COMPARED)
    head, known = text.split("<summary>Known before (1)</summary>")
    assert "items\\_note\\_idx" not in head
    assert "items\\_note\\_idx" in known
    assert "2 new, 1 known, 1 gone (beside main.json); 1 silenced." in head


@pytest.mark.parametrize("report", ["empty", "hostile-compared", "compared"])
@pytest.mark.parametrize("form", [form for form in FORMS if form != "sarif"])  # it holds the pages of rules
def test_each_format_writes_what_is_stored(report: str, form: str) -> None:
    assert_as_stored(written(form, REPORTS[report]), f"{report}.{form}.txt")
