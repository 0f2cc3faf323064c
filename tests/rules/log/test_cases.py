"""Every case of ``cases/``: what the logs say, in JSON, and beside it what must be found.

A case is ``cases/<rule id>/<name>.json``: ``about`` says what it shows, ``digest`` are the fields that matter (see
``digests``), ``findings`` what all rules say. ``DBTUNE_WRITE_EXPECTED=1`` writes what is there now, to be reviewed like
code.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from dbtune.model.digest import LogFinding
from dbtune.rules.log_rules import find, log_rules
from tests.rules.log.digests import digest

FOLDER = Path(__file__).parent / "cases"
CASES = sorted(FOLDER.glob("*/*.json"))


def said(finding: LogFinding) -> dict[str, str]:
    names = ("rule", "severity", "title", "reason", "advice")
    return {name: getattr(finding, name) for name in names}


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_case(path: Path) -> None:
    case: dict[str, Any] = json.loads(path.read_text())
    found = [said(finding) for finding in find(digest(case["digest"]))]
    if os.environ.get("DBTUNE_WRITE_EXPECTED"):
        path.write_text(json.dumps({**case, "findings": found}, indent=2, ensure_ascii=False) + "\n")
    assert found == case["findings"]


def test_every_rule_has_a_case_and_one_that_is_silent() -> None:
    for rule in log_rules():
        cases = [json.loads(path.read_text()) for path in CASES if path.parent.name == rule]
        speaks = [any(found["rule"] == rule for found in case["findings"]) for case in cases]
        assert True in speaks, f"{rule}: no case in which it speaks"
        assert False in speaks, f"{rule}: no case in which it is silent"


def test_no_case_lies_where_no_rule_is() -> None:
    assert {folder.name for folder in FOLDER.iterdir()} == set(log_rules())


def test_titles_fit_a_line_and_reasons_end_as_sentences() -> None:
    for path in CASES:
        for found in json.loads(path.read_text())["findings"]:
            assert len(found["title"]) <= 120
            assert found["reason"].endswith(".") and found["advice"].endswith(".")
            assert "\n" not in "".join(found.values())
