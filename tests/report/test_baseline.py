"""Baselines: their two forms, what is known and gone, and what is none."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dbtune.model.errors import UsageError
from dbtune.model.recommendation import Comparison, SilencedFinding, Subject
from dbtune.report import baseline as baselines
from dbtune.report import json as json_report
from tests.report.samples import ADVICE_WITHOUT_SQL, EMPTY, HOSTILE, MISSING, UNUSED, USUAL

RULES = {"index.missing", "index.unused", "index.bloated"}


@pytest.mark.parametrize("report", [USUAL, EMPTY, HOSTILE])
def test_a_report_and_its_short_form_are_the_same_baseline(report: object, tmp_path: Path) -> None:
    assert isinstance(report, type(USUAL))
    made = baselines.of_report(report)
    (tmp_path / "long.json").write_text(json_report.write(report), encoding="utf-8")
    (tmp_path / "short.json").write_text(baselines.text_of(made), encoding="utf-8")
    assert baselines.read(tmp_path / "long.json") == baselines.read(tmp_path / "short.json") == made


def test_the_short_form_has_a_finding_a_line_in_an_order_that_severity_and_gain_do_not_change() -> None:
    shuffled = replace(
        USUAL, recommendations=tuple(replace(one, severity="info") for one in USUAL.recommendations[::-1])
    )
    text = baselines.text_of(baselines.of_report(USUAL))
    assert text == baselines.text_of(baselines.of_report(shuffled))
    assert sum('"id"' in line for line in text.splitlines()) == 3
    assert json.loads(text)["database"] == "shop"


def test_known_new_and_gone() -> None:
    before = baselines.of_report(replace(USUAL, recommendations=(MISSING, UNUSED)))
    now = replace(USUAL, recommendations=(replace(MISSING, severity="low"), ADVICE_WITHOUT_SQL), fail_on="info")
    compared = baselines.compare(now, before, "main.json", RULES)
    assert compared.baseline is not None
    assert compared.baseline.known == (MISSING.id,)
    assert [one.id for one in compared.baseline.gone] == [UNUSED.id]
    assert [compared.is_new(one) for one in compared.recommendations] == [False, True]
    assert [compared.fails(one) for one in compared.recommendations] == [False, True]


def test_of_what_was_not_looked_at_nothing_is_said_to_be_gone() -> None:
    elsewhere = replace(MISSING, id="5" * 16, object=Subject("archive", "orders"))
    before = baselines.of_report(replace(USUAL, recommendations=(MISSING, UNUSED, elsewhere)))

    def gone(**changes: object) -> list[str]:
        arguments = {"looked": RULES, "schemas": (), **changes}
        report = replace(EMPTY, silenced=arguments.pop("silenced", ()))  # type: ignore[arg-type]
        compared = baselines.compare(report, before, "x", **arguments)  # type: ignore[arg-type]
        assert isinstance(compared.baseline, Comparison)
        return sorted(one.id for one in compared.baseline.gone)

    assert gone() == sorted([MISSING.id, UNUSED.id, elsewhere.id])
    assert gone(looked={"index.unused"}) == [UNUSED.id]
    assert gone(schemas=("archive",)) == [elsewhere.id]
    silenced = (SilencedFinding(MISSING.id, MISSING.rule, MISSING.title, "dbtune.toml"),)
    assert MISSING.id not in gone(silenced=silenced)


def test_what_was_silenced_is_not_known() -> None:
    report = replace(EMPTY, silenced=(SilencedFinding(MISSING.id, MISSING.rule, MISSING.title, "dbtune.toml"),))
    assert baselines.of_report(report).findings == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "neither a baseline nor a JSON report"),
        (b"\xff\xfe\x00", "neither a baseline nor a JSON report"),
        (b"[]", "neither a baseline nor a JSON report"),
        (b"{}", "neither a baseline nor a JSON report"),
        (b'{"name": "package", "version": "1.0.0"}', "neither a baseline nor a JSON report"),
        (b'{"baseline": "main"}', "neither a baseline nor a JSON report"),
        (b'{"baseline": 1, "dialect": "postgres"}', "neither a baseline nor a JSON report"),
        (b'{"baseline": 1, "dialect": "a", "database": "b", "findings": [{}]}', "neither a baseline nor a JSON report"),
        (b'{"baseline": 2, "dialect": "a", "database": "b"}', "newer dbtune"),
        (b'{"version": 99, "recommendations": []}', "newer dbtune"),
        (b'{"version": 1, "recommendations": []}', "not a report"),
    ],
)
def test_what_is_no_baseline_is_said_in_one_line(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "main.json"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=message) as caught:
        baselines.read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_baseline_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        baselines.read(tmp_path / "missing.json")
    with pytest.raises(UsageError, match="directory"):
        baselines.read(tmp_path)


def test_a_baseline_from_elsewhere() -> None:
    baseline = baselines.of_report(USUAL)
    baselines.check_same_database(baseline, Path("main.json"), "postgres", "shop")
    for dialect, database in (("postgres", "other"), ("mysql", "shop")):
        with pytest.raises(UsageError, match=f"database shop, and TARGET is the {dialect} database {database}"):
            baselines.check_same_database(baseline, Path("main.json"), dialect, database)
